//! What is known of a dated leg beyond the published schedule: cancelled, moved, expected.

use std::collections::BTreeMap;

use booking_api::LegKey;
use diesel::prelude::*;
use jiff::Timestamp;
use store::{Conn, DateText, DbError, Micros, both};

use super::schema::leg_news;
use crate::inventory::{leg_id, rows::CHUNK};

/// The present news of one leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LegNews {
    pub(crate) cancelled: bool,
    /// New times, where the schedule's hold no more.
    pub(crate) departs: Option<Timestamp>,
    pub(crate) arrives: Option<Timestamp>,
    pub(crate) estimated_departure: Option<Timestamp>,
    pub(crate) estimated_arrival: Option<Timestamp>,
}

pub(crate) type ByLeg = BTreeMap<LegKey, LegNews>;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = leg_news, treat_none_as_default_value = false)]
struct Row {
    leg: String,
    designator: String,
    date: DateText,
    cancelled: bool,
    reason: String,
    departs: Option<Micros>,
    arrives: Option<Micros>,
    estimated_departure: Option<Micros>,
    estimated_arrival: Option<Micros>,
    changed_at: Micros,
}

/// The news of some legs; those without any are left out.
pub(crate) fn of_legs(conn: &mut Conn, legs: &[LegKey]) -> Result<ByLeg, DbError> {
    let by_id: BTreeMap<String, LegKey> = legs.iter().map(|leg| (leg_id(leg), *leg)).collect();
    let ids: Vec<&String> = by_id.keys().collect();
    let mut news = ByLeg::new();
    for chunk in ids.chunks(CHUNK) {
        let rows: Vec<Row> = leg_news::table.filter(leg_news::leg.eq_any(chunk.to_vec())).load(conn)?;
        news.extend(rows.into_iter().filter_map(|row| Some((*by_id.get(&row.leg)?, row.news()))));
    }
    Ok(news)
}

/// Replaces what was known of a leg.
pub(crate) fn put(
    conn: &mut Conn,
    leg: &LegKey,
    news: LegNews,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let row = Row {
        leg: leg_id(leg),
        designator: leg.designator.to_string(),
        date: DateText(leg.date),
        cancelled: news.cancelled,
        reason: reason.to_owned(),
        departs: news.departs.map(Micros),
        arrives: news.arrives.map(Micros),
        estimated_departure: news.estimated_departure.map(Micros),
        estimated_arrival: news.estimated_arrival.map(Micros),
        changed_at: Micros(now),
    };
    diesel::delete(leg_news::table.find(&row.leg)).execute(conn)?;
    both!(conn, c => diesel::insert_into(leg_news::table).values(&row).execute(c))?;
    Ok(())
}

impl Row {
    fn news(&self) -> LegNews {
        LegNews {
            cancelled: self.cancelled,
            departs: self.departs.map(|at| at.0),
            arrives: self.arrives.map(|at| at.0),
            estimated_departure: self.estimated_departure.map(|at| at.0),
            estimated_arrival: self.estimated_arrival.map(|at| at.0),
        }
    }
}
