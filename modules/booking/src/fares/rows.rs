//! The queries of fares and rates.

use std::collections::HashMap;

use booking_api::events::{ConnectingTimes, Fare, TaxesChanged};
use diesel::{prelude::*, upsert::excluded};
use jiff::Timestamp;
use kernel::Iata;
use serde::{Serialize, de::DeserializeOwned};
use store::{AsText, Conn, DbError, JsonText, Micros, both};

use super::schema::{fare_market, rate_table};

const TAXES: &str = "taxes";
const CONNECTING_TIMES: &str = "connecting_times";

/// The published fares of one direction; none if nobody sells it.
pub(crate) fn of_pair(conn: &mut Conn, from: Iata, to: Iata) -> Result<Vec<Fare>, DbError> {
    let found: Option<JsonText<Vec<Fare>>> = fare_market::table
        .find((from.as_str(), to.as_str()))
        .select(fare_market::fares)
        .first(conn)
        .optional()?;
    Ok(found.map(|row| row.0).unwrap_or_default())
}

/// The fares of every pair that begins at one of these stations, as they lie in the table.
pub(crate) fn texts_from(
    conn: &mut Conn,
    mut starts: Vec<Iata>,
) -> Result<HashMap<(Iata, Iata), String>, DbError> {
    starts.sort_unstable();
    starts.dedup();
    let starts: Vec<&str> = starts.iter().map(Iata::as_str).collect();
    let rows: Vec<(AsText<Iata>, AsText<Iata>, String)> = fare_market::table
        .filter(fare_market::from_iata.eq_any(starts))
        .select((fare_market::from_iata, fare_market::to_iata, fare_market::fares))
        .load(conn)?;
    Ok(rows.into_iter().map(|(from, to, fares)| ((from.0, to.0), fares)).collect())
}

pub(crate) fn put_pair(
    conn: &mut Conn,
    from: Iata,
    to: Iata,
    json: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = (
        fare_market::from_iata.eq(from.as_str()),
        fare_market::to_iata.eq(to.as_str()),
        fare_market::fares.eq(json),
        fare_market::changed_at.eq(Micros(now)),
    );
    both!(conn, c => diesel::insert_into(fare_market::table)
        .values(row)
        .on_conflict((fare_market::from_iata, fare_market::to_iata))
        .do_update()
        .set((
            fare_market::fares.eq(excluded(fare_market::fares)),
            fare_market::changed_at.eq(excluded(fare_market::changed_at)),
        ))
        .execute(c))?;
    Ok(())
}

/// What departures add; empty until the first schedule is loaded.
pub(crate) fn taxes(conn: &mut Conn) -> Result<TaxesChanged, DbError> {
    Ok(rate(conn, TAXES)?.unwrap_or(TaxesChanged { by_country: Vec::new() }))
}

pub(crate) fn has_taxes(conn: &mut Conn) -> Result<bool, DbError> {
    rate::<TaxesChanged>(conn, TAXES).map(|found| found.is_some())
}

pub(crate) fn put_taxes(conn: &mut Conn, taxes: &TaxesChanged, now: Timestamp) -> Result<(), DbError> {
    put_rate(conn, TAXES, taxes, now)
}

pub(crate) fn connecting_times(conn: &mut Conn) -> Result<ConnectingTimes, DbError> {
    Ok(rate(conn, CONNECTING_TIMES)?.unwrap_or_default())
}

pub(crate) fn put_connecting_times(
    conn: &mut Conn,
    times: &ConnectingTimes,
    now: Timestamp,
) -> Result<(), DbError> {
    put_rate(conn, CONNECTING_TIMES, times, now)
}

fn rate<T: Serialize + DeserializeOwned + std::fmt::Debug + 'static>(
    conn: &mut Conn,
    name: &str,
) -> Result<Option<T>, DbError> {
    let found: Option<String> =
        rate_table::table.find(name).select(rate_table::payload).first(conn).optional()?;
    found.map(|text| serde_json::from_str(&text).map_err(|e| DbError::Encoding(e.to_string()))).transpose()
}

fn put_rate(conn: &mut Conn, name: &str, value: &impl Serialize, now: Timestamp) -> Result<(), DbError> {
    let payload = serde_json::to_string(value).map_err(|e| DbError::Encoding(e.to_string()))?;
    let row =
        (rate_table::name.eq(name), rate_table::payload.eq(payload), rate_table::changed_at.eq(Micros(now)));
    both!(conn, c => diesel::insert_into(rate_table::table)
        .values(row)
        .on_conflict(rate_table::name)
        .do_update()
        .set((
            rate_table::payload.eq(excluded(rate_table::payload)),
            rate_table::changed_at.eq(excluded(rate_table::changed_at)),
        ))
        .execute(c))?;
    Ok(())
}
