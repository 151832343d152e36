//! Draws a window from the timetable: expands the periods that reach into it, and sorts the rows into routes.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use crate::{
    classes::{Classes, by_cabin, published_by_cabin},
    days::{Day, MINUTES, Minute},
    flights::{Flight, FlightLeg},
    stations::StationId,
    timetable::Timetable,
    window::{At, COMES_FROM_ABROAD, Fact, LEAVES_ABROAD, RESTRICTED, Route, Row, SPAN, Window, origin},
};

/// Everything that departs around one local day.
pub(crate) fn window(timetable: &Timetable, day: Day) -> Window {
    let mut drawing = Drawing::new(timetable, day);
    let start = origin(day);
    let (first, last) = timetable.bases(start, start + SPAN);
    for flight in timetable.flights_between(first, last) {
        for base in first.max(flight.period.from)..=last.min(flight.period.to) {
            if flight.period.has(base) {
                drawing.add(flight, base);
            }
        }
    }
    drawing.finish()
}

/// One dated leg as the timetable has it now; `None` if it lies outside of the window.
pub(crate) fn dated_row(timetable: &Timetable, day: Day, fact: &Fact) -> Option<(Row, Classes)> {
    let leg = fact.leg()?;
    let flight_day = fact.base + i32::from(leg.date_shift);
    let dated = timetable.dated(flight_day, fact.flight.designator, leg.from, leg.to);
    let midnight = fact.base * MINUTES;
    let published = (midnight + leg.departs, midnight + leg.arrives);
    let (departs, arrives) = dated.and_then(|dated| dated.times).unwrap_or(published);
    let departs = within(day, departs)?;
    let open = dated.and_then(|dated| dated.open.clone());
    let seats = match &open {
        _ if dated.is_some_and(|dated| dated.cancelled) => 0,
        Some(open) => by_cabin(open),
        None => published_by_cabin(&leg.open),
    };
    let row = Row {
        departs,
        arrives: At::try_from(arrives.saturating_sub(origin(day)))
            .ok()
            .filter(|arrives| *arrives >= departs)?,
        fact: 0,
        to: leg.to,
        carrier: fact.flight.carrier,
        number: fact.flight.designator.number,
        seats,
        date: i8::try_from(flight_day - day).ok()?,
        suffix: fact.flight.designator.suffix.and_then(|letter| u8::try_from(letter).ok()).unwrap_or(0),
        marks: marks(&fact.flight, leg),
    };
    Some((row, open.unwrap_or_else(|| leg.open.clone())))
}

/// The minute as the window counts, if a departure then belongs to it.
pub(crate) fn within(day: Day, departs: Minute) -> Option<At> {
    let at = departs.saturating_sub(origin(day));
    (0..SPAN).contains(&at).then(|| At::try_from(at).ok()).flatten()
}

fn marks(flight: &Flight, leg: &FlightLeg) -> u8 {
    let (leaves, comes) = leg.international;
    let mark = |is: bool, mark: u8| if is { mark } else { 0 };
    mark(leaves, LEAVES_ABROAD) | mark(comes, COMES_FROM_ABROAD) | mark(flight.is_restricted(), RESTRICTED)
}

struct Drawing<'a> {
    timetable: &'a Timetable,
    day: Day,
    rows: Vec<(StationId, Row)>,
    facts: Vec<Fact>,
    classes: Vec<Classes>,
    through: Vec<bool>,
    names: HashSet<u64, BuildHasherDefault<Mix>>,
}

impl<'a> Drawing<'a> {
    fn new(timetable: &'a Timetable, day: Day) -> Self {
        Self {
            timetable,
            day,
            rows: Vec::new(),
            facts: Vec::new(),
            classes: Vec::new(),
            through: vec![false; timetable.stations.len()],
            names: HashSet::default(),
        }
    }

    fn add(&mut self, flight: &Arc<Flight>, base: Day) {
        let mut added = None;
        for leg in (0..=u8::MAX).take(flight.legs.len()) {
            let fact = Fact { flight: flight.clone(), leg, base };
            added = self.add_leg(fact).or(added);
        }
        let Some(row) = added else { return };
        if !self.names.insert(name(&row)) || flight.legs.len() > 1 {
            self.goes_on(flight);
        }
    }

