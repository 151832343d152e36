//! Open sessions, found by the hash of their token.

use accounts_api::SessionId;
use diesel::prelude::*;
use jiff::Timestamp;
use kernel::PersonId;
use store::{AsText, Conn, DbError, Micros};

use super::people::Person;
use crate::schema::{open_session, person};

#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = open_session)]
pub(crate) struct OpenSession {
    pub(crate) id: AsText<SessionId>,
    pub(crate) person: AsText<PersonId>,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) device: String,
    pub(crate) created_at: Micros,
    pub(crate) last_seen: Micros,
    /// The absolute limit; the idle one follows from `last_seen` and the role.
    pub(crate) expires_at: Micros,
}

pub(crate) fn insert(conn: &mut Conn, row: &OpenSession) -> Result<(), DbError> {
    diesel::insert_into(open_session::table).values(row.clone()).execute(conn)?;
    Ok(())
}

pub(crate) fn by_token(conn: &mut Conn, hash: &[u8]) -> Result<Option<(OpenSession, Person)>, DbError> {
    Ok(open_session::table
        .inner_join(person::table.on(person::id.eq(open_session::person)))
        .filter(open_session::token_hash.eq(hash.to_vec()))
        .select((open_session::all_columns, person::all_columns))
        .first(conn)
        .optional()?)
}

/// Latest first.
pub(crate) fn of_person(conn: &mut Conn, id: PersonId) -> Result<Vec<OpenSession>, DbError> {
    Ok(open_session::table
        .filter(open_session::person.eq(AsText(id)))
        .order((open_session::last_seen.desc(), open_session::id.desc()))
        .load(conn)?)
}

/// Moves `last_seen` forward, never back.
pub(crate) fn seen(conn: &mut Conn, id: SessionId, now: Timestamp) -> Result<(), DbError> {
    diesel::update(open_session::table.find(AsText(id)))
        .filter(open_session::last_seen.lt(Micros(now)))
        .set(open_session::last_seen.eq(Micros(now)))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn delete(conn: &mut Conn, id: SessionId) -> Result<bool, DbError> {
    Ok(diesel::delete(open_session::table.find(AsText(id))).execute(conn)? == 1)
}

/// Those whose absolute limit has passed, whoever's they were.
pub(crate) fn sweep(conn: &mut Conn, now: Timestamp) -> Result<(), DbError> {
    diesel::delete(open_session::table.filter(open_session::expires_at.le(Micros(now)))).execute(conn)?;
    Ok(())
}
