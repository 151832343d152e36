//! Status's queries: legs with what was heard of them, messages taken before, strays, and what booking is to be told.

use booking_api::{FlightNews, LegKey};
use diesel::prelude::*;
use jiff::{Timestamp, civil};
use kernel::{Designator, Iata};
use status_api::{DeadLetter, LegStatus, Times};
use store::{AsText, Conn, DateText, DbError, JsonText, Micros, both};

use crate::{
    facts::Heard,
    schema::{leg, stray, taken, telling},
};

/// As many values as go into one statement on either engine.
const CHUNK: usize = 500;

/// A leg that something was heard of.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = leg)]
pub(crate) struct LegRow {
    designator: AsText<Designator>,
    date: DateText,
    origin: AsText<Iata>,
    destination: AsText<Iata>,
    published_departure: Micros,
    published_arrival: Micros,
    state: String,
    pub(crate) heard: JsonText<Vec<Heard>>,
    pub(crate) status: JsonText<LegStatus>,
    pub(crate) version: i64,
    changed_at: Micros,
}

impl LegRow {
    pub(crate) fn new(
        key: &LegKey,
        published: Times,
        heard: Vec<Heard>,
        status: LegStatus,
        changed_at: Timestamp,
    ) -> Self {
        let state = serde_json::to_value(status.state).ok();
        Self {
            designator: AsText(key.designator),
            date: DateText(key.date),
            origin: AsText(key.from),
            destination: AsText(key.to),
            published_departure: Micros(published.departure),
            published_arrival: Micros(published.arrival),
            state: state.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned(),
            heard: JsonText(heard),
            version: status.version,
            status: JsonText(status),
            changed_at: Micros(changed_at),
        }
    }

    pub(crate) fn key(&self) -> LegKey {
        LegKey {
            designator: self.designator.0,
            date: self.date.0,
            from: self.origin.0,
            to: self.destination.0,
        }
    }

    pub(crate) fn published(&self) -> Times {
        Times { departure: self.published_departure.0, arrival: self.published_arrival.0 }
    }
}

/// Everything that is known, for the boards of a process that starts.
pub(crate) fn all(conn: &mut Conn) -> Result<Vec<(LegKey, LegStatus)>, DbError> {
    type Found = (AsText<Designator>, DateText, AsText<Iata>, AsText<Iata>, JsonText<LegStatus>);
    let rows: Vec<Found> = leg::table
        .select((leg::designator, leg::date, leg::origin, leg::destination, leg::status))
        .load(conn)?;
    let key = |designator: AsText<_>, date: DateText, from: AsText<_>, to: AsText<_>| LegKey {
        designator: designator.0,
        date: date.0,
        from: from.0,
        to: to.0,
    };
    Ok(rows
        .into_iter()
        .map(|(designator, date, from, to, status)| (key(designator, date, from, to), status.0))
        .collect())
}

/// Only one intake at a time reads legs and writes them back. SQLite's writers are alone anyway.
pub(crate) fn lock_intake(conn: &mut Conn) -> Result<(), DbError> {
    if let Conn::Postgres(c) = conn {
        #[expect(clippy::disallowed_methods, reason = "diesel has no word for an advisory lock")]
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtext('banyan.status.take'))").execute(c)?;
    }
    Ok(())
}

