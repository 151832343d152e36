//! The schedule's queries.

use booking_api::events::SeasonFlight;
use diesel::prelude::*;
use store::{Conn, DbError, JsonText};

use super::{
    schema::{schedule_head, season_flight},
    timetable::News,
};

/// What changed after a version; `None` if nothing did.
pub(crate) fn newer_than(conn: &mut Conn, seen: i64) -> Result<Option<News>, DbError> {
    let version = version(conn)?;
    if version <= seen {
        return Ok(None);
    }
    let withdrawn = season_flight::table
        .filter(season_flight::version.gt(seen))
        .filter(season_flight::withdrawn.eq(true))
        .select(season_flight::flight_key)
        .load(conn)?;
    let flights: Vec<JsonText<SeasonFlight>> = season_flight::table
        .filter(season_flight::version.gt(seen))
        .filter(season_flight::withdrawn.eq(false))
        .select(season_flight::payload)
        .load(conn)?;
    let flights = flights.into_iter().map(|row| row.0).collect();
    Ok(Some(News { version, flights, withdrawn }))
}

fn version(conn: &mut Conn) -> Result<i64, DbError> {
    Ok(schedule_head::table.select(schedule_head::version).first(conn)?)
}
