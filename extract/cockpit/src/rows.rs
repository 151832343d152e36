//! Every query of the cockpit: the latest table, and the chain of changes that led to it.

use diesel::prelude::*;
use store::{Conn, DbError, JsonText, Micros};
use switch::Table;

use crate::{
    chain::{self, Change, ChangeRow},
    schema::{change_log, decision_table},
};

/// The table with the highest epoch, if any was ever stored.
pub(crate) fn latest(conn: &mut Conn) -> Result<Option<Table>, DbError> {
    let found: Option<JsonText<Table>> = decision_table::table
        .select(decision_table::tables)
        .order(decision_table::epoch.desc())
        .first(conn)
        .optional()?;
    Ok(found.map(|json| json.0))
}

/// Stores a table and the change that made it. The epoch is the key: of two writers, one fails.
pub(crate) fn insert(conn: &mut Conn, table: &Table, change: Change, at: Micros) -> Result<(), DbError> {
    let epoch = i64::try_from(table.epoch).unwrap_or(i64::MAX);
    diesel::insert_into(decision_table::table)
        .values((
            decision_table::epoch.eq(epoch),
            decision_table::tables.eq(JsonText(table.clone())),
            decision_table::at.eq(at),
        ))
        .execute(conn)?;
    record(conn, epoch, change, at)
}

/// Adds one act to the chain.
pub(crate) fn record(conn: &mut Conn, epoch: i64, change: Change, at: Micros) -> Result<(), DbError> {
    let last: Option<(i64, String)> = change_log::table
        .select((change_log::n, change_log::hash))
        .order(change_log::n.desc())
        .first(conn)
        .optional()?;
    let (n, previous) = last.unwrap_or_default();
    let row = chain::link(n + 1, epoch, at, change, previous);
    diesel::insert_into(change_log::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes below a number, newest first.
pub(crate) fn changes(conn: &mut Conn, below: i64, limit: i64) -> Result<Vec<ChangeRow>, DbError> {
    Ok(change_log::table
        .select(ChangeRow::as_select())
        .filter(change_log::n.lt(below))
        .order(change_log::n.desc())
        .limit(limit)
        .load(conn)?)
}

/// The whole log, oldest first, for verification.
pub(crate) fn all(conn: &mut Conn) -> Result<Vec<ChangeRow>, DbError> {
    Ok(change_log::table.select(ChangeRow::as_select()).order(change_log::n.asc()).load(conn)?)
}
