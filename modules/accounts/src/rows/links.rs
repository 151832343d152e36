//! Mailed one-time links: the hash of each, and whose it is. A link for nobody is kept too, so that asking for one
//! costs the same for every address.

use diesel::prelude::*;
use jiff::Timestamp;
use kernel::PersonId;
use store::{AsText, Conn, DbError, Micros, UuidText};

use super::people::Person;
use crate::schema::{person, reset_link};

#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = reset_link)]
pub(crate) struct ResetLink {
    pub(crate) id: UuidText,
    pub(crate) person: Option<AsText<PersonId>>,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) expires_at: Micros,
}

pub(crate) fn insert(conn: &mut Conn, row: &ResetLink) -> Result<(), DbError> {
    diesel::insert_into(reset_link::table).values(row.clone()).execute(conn)?;
    Ok(())
}

/// Whose link this is, if it can still be used.
pub(crate) fn owner(conn: &mut Conn, hash: &[u8], now: Timestamp) -> Result<Option<Person>, DbError> {
    Ok(reset_link::table
        .inner_join(person::table.on(person::id.nullable().eq(reset_link::person)))
        .filter(reset_link::token_hash.eq(hash.to_vec()))
        .filter(reset_link::expires_at.gt(Micros(now)))
        .select(person::all_columns)
        .first(conn)
        .optional()?)
}

pub(crate) fn is_usable(conn: &mut Conn, id: UuidText, now: Timestamp) -> Result<bool, DbError> {
    let found: Option<UuidText> = reset_link::table
        .find(id)
        .filter(reset_link::expires_at.gt(Micros(now)))
        .select(reset_link::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// A changed password kills every link of its person.
pub(crate) fn delete_of(conn: &mut Conn, id: PersonId) -> Result<(), DbError> {
    diesel::delete(reset_link::table.filter(reset_link::person.eq(AsText(id)))).execute(conn)?;
    Ok(())
}

pub(crate) fn sweep(conn: &mut Conn, now: Timestamp) -> Result<(), DbError> {
    diesel::delete(reset_link::table.filter(reset_link::expires_at.le(Micros(now)))).execute(conn)?;
    Ok(())
}
