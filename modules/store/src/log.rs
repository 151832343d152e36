//! The event log as rows: numbering what a group appended, and answering `feed`.

use std::collections::HashMap;

use diesel::prelude::*;
use jiff::Timestamp;
use kernel::{Event, FeedAfter, FeedBatch, NewEvent, Position};
use uuid::Uuid;

use crate::{
    Conn, DbError, Json, Micros, UuidText, both,
    schema::{event, log_head},
};

/// The most that one event may hold, so that no sink chokes on it.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

/// Rows in one statement, well under what either engine binds.
const CHUNK: usize = 500;

/// An event that has its place in its stream, but no number yet.
pub(crate) struct Pending {
    pub(crate) event_id: Uuid,
    pub(crate) stream: String,
    pub(crate) stream_version: i64,
    pub(crate) actor: String,
    pub(crate) request_id: String,
    pub(crate) causation_id: Option<Uuid>,
    pub(crate) epoch: i64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) new: NewEvent,
}

/// Numbers and inserts a group's events: the last thing before its commit, because the head row stays locked until
/// then. That lock makes the order of numbers the order of commits. Answers the new head.
pub(crate) fn number(conn: &mut Conn, pending: Vec<Pending>) -> Result<i64, DbError> {
    let count = i64::try_from(pending.len()).map_err(DbError::encoding)?;
    let head: i64 = both!(conn, c => diesel::update(log_head::table)
        .set(log_head::seq.eq(log_head::seq + count))
        .returning(log_head::seq)
        .get_result(c))?;
    let rows: Vec<Row> =
        (head - count + 1..).zip(pending).map(|(seq, event)| Row::from((seq, event))).collect();
    for chunk in rows.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(event::table).values(chunk).execute(c))?;
    }
    Ok(head)
}

/// Keeps all other appenders out until the commit. SQLite's writer is alone anyway.
pub(crate) fn lock_head(conn: &mut Conn) -> Result<(), DbError> {
    if let Conn::Postgres(c) = conn {
        log_head::table.select(log_head::seq).for_update().first::<i64>(c)?;
    }
    Ok(())
}

/// The last version of a stream, 0 if there is none.
pub(crate) fn stream_version(conn: &mut Conn, stream: &str) -> Result<i64, DbError> {
    let last: Option<i64> = event::table
        .filter(event::stream.eq(stream))
        .order(event::stream_version.desc())
        .select(event::stream_version)
        .first(conn)
        .optional()?;
    Ok(last.unwrap_or(0))
}

/// The last versions of those streams that have any.
pub(crate) fn stream_versions(conn: &mut Conn, streams: &[&str]) -> Result<HashMap<String, i64>, DbError> {
    let mut last = HashMap::new();
    for chunk in streams.chunks(CHUNK) {
        let rows: Vec<(String, Option<i64>)> = event::table
            .filter(event::stream.eq_any(chunk.to_vec()))
            .group_by(event::stream)
            .select((event::stream, diesel::dsl::max(event::stream_version)))
            .load(conn)?;
        last.extend(rows.into_iter().filter_map(|(stream, version)| Some((stream, version?))));
    }
    Ok(last)
}

pub(crate) fn head(conn: &mut Conn) -> Result<Position, DbError> {
    let (UuidText(log_id), seq) =
        log_head::table.select((log_head::log_id, log_head::seq)).first::<(UuidText, i64)>(conn)?;
    Ok(Position { log_id, seq })
}

/// Some of the log. The head is read first, so that an empty answer below it can only be a gap.
pub(crate) fn batch(conn: &mut Conn, module: &str, ask: &FeedAfter) -> Result<FeedBatch, DbError> {
    let Position { log_id, seq: head } = head(conn)?;
    let rows: Vec<Row> = event::table
        .filter(event::seq.gt(ask.after))
        .order(event::seq.asc())
        .limit(i64::from(ask.limit.clamp(1, FeedAfter::MOST)))
        .select(event::all_columns)
        .load(conn)?;
    let gap = |after| DbError::Gap { module: module.to_owned(), after };
    if rows.is_empty() && head > ask.after {
        return Err(gap(ask.after));
    }
    let last = rows.last().map_or(head, |row| head.max(row.seq));
    let mut next = ask.after;
    for row in &rows {
        if row.seq != next + 1 {
            return Err(gap(next));
        }
        next = row.seq;
    }
    Ok(FeedBatch { log_id, head: last, events: rows.into_iter().map(Event::from).collect(), next })
}

/// Every event of one stream, oldest first.
pub fn of_stream(conn: &mut Conn, stream: &str) -> Result<Vec<Event>, DbError> {
    let rows: Vec<Row> = event::table
        .filter(event::stream.eq(stream))
        .order(event::stream_version.asc())
        .select(event::all_columns)
        .load(conn)?;
    Ok(rows.into_iter().map(Event::from).collect())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = event)]
struct Row {
    seq: i64,
    event_id: UuidText,
    stream: String,
    stream_version: i64,
    kind: String,
    v: i32,
    payload: Json,
    actor: String,
    request_id: String,
    causation_id: Option<UuidText>,
    origin: String,
    epoch: i64,
    occurred_at: Micros,
    recorded_at: Micros,
}

impl From<(i64, Pending)> for Row {
    fn from((seq, event): (i64, Pending)) -> Self {
        Self {
            seq,
            event_id: UuidText(event.event_id),
            stream: event.stream,
            stream_version: event.stream_version,
            kind: event.new.kind.to_owned(),
            v: event.new.v,
            payload: Json(event.new.payload),
            actor: event.actor,
            request_id: event.request_id,
            causation_id: event.causation_id.map(UuidText),
            origin: String::new(),
            epoch: event.epoch,
            occurred_at: Micros(event.new.occurred_at),
            recorded_at: Micros(event.recorded_at),
        }
    }
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            event_id: row.event_id.0,
            stream: row.stream,
            stream_version: row.stream_version,
            kind: row.kind,
            v: row.v,
            payload: row.payload.0,
            actor: row.actor,
            request_id: row.request_id,
            causation_id: row.causation_id.map(|id| id.0),
            origin: row.origin,
            epoch: row.epoch,
            occurred_at: row.occurred_at.0,
            recorded_at: row.recorded_at.0,
        }
    }
}