/// The rows of some legs, as far as there are any.
pub(crate) fn legs(conn: &mut Conn, keys: &[LegKey]) -> Result<Vec<LegRow>, DbError> {
    let mut dates: Vec<civil::Date> = keys.iter().map(|key| key.date).collect();
    dates.sort_unstable();
    dates.dedup();
    let mut rows = Vec::new();
    for date in dates {
        let mut names: Vec<String> =
            keys.iter().filter(|key| key.date == date).map(|key| key.designator.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        for names in names.chunks(CHUNK) {
            let found: Vec<LegRow> = both!(conn, c => leg::table
                .filter(leg::date.eq(DateText(date)).and(leg::designator.eq_any(names)))
                .load(c))?;
            rows.extend(found);
        }
    }
    Ok(rows)
}

pub(crate) fn save(conn: &mut Conn, row: &LegRow) -> Result<(), DbError> {
    both!(conn, c => diesel::insert_into(leg::table)
        .values(row)
        .on_conflict((leg::designator, leg::date, leg::origin, leg::destination))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// Which of these were taken before.
pub(crate) fn taken(conn: &mut Conn, ids: &[&str]) -> Result<Vec<String>, DbError> {
    let mut found = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let some: Vec<String> =
            both!(conn, c => taken::table.filter(taken::id.eq_any(ids)).select(taken::id).load(c))?;
        found.extend(some);
    }
    Ok(found)
}

pub(crate) fn remember(conn: &mut Conn, ids: &[(String, Timestamp)]) -> Result<(), DbError> {
    for ids in ids.chunks(CHUNK) {
        let rows: Vec<_> =
            ids.iter().map(|(id, at)| (taken::id.eq(id), taken::received_at.eq(Micros(*at)))).collect();
        both!(conn, c => diesel::insert_into(taken::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// A message without a leg.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = stray)]
pub(crate) struct StrayRow {
    pub(crate) id: String,
    pub(crate) received_at: Micros,
    pub(crate) text: String,
    pub(crate) reason: String,
    pub(crate) flight: Option<String>,
}

impl From<StrayRow> for DeadLetter {
    fn from(row: StrayRow) -> Self {
        Self { id: row.id, received_at: row.received_at.0, text: row.text, reason: row.reason }
    }
}

pub(crate) fn save_stray(conn: &mut Conn, row: &StrayRow) -> Result<(), DbError> {
    both!(conn, c => diesel::insert_into(stray::table)
        .values(row)
        .on_conflict(stray::id)
        .do_update()
        .set((stray::reason.eq(&row.reason), stray::flight.eq(&row.flight)))
        .execute(c))?;
    Ok(())
}

/// They have found their legs.
pub(crate) fn drop_strays(conn: &mut Conn, ids: &[&str]) -> Result<(), DbError> {
    for ids in ids.chunks(CHUNK) {
        both!(conn, c => diesel::delete(stray::table.filter(stray::id.eq_any(ids))).execute(c))?;
    }
    Ok(())
}

/// Messages that wait for a diversion of a flight.
pub(crate) fn strays_of(conn: &mut Conn, flight: &str) -> Result<Vec<StrayRow>, DbError> {
    Ok(stray::table.filter(stray::flight.eq(flight)).order((stray::received_at, stray::id)).load(conn)?)
}

/// Newest first, from before a place in the list.
pub(crate) fn strays(
    conn: &mut Conn,
    before: Option<(Timestamp, String)>,
    limit: u32,
) -> Result<Vec<StrayRow>, DbError> {
    let mut query = stray::table.into_boxed();
    if let Some((at, id)) = before {
        let at = Micros(at);
        query = query.filter(stray::received_at.lt(at).or(stray::received_at.eq(at).and(stray::id.lt(id))));
    }
    Ok(query.order((stray::received_at.desc(), stray::id.desc())).limit(i64::from(limit)).load(conn)?)
}

/// Something that booking is still to be told.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = telling)]
pub(crate) struct TellingRow {
    pub(crate) leg: String,
    pub(crate) kind: String,
    pub(crate) key: String,
    pub(crate) news: JsonText<FlightNews>,
    pub(crate) since: Micros,
}

/// The newest of a kind replaces what was not told yet.
pub(crate) fn save_telling(conn: &mut Conn, row: &TellingRow) -> Result<(), DbError> {
    both!(conn, c => diesel::insert_into(telling::table)
        .values(row)
        .on_conflict((telling::leg, telling::kind))
        .do_update()
        .set(row)
        .execute(c))?;
    Ok(())
}

/// What waits longest.
pub(crate) fn tellings(conn: &mut Conn, limit: i64) -> Result<Vec<TellingRow>, DbError> {
    Ok(telling::table.order((telling::since, telling::leg, telling::kind)).limit(limit).load(conn)?)
}

/// Booking knows these; a newer one of the same kind stays.
pub(crate) fn told(conn: &mut Conn, keys: &[String]) -> Result<(), DbError> {
    for keys in keys.chunks(CHUNK) {
        both!(conn, c => diesel::delete(telling::table.filter(telling::key.eq_any(keys))).execute(c))?;
    }
    Ok(())
}
