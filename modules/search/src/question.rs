//! Reads a question: checks it, and turns airports and the local day into the engine's numbers.

use jiff::{Timestamp, civil};
use kernel::FieldErrors;
use search_api::{ItinerariesAsk, SearchError, Set};

use crate::{
    classes::cabin_shift,
    compose::Wanted,
    days::{Minute, minute},
    rank::After,
    stations::{Station, StationId},
    window::{Row, Window},
};

/// A way may be two and a half times the great circle, and at least this much longer.
const ALLOWANCE_METRES: u32 = 300_000;

/// What is asked, checked.
pub(crate) struct Question {
    pub(crate) ask: ItinerariesAsk,
    pub(crate) cabin: char,
    pub(crate) limit: usize,
    pub(crate) after: Option<After>,
}

impl Question {
    pub(crate) fn new(ask: ItinerariesAsk) -> Result<Self, SearchError> {
        let mut errors = ask.party.check().err().unwrap_or_default();
        if ask.from == ask.to {
            errors.push("to", "Choose an airport other than the first");
        }
        if !(1..=3).contains(&ask.max_legs) {
            errors.push("max_legs", "Between 1 and 3 legs");
        }
        if ask.limit.is_some_and(|limit| !(1..=500).contains(&limit)) {
            errors.push("limit", "Between 1 and 500");
        }
        let after = ask.after.as_ref().map(After::read);
        if matches!(after, Some(None)) {
            errors.push("after", "This page is no longer there; search again");
        }
        let cabin = ask.cabin.unwrap_or('Y').to_ascii_uppercase();
        if cabin_shift(cabin).is_none() {
            errors.push("cabin", "Y, W, J or F");
        }
        let usual = if ask.set == Set::Pareto { 500 } else { 50 };
        let limit = usize::try_from(ask.limit.unwrap_or(usual)).unwrap_or(500);
        check(errors)?;
        Ok(Self { ask, cabin, limit, after: after.flatten() })
    }

    pub(crate) fn wanted<'w>(&self, window: &'w Window, from: StationId, to: StationId) -> Wanted<'w> {
        let most = || window.stations.metres(from, to).map(longest_way);
        Wanted {
            window,
            from,
            to,
            cabin: cabin_shift(self.cabin).unwrap_or(0),
            seats: u16::from(self.ask.party.seats()),
            metres: self.ask.circuity.then(most).flatten(),
        }
    }

    /// The first legs that leave on the local day, earliest first, and no earlier than asked.
    pub(crate) fn firsts<'w>(&self, wanted: &Wanted<'w>) -> Vec<&'w Row> {
        let window = wanted.window;
        let Some(origin) = window.stations.get(wanted.from) else { return Vec::new() };
        let day = LocalDay::new(origin, self.ask.date);
        let earliest = self.ask.not_before.map_or(Minute::MIN, first_minute);
        let rows = window.departures_of(wanted.from);
        let at = |number: &u32| {
            window.row(*number).map_or(Minute::MAX, |row| window.origin() + i32::from(row.departs))
        };
        let (start, end) = day.bounds();
        let start = rows.partition_point(|number| at(number) < start.max(earliest));
        let end = rows.partition_point(|number| at(number) < end);
        let rows = rows.get(start..end).unwrap_or_default();
        let open = |row: &&Row| row.is_open(wanted.cabin, wanted.seats) && day.has(window, row);
        rows.iter().filter_map(|number| window.row(*number)).filter(open).collect()
    }
}

/// The longest way, in metres, that is not a detour.
pub(crate) fn longest_way(direct: u32) -> u32 {
    (direct.saturating_mul(5) / 2).max(direct.saturating_add(ALLOWANCE_METRES))
}

/// A local day at one airport: mostly a span of minutes, but flight by flight when the clocks change near it.
enum LocalDay<'a> {
    Span(Minute, Minute),
    Each(&'a Station, civil::Date),
}

impl<'a> LocalDay<'a> {
    fn new(station: &'a Station, date: civil::Date) -> Self {
        match station.plain_day(date) {
            Some((start, end)) => Self::Span(minute(start), minute(end)),
            None => Self::Each(station, date),
        }
    }

    fn bounds(&self) -> (Minute, Minute) {
        match self {
            Self::Span(start, end) => (*start, *end),
            Self::Each(..) => (Minute::MIN, Minute::MAX),
        }
    }

    fn has(&self, window: &Window, row: &Row) -> bool {
        let Self::Each(station, date) = self else { return true };
        let variation = window.fact(row).and_then(|fact| fact.leg()).map_or(0, |leg| leg.variations.0);
        station.local(window.origin() + i32::from(row.departs), variation).date() == *date
    }
}

/// The first whole minute that is not before an instant.
fn first_minute(at: Timestamp) -> Minute {
    minute(at) + Minute::from(at.as_second().rem_euclid(60) != 0 || at.subsec_nanosecond() != 0)
}

fn check(errors: FieldErrors) -> Result<(), SearchError> {
    if errors.is_empty() { Ok(()) } else { Err(SearchError::Invalid(errors)) }
}
