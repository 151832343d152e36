//! Events that a projection could not take, and those of the same stream that wait behind them.

use std::collections::BTreeSet;

use diesel::prelude::*;
use kernel::Event;
use uuid::Uuid;

use crate::{
    Conn, DbError, JsonText, Micros, Tx, UuidText,
    schema::dead_letter::{self as row, table as rows},
};

/// An event that was set aside.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    pub reader: String,
    pub event: Event,
    pub error: String,
    pub attempts: i32,
    /// Waiting behind another one of its stream.
    pub is_parked: bool,
}

const OPEN: &str = "open";
const PARKED: &str = "parked";

/// All that is set aside for one reader, oldest first.
pub(crate) fn list(conn: &mut Conn, reader: &str) -> Result<Vec<DeadLetter>, DbError> {
    let found: Vec<(JsonText<Event>, String, i32, String)> = rows
        .filter(row::reader.eq(reader))
        .order(row::seq.asc())
        .select((row::event, row::error, row::attempts, row::state))
        .load(conn)?;
    Ok(found
        .into_iter()
        .map(|(event, error, attempts, state)| DeadLetter {
            reader: reader.to_owned(),
            event: event.0,
            error,
            attempts,
            is_parked: state == PARKED,
        })
        .collect())
}

pub(crate) fn store(
    tx: &mut Tx<'_>,
    reader: &str,
    log_id: Uuid,
    event: &Event,
    error: &str,
    attempts: i32,
) -> Result<(), DbError> {
    insert(tx, reader, log_id, event, error, attempts, OPEN)
}

pub(crate) fn park(tx: &mut Tx<'_>, reader: &str, log_id: Uuid, event: &Event) -> Result<(), DbError> {
    insert(tx, reader, log_id, event, "waits behind an earlier event of its stream", 0, PARKED)
}

/// The streams that must wait.
pub(crate) fn streams(tx: &mut Tx<'_>, reader: &str) -> Result<BTreeSet<String>, DbError> {
    let streams: Vec<String> =
        rows.filter(row::reader.eq(reader)).select(row::stream).distinct().load(tx.conn())?;
    Ok(streams.into_iter().collect())
}

pub(crate) fn count(conn: &mut Conn, reader: &str) -> Result<i64, DbError> {
    Ok(rows.filter(row::reader.eq(reader)).count().get_result(conn)?)
}

/// A rebuild tries everything anew.
pub(crate) fn forget(conn: &mut Conn, reader: &str) -> Result<(), DbError> {
    diesel::delete(rows.filter(row::reader.eq(reader))).execute(conn)?;
    Ok(())
}

fn insert(
    tx: &mut Tx<'_>,
    reader: &str,
    log_id: Uuid,
    event: &Event,
    error: &str,
    attempts: i32,
    state: &str,
) -> Result<(), DbError> {
    let values = (
        row::reader.eq(reader),
        row::log_id.eq(UuidText(log_id)),
        row::seq.eq(event.seq),
        row::stream.eq(&event.stream),
        row::event.eq(JsonText(event.clone())),
        row::error.eq(error),
        row::attempts.eq(attempts),
        row::state.eq(state),
        row::changed_at.eq(Micros(tx.now())),
    );
    diesel::insert_into(rows).values(values).execute(tx.conn())?;
    Ok(())
}
