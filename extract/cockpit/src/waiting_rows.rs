//! The queries about changes that wait for approval.

use diesel::prelude::*;
use store::{Conn, DbError, JsonText, Micros};

use crate::{
    approvals::Asked,
    schema::{approval, waiting_change},
};

pub(crate) const WAITING: &str = "waiting";
pub(crate) const APPLIED: &str = "applied";
pub(crate) const REJECTED: &str = "rejected";

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = waiting_change)]
pub(crate) struct WaitingRow {
    pub(crate) id: String,
    pub(crate) module: String,
    /// The epoch in which the binding was touched last when this was asked for.
    pub(crate) base: i64,
    pub(crate) asked: JsonText<Asked>,
    pub(crate) needs: i32,
    pub(crate) author: String,
    pub(crate) reason: String,
    pub(crate) at: Micros,
    pub(crate) state: String,
}

pub(crate) fn insert(conn: &mut Conn, row: WaitingRow) -> Result<(), DbError> {
    diesel::insert_into(waiting_change::table).values(row).execute(conn)?;
    Ok(())
}

pub(crate) fn find(conn: &mut Conn, id: &str) -> Result<Option<WaitingRow>, DbError> {
    Ok(waiting_change::table
        .select(WaitingRow::as_select())
        .filter(waiting_change::id.eq(id))
        .filter(waiting_change::state.eq(WAITING))
        .first(conn)
        .optional()?)
}

/// Oldest first, each with who approved it.
pub(crate) fn all(conn: &mut Conn) -> Result<Vec<(WaitingRow, Vec<String>)>, DbError> {
    let rows: Vec<WaitingRow> = waiting_change::table
        .select(WaitingRow::as_select())
        .filter(waiting_change::state.eq(WAITING))
        .order((waiting_change::at.asc(), waiting_change::id.asc()))
        .load(conn)?;
    rows.into_iter()
        .map(|row| Ok((approvals(conn, &row.id)?, row)))
        .map(|pair| pair.map(|(by, row)| (row, by)))
        .collect()
}

pub(crate) fn approvals(conn: &mut Conn, id: &str) -> Result<Vec<String>, DbError> {
    Ok(approval::table
        .select(approval::person)
        .filter(approval::change_id.eq(id))
        .order((approval::at.asc(), approval::person.asc()))
        .load(conn)?)
}

pub(crate) fn approve(conn: &mut Conn, id: &str, person: &str, at: Micros) -> Result<(), DbError> {
    diesel::insert_into(approval::table)
        .values((approval::change_id.eq(id), approval::person.eq(person), approval::at.eq(at)))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn close(conn: &mut Conn, id: &str, state: &str) -> Result<(), DbError> {
    diesel::update(waiting_change::table.find(id)).set(waiting_change::state.eq(state)).execute(conn)?;
    Ok(())
}
