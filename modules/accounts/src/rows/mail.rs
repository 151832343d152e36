//! The outbox: what is to be said, to whom by id, and when it is due.

use diesel::prelude::*;
use jiff::Timestamp;
use kernel::PersonId;
use store::{AsText, Conn, DbError, Micros, UuidText};

use super::people::Person;
use crate::schema::{mail, person};

#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = mail)]
pub(crate) struct Mail {
    pub(crate) id: UuidText,
    pub(crate) template: String,
    pub(crate) person: Option<AsText<PersonId>>,
    pub(crate) reset_link: Option<UuidText>,
    pub(crate) state: String,
    pub(crate) attempts: i32,
    pub(crate) due_at: Micros,
    pub(crate) failure: Option<String>,
}

pub(crate) const DUE: &str = "due";
pub(crate) const SENT: &str = "sent";
pub(crate) const DROPPED: &str = "dropped";

pub(crate) fn insert(conn: &mut Conn, row: &Mail) -> Result<(), DbError> {
    diesel::insert_into(mail::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// The longest waiting first.
pub(crate) fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<(Mail, Person)>, DbError> {
    Ok(mail::table
        .inner_join(person::table.on(person::id.nullable().eq(mail::person)))
        .filter(mail::state.eq(DUE))
        .filter(mail::due_at.le(Micros(now)))
        .order((mail::due_at.asc(), mail::id.asc()))
        .limit(limit)
        .select((mail::all_columns, person::all_columns))
        .load(conn)?)
}

/// `false` if another worker has just taken it.
pub(crate) fn lease(conn: &mut Conn, row: &Mail, until: Timestamp) -> Result<bool, DbError> {
    let taken = diesel::update(mail::table.find(row.id))
        .filter(mail::state.eq(DUE))
        .filter(mail::due_at.eq(row.due_at))
        .set((mail::due_at.eq(Micros(until)), mail::attempts.eq(row.attempts + 1)))
        .execute(conn)?;
    Ok(taken == 1)
}

pub(crate) fn by_id(conn: &mut Conn, id: UuidText) -> Result<Option<Mail>, DbError> {
    Ok(mail::table.find(id).first(conn).optional()?)
}

pub(crate) fn settle(conn: &mut Conn, id: UuidText, state: &str) -> Result<(), DbError> {
    diesel::update(mail::table.find(id)).set(mail::state.eq(state)).execute(conn)?;
    Ok(())
}

pub(crate) fn failed(conn: &mut Conn, id: UuidText, why: &str, again: Timestamp) -> Result<(), DbError> {
    let why: String = why.chars().take(500).collect();
    diesel::update(mail::table.find(id))
        .set((mail::failure.eq(why), mail::due_at.eq(Micros(again))))
        .execute(conn)?;
    Ok(())
}
