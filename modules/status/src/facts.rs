//! What was heard of one dated leg. Facts are kept, never overwritten: the state is worked out from all of them, so
//! that messages may arrive in any order.

use booking_api::LegKey;
use jiff::{Timestamp, civil, tz::TimeZone};
use kernel::Iata;
use serde::{Deserialize, Serialize};
use status_api::Times;

use crate::messages::Report;

/// One message (or one part of one) about one leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// What makes a repeat a repeat.
    pub(crate) id: String,
    /// When it was sent if it says so, else when it came.
    pub(crate) at: Timestamp,
    #[serde(default)]
    pub(crate) sent: bool,
    #[serde(default)]
    pub(crate) correction: bool,
    #[serde(default)]
    pub(crate) automatic: bool,
    #[serde(default)]
    pub(crate) station: Option<Iata>,
    #[serde(default)]
    pub(crate) registration: Option<String>,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    Reports(Vec<Report>),
    Cancelled { reason: String },
    Reinstated,
    Retimed(Times),
    Aircraft(String),
}

/// A dated leg as published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Planned {
    pub(crate) key: LegKey,
    pub(crate) published: Times,
    pub(crate) aircraft: std::sync::Arc<str>,
    /// Minutes east of UTC at either end, for stations whose zone nobody knows.
    pub(crate) offsets: (i32, i32),
    /// When the whole flight leaves its first station.
    pub(crate) flight_departs: Timestamp,
    pub(crate) service: char,
}

/// Where a leg's events go.
pub(crate) fn stream(key: &LegKey) -> String {
    let LegKey { designator, date, from, to } = key;
    format!("leg/{designator}/{date}/{from}-{to}")
}

pub(crate) fn utc_day(at: Timestamp) -> civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}