    fn add_leg(&mut self, fact: Fact) -> Option<Row> {
        let (row, classes) = dated_row(self.timetable, self.day, &fact)?;
        let from = fact.leg()?.from;
        let row = Row { fact: u32::try_from(self.facts.len()).ok()?, ..row };
        self.rows.push((from, row));
        self.facts.push(fact);
        self.classes.push(classes);
        Some(row)
    }

    /// A second flight of the same name may meet the first at any of its stations.
    fn goes_on(&mut self, flight: &Flight) {
        for station in flight.legs.iter().flat_map(|leg| [leg.from, leg.to]) {
            if let Some(through) = self.through.get_mut(usize::from(station)) {
                *through = true;
            }
        }
    }

    fn finish(mut self) -> Window {
        self.rows.sort_unstable_by_key(|(from, row)| (order(*from, row), name(row)));
        let stations = self.timetable.stations.clone();
        let count = stations.len();
        let mut window = Window {
            day: self.day,
            connecting: Arc::new(self.timetable.connecting()),
            rows: self.rows.iter().map(|(_, row)| *row).collect(),
            facts: self.facts.into(),
            classes: self.classes,
            routes: routes(&self.rows),
            out: Vec::new(),
            departures: Vec::new(),
            inward: Vec::new(),
            into: Vec::new(),
            through: self.through,
            stations,
        };
        for route in &mut window.routes {
            route.metres = window.stations.metres(route.from, route.to);
        }
        window.out = starts(count, window.routes.iter().map(|route| route.from));
        let mut inward: Vec<(StationId, u32)> = window.routes.iter().map(|r| r.to).zip(0..).collect();
        inward.sort_unstable();
        window.into = starts(count, inward.iter().map(|(to, _)| *to));
        window.inward = inward.into_iter().map(|(_, route)| route).collect();
        window.departures = (0..).take(window.rows.len()).collect();
        for station in (0..=StationId::MAX).take(count) {
            window.sort_departures(station);
        }
        window
    }
}

impl Window {
    /// Puts a station's departures in the order of time.
    pub(crate) fn sort_departures(&mut self, station: StationId) {
        let rows = match self.routes_from(station) {
            [first, .., last] => first.start as usize..last.end as usize,
            [only] => only.start as usize..only.end as usize,
            [] => return,
        };
        let keys = &self.rows;
        if let Some(list) = self.departures.get_mut(rows) {
            list.sort_unstable_by_key(|number| (keys.get(*number as usize).map(|row| row.departs), *number));
        }
    }
}

fn routes(rows: &[(StationId, Row)]) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut start = 0;
    for same in rows.chunk_by(|a, b| (a.0, a.1.to) == (b.0, b.1.to)) {
        let Some((from, Row { to, .. })) = same.first().copied() else { continue };
        let end = start + u32::try_from(same.len()).unwrap_or(0);
        let least = same.iter().map(|(_, row)| row.arrives - row.departs).min().unwrap_or(0);
        routes.push(Route { from, to, start, end, least, metres: None });
        start = end;
    }
    routes
}

/// Where each station's part of a sorted list begins, and the end of the last.
fn starts(stations: usize, sorted: impl Iterator<Item = StationId>) -> Vec<u32> {
    let mut starts = vec![0; stations + 1];
    for station in sorted {
        if let Some(count) = starts.get_mut(usize::from(station) + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}

/// One number that sorts rows by route and then by time.
fn order(from: StationId, row: &Row) -> u64 {
    let [from, to, departs, arrives] = [from, row.to, row.departs, row.arrives].map(u64::from);
    from << 48 | to << 32 | departs << 16 | arrives
}

/// One number for a flight's name and date.
fn name(row: &Row) -> u64 {
    u64::from(row.carrier) << 40
        | u64::from(row.number) << 24
        | u64::from(row.suffix) << 8
        | u64::from(row.date.cast_unsigned())
}

/// A hash for numbers that are made here, where nobody can choose them to collide.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
}
