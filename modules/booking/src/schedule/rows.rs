//! The schedule's queries.

use booking_api::{LegKey, events::SeasonFlight};
use diesel::prelude::*;
use store::{Conn, DbError, JsonText, both};

use super::{
    schema::{leg_cabin, schedule_head, season_flight},
    timetable::News,
};

/// Rows in one statement, well under what either engine binds.
const CHUNK: usize = 500;

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = season_flight)]
pub(crate) struct SeasonRow {
    flight_key: String,
    carrier: String,
    designator: String,
    valid_from: String,
    valid_to: String,
    payload: String,
    withdrawn: bool,
    version: i64,
}

/// Flights as they are kept under one version.
pub(crate) fn season_rows(flights: &[SeasonFlight], version: i64) -> Result<Vec<SeasonRow>, DbError> {
    let row = |flight: &SeasonFlight| {
        Ok(SeasonRow {
            flight_key: flight.key.clone(),
            carrier: flight.designator.carrier.to_string(),
            designator: flight.designator.to_string(),
            valid_from: flight.from.to_string(),
            valid_to: flight.to.to_string(),
            payload: serde_json::to_string(flight).map_err(|why| DbError::Encoding(why.to_string()))?,
            withdrawn: false,
            version,
        })
    };
    flights.iter().map(row).collect()
}

/// What changed after a version; `None` if nothing did.
pub(crate) fn newer_than(conn: &mut Conn, seen: i64) -> Result<Option<News>, DbError> {
    let version = schedule_head::table.select(schedule_head::version).first(conn)?;
    if version <= seen {
        return Ok(None);
    }
    let changed = season_flight::table.filter(season_flight::version.gt(seen));
    let withdrawn =
        changed.filter(season_flight::withdrawn.eq(true)).select(season_flight::flight_key).load(conn)?;
    let flights: Vec<JsonText<SeasonFlight>> =
        changed.filter(season_flight::withdrawn.eq(false)).select(season_flight::payload).load(conn)?;
    let flights = flights.into_iter().map(|row| row.0).collect();
    Ok(Some(News { version, flights, withdrawn }))
}

/// The number of the change that is being made. Whoever has it is alone with the schedule until the commit.
pub(crate) fn next_version(conn: &mut Conn) -> Result<i64, DbError> {
    let version = both!(conn, c => diesel::update(schedule_head::table)
        .set(schedule_head::version.eq(schedule_head::version + 1))
        .returning(schedule_head::version)
        .get_result(c))?;
    Ok(version)
}

/// Puts flights in, in place of those with the same keys.
pub(crate) fn put(conn: &mut Conn, rows: &[SeasonRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        let keys: Vec<&str> = chunk.iter().map(|row| row.flight_key.as_str()).collect();
        diesel::delete(season_flight::table.filter(season_flight::flight_key.eq_any(keys))).execute(conn)?;
        both!(conn, c => diesel::insert_into(season_flight::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Leaves a mark in place of flights that are no more.
pub(crate) fn withdraw(conn: &mut Conn, keys: &[String], version: i64) -> Result<(), DbError> {
    for chunk in keys.chunks(CHUNK) {
        diesel::update(season_flight::table.filter(season_flight::flight_key.eq_any(chunk)))
            .set((
                season_flight::payload.eq(""),
                season_flight::withdrawn.eq(true),
                season_flight::version.eq(version),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Legs with seats sold or held.
pub(crate) fn booked(conn: &mut Conn) -> Result<Vec<LegKey>, DbError> {
    let taken = leg_cabin::sold.gt(0).or(leg_cabin::held.gt(0));
    let ids: Vec<String> = leg_cabin::table.filter(taken).select(leg_cabin::leg).distinct().load(conn)?;
    Ok(ids.iter().filter_map(|id| leg_of(id)).collect())
}

/// `XI42/2026-12-01/AMS-LHR`, as inventory writes it.
fn leg_of(id: &str) -> Option<LegKey> {
    let mut parts = id.split('/');
    let (designator, date, pair) = (parts.next()?, parts.next()?, parts.next()?);
    let (from, to) = pair.split_once('-')?;
    Some(LegKey {
        designator: designator.parse().ok()?,
        date: date.parse().ok()?,
        from: from.parse().ok()?,
        to: to.parse().ok()?,
    })
}
