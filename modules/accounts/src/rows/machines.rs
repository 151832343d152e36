//! Machines that may call the API, found by the hash of their token.

use diesel::prelude::*;
use kernel::Role;
use store::{AsText, Conn, DbError, Micros, UuidText};

use crate::schema::machine;

#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = machine)]
pub(crate) struct MachineRow {
    pub(crate) id: UuidText,
    pub(crate) name: String,
    pub(crate) role: AsText<Role>,
    pub(crate) token_hash: Vec<u8>,
    pub(crate) created_at: Micros,
}

pub(crate) fn insert(conn: &mut Conn, row: &MachineRow) -> Result<(), DbError> {
    diesel::insert_into(machine::table).values(row.clone()).execute(conn)?;
    Ok(())
}

pub(crate) fn by_token(conn: &mut Conn, hash: &[u8]) -> Result<Option<MachineRow>, DbError> {
    Ok(machine::table.filter(machine::token_hash.eq(hash.to_vec())).first(conn).optional()?)
}
