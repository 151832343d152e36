//! The flights around one local day as flat arrays: rows sorted by route and departure, ready to be composed.
//! A window reaches over every local day of the world with that date, and the 24 hours that a journey may last after it.

use std::sync::Arc;

use jiff::civil;

use crate::{
    classes::Classes,
    connecting::{CarrierId, Change, Connecting},
    days::{Day, Minute, date},
    flights::{Flight, FlightLeg},
    stations::{StationId, Stations},
};

/// Minutes that the first local day of a date begins before its midnight in UTC.
pub(crate) const EARLY: i32 = 14 * 60;
/// A local day ends at most 12 hours after UTC's; a journey departs for the last time within 24 hours more.
pub(crate) const SPAN: i32 = EARLY + 24 * 60 + 12 * 60 + 24 * 60;

/// Minutes since the window's beginning.
pub(crate) type At = u16;

/// One dated leg, as small as the engine needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) departs: At,
    pub(crate) arrives: At,
    /// Which [`Fact`].
    pub(crate) fact: u32,
    pub(crate) to: StationId,
    pub(crate) carrier: CarrierId,
    pub(crate) number: u16,
    /// The most open seats of one class, four bits for each cabin.
    pub(crate) seats: u16,
    /// The flight's date, counted from the window's.
    pub(crate) date: i8,
    pub(crate) suffix: u8,
    pub(crate) marks: u8,
}

pub(crate) const LEAVES_ABROAD: u8 = 1;
pub(crate) const COMES_FROM_ABROAD: u8 = 2;
pub(crate) const RESTRICTED: u8 = 4;

impl Row {
    pub(crate) fn is_open(&self, cabin: u32, seats: u16) -> bool {
        (self.seats >> cabin) & 15 >= seats
    }

    /// The same designator on the same date: one flight, which nobody has to change.
    pub(crate) fn same_flight(&self, other: &Self) -> bool {
        (self.number, self.date, self.carrier, self.suffix)
            == (other.number, other.date, other.carrier, other.suffix)
    }
}

/// Where a row comes from: what is needed to show it, but not to find it.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) flight: Arc<Flight>,
    pub(crate) leg: u8,
    pub(crate) base: Day,
}

impl Fact {
    pub(crate) fn leg(&self) -> Option<&FlightLeg> {
        self.flight.legs.get(usize::from(self.leg))
    }

    /// The flight's date: local, at its first station.
    pub(crate) fn date(&self) -> civil::Date {
        date(self.base + self.leg().map_or(0, |leg| i32::from(leg.date_shift)))
    }
}

/// All rows between two airports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub(crate) from: StationId,
    pub(crate) to: StationId,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// The shortest time in the air of any row.
    pub(crate) least: At,
    pub(crate) metres: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) struct Window {
    pub(crate) day: Day,
    pub(crate) stations: Arc<Stations>,
    pub(crate) connecting: Arc<Connecting>,
    pub(crate) rows: Vec<Row>,
    pub(crate) facts: Arc<[Fact]>,
    /// Open seats of each fact.
    pub(crate) classes: Vec<Classes>,
    /// Sorted by both ends.
    pub(crate) routes: Vec<Route>,
    /// Where each station's routes begin; one more at the end.
    pub(crate) out: Vec<u32>,
    /// Row numbers by station and departure.
    pub(crate) departures: Vec<u32>,
    /// Routes into each station, and where they begin.
    pub(crate) inward: Vec<u32>,
    pub(crate) into: Vec<u32>,
    /// Stations at which some flight goes on under its own name.
    pub(crate) through: Vec<bool>,
}

impl Window {
    /// The instant that rows count from.
    pub(crate) fn origin(&self) -> Minute {
        origin(self.day)
    }

    pub(crate) fn routes_from(&self, station: StationId) -> &[Route] {
        self.routes.get(span(&self.out, station)).unwrap_or_default()
    }

    pub(crate) fn routes_to(&self, station: StationId) -> impl Iterator<Item = (u32, &Route)> {
        let list = self.inward.get(span(&self.into, station)).unwrap_or_default();
        list.iter().filter_map(|id| Some((*id, self.routes.get(*id as usize)?)))
    }

    pub(crate) fn route(&self, from: StationId, to: StationId) -> Option<&Route> {
        let routes = self.routes_from(from);
        routes.binary_search_by_key(&to, |route| route.to).ok().and_then(|at| routes.get(at))
    }

    pub(crate) fn rows_of(&self, route: &Route) -> &[Row] {
        self.rows.get(route.start as usize..route.end as usize).unwrap_or_default()
    }

    /// Rows of a route that depart no earlier than this.
    pub(crate) fn rows_after(&self, route: &Route, at: At) -> &[Row] {
        let rows = self.rows_of(route);
        rows.get(rows.partition_point(|row| row.departs < at)..).unwrap_or_default()
    }

    /// Row numbers of all departures of a station, earliest first.
    pub(crate) fn departures_of(&self, station: StationId) -> &[u32] {
        let rows = match self.routes_from(station) {
            [first, .., last] => first.start as usize..last.end as usize,
            [only] => only.start as usize..only.end as usize,
            [] => 0..0,
        };
        self.departures.get(rows).unwrap_or_default()
    }

    pub(crate) fn row(&self, number: u32) -> Option<&Row> {
        self.rows.get(number as usize)
    }

    pub(crate) fn fact(&self, row: &Row) -> Option<&Fact> {
        self.facts.get(row.fact as usize)
    }

    pub(crate) fn classes_of(&self, row: &Row) -> &[(u8, u8)] {
        self.classes.get(row.fact as usize).map(AsRef::as_ref).unwrap_or_default()
    }

    /// No change here takes less.
    pub(crate) fn least_change(&self, at: StationId) -> At {
        let through = self.through.get(usize::from(at)).copied().unwrap_or(false);
        if through { 0 } else { self.connecting.least(at) }
    }

    /// Whether somebody who arrives on one row can leave on the other.
    pub(crate) fn connects(&self, arriving: &Row, at: StationId, departing: &Row) -> bool {
        let needed = if arriving.same_flight(departing) {
            0
        } else {
            self.connecting.minutes(&Change {
                at,
                international: (
                    arriving.marks & COMES_FROM_ABROAD != 0,
                    departing.marks & LEAVES_ABROAD != 0,
                ),
                carriers: (arriving.carrier, departing.carrier),
            })
        };
        i32::from(departing.departs) >= i32::from(arriving.arrives) + i32::from(needed)
    }
}

pub(crate) fn origin(day: Day) -> Minute {
    day * crate::days::MINUTES - EARLY
}

fn span(starts: &[u32], station: StationId) -> std::ops::Range<usize> {
    let at = |id: usize| starts.get(id).map_or(0, |start| *start as usize);
    let id = usize::from(station);
    if id + 1 < starts.len() { at(id)..at(id + 1) } else { 0..0 }
}
