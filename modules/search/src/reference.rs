//! The same answers the slow way: every journey of a day is made and compared. Tests and the bench hold the engine
//! against it; nothing else calls it.

use std::collections::{BTreeMap, HashMap};

use booking_api::{
    Airport, LegKey,
    events::{ConnectingTimes, InventoryChanged, LegRetimed, SeasonFlight, SeasonLeg, usual_cabin},
};
use jiff::{
    SignedDuration, Timestamp, civil,
    tz::{Offset, TimeZone},
};
use kernel::{Carrier, Iata};

use crate::{
    question::longest_way,
    restrict::{Segment, may_sell},
    stations::metres,
};

/// Everything that the answer depends on.
#[derive(Debug, Clone, Default)]
pub struct World {
    pub airports: Vec<Airport>,
    pub flights: Vec<SeasonFlight>,
    pub times: ConnectingTimes,
    pub cancelled: Vec<LegKey>,
    pub retimed: Vec<LegRetimed>,
    pub sold: Vec<InventoryChanged>,
}

/// One question for the exact set.
#[derive(Debug, Clone)]
pub struct Ask {
    pub from: Iata,
    pub to: Iata,
    pub date: civil::Date,
    pub circuity: bool,
    pub cabin: char,
    pub seats: u32,
}

/// A journey as far as two engines must agree on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub departs: Timestamp,
    pub arrives: Timestamp,
    pub legs: Vec<LegKey>,
}

/// A world with its dated legs laid out, ready to be asked many times about neighbouring days.
pub struct Reference {
    airports: HashMap<Iata, Airport>,
    times: ConnectingTimes,
    legs: Vec<Dated>,
    from: HashMap<Iata, Vec<usize>>,
}

struct Dated {
    key: LegKey,
    flight: usize,
    base: civil::Date,
    place: usize,
    leg: SeasonLeg,
    departs: Timestamp,
    arrives: Timestamp,
    open: Vec<(char, u32)>,
    known: bool,
}

impl Reference {
    /// Lays out every leg whose base date is in these days.
    pub fn new(world: &World, first: civil::Date, last: civil::Date) -> Self {
        let mut legs = Vec::new();
        for (number, flight) in world.flights.iter().enumerate() {
            let sold = "JSGBCQRLU".contains(flight.service);
            for base in first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last) {
                if sold && flight.flies_on(base) {
                    legs.extend(dated_legs(world, number, flight, base));
                }
            }
        }
        legs.sort_by_key(|leg| (leg.departs, leg.arrives));
        let mut from: HashMap<Iata, Vec<usize>> = HashMap::new();
        for (at, leg) in legs.iter().enumerate() {
            from.entry(leg.key.from).or_default().push(at);
        }
        let airports = world.airports.iter().map(|airport| (airport.iata, airport.clone())).collect();
        Self { airports, times: world.times.clone(), legs, from }
    }

    /// The Pareto set, earliest departure first.
    pub fn pareto(&self, ask: &Ask) -> Vec<Found> {
        let mut best: BTreeMap<(Timestamp, Timestamp, usize), Vec<&Dated>> = BTreeMap::new();
        let mut journey = Vec::new();
        for first in self.leaving(ask.from) {
            if self.local_day(first) == ask.date {
                self.extend(ask, &mut journey, first, &mut best);
            }
        }
        let all: Vec<_> = best.keys().copied().collect();
        let dominated = |a: &(Timestamp, Timestamp, usize)| {
            all.iter().any(|b| b != a && b.0 >= a.0 && b.1 <= a.1 && b.2 <= a.2)
        };
        best.retain(|triple, _| !dominated(triple));
        let found = best.into_iter().map(|((departs, arrives, _), legs)| Found {
            departs,
            arrives,
            legs: legs.iter().map(|leg| leg.key).collect(),
        });
        found.collect()
    }

    fn leaving(&self, from: Iata) -> impl Iterator<Item = &Dated> {
        self.from.get(&from).into_iter().flatten().filter_map(|at| self.legs.get(*at))
    }

    fn extend<'a>(
        &'a self,
        ask: &Ask,
        journey: &mut Vec<&'a Dated>,
        leg: &'a Dated,
        best: &mut BTreeMap<(Timestamp, Timestamp, usize), Vec<&'a Dated>>,
    ) {
        let start = journey.first().map_or(leg.departs, |first| first.departs);
        let too_long = leg.arrives.duration_since(start) > SignedDuration::from_hours(24);
        let again = journey.iter().any(|seen| seen.key.from == leg.key.to) || leg.key.to == ask.from;
        if too_long || again || !leg.is_open(ask) {
            return;
        }
        journey.push(leg);
        if leg.key.to == ask.to {
            if self.may_sell(journey) && (!ask.circuity || self.is_direct_enough(ask, journey)) {
                let better = |known: &mut Vec<&'a Dated>| {
                    if rank(journey) < rank(known) {
                        known.clone_from(journey);
                    }
                };
                let triple = (start, leg.arrives, journey.len());
                best.entry(triple).and_modify(better).or_insert_with(|| journey.clone());
            }
        } else if journey.len() < 3 {
            let end = start + SignedDuration::from_hours(24);
            let next = self.leaving(leg.key.to);
            for next in
                next.skip_while(|next| next.departs < leg.arrives).take_while(|next| next.departs <= end)
            {
                if self.connects(leg, next) {
                    self.extend(ask, journey, next, best);
                }
            }
        }
        journey.pop();
    }

    fn connects(&self, a: &Dated, b: &Dated) -> bool {
        let through = a.key.designator == b.key.designator && a.key.date == b.key.date;
        let minutes = if through { 0 } else { self.minutes(a, b) };
        a.arrives + SignedDuration::from_mins(i64::from(minutes)) <= b.departs
    }

    fn minutes(&self, a: &Dated, b: &Dated) -> u16 {
        let (at, pair) = (a.key.to, (a.key.designator.carrier, b.key.designator.carrier));
        let carriers = |airport: Option<Iata>| {
            let fits = |row: &&booking_api::events::CarrierConnectingTime| {
                row.airport == airport && (row.from, row.to) == pair
            };
            self.times.carriers.iter().rev().find(fits).map(|row| row.minutes)
        };
        let airport = || self.times.airports.iter().rev().find(|row| row.0 == at).map(|row| row.1);
        let (comes, goes) = (self.status(a, a.leg.to_status), self.status(b, b.leg.from_status));
        let [dd, di, id, ii] = self.times.defaults;
        let default = match (comes, goes) {
            (false, false) => dd,
            (false, true) => di,
            (true, false) => id,
            (true, true) => ii,
        };
        carriers(Some(at)).or_else(|| carriers(None)).or_else(airport).unwrap_or(default)
    }

    /// Whether the leg counts as international at one of its ends.
    fn status(&self, leg: &Dated, given: Option<char>) -> bool {
        match given {
            Some('I') => true,
            Some('D') => false,
            _ => self.abroad(leg.key.from, leg.key.to),
        }
    }

    fn abroad(&self, from: Iata, to: Iata) -> bool {
        let country = |code| self.airports.get(&code).map(|airport| &airport.country);
        country(from).is_none() || country(from) != country(to)
    }

    fn may_sell(&self, journey: &[&Dated]) -> bool {
        let mut segments: Vec<(Segment, &Dated, usize)> = Vec::new();
        for leg in journey {
            match segments.last_mut() {
                Some((segment, first, length)) if leg.follows(first, *length) => {
                    *length += 1;
                    segment.code = first.code(*length);
                    segment.international = self.abroad(first.key.from, leg.key.to);
                }
                _ => {
                    let (from, to) =
                        (self.status(leg, leg.leg.from_status), self.status(leg, leg.leg.to_status));
                    let carrier: Carrier = leg.key.designator.carrier;
                    let segment = Segment { carrier, international: from || to, code: leg.code(1) };
                    segments.push((segment, leg, 1));
                }
            }
        }
        may_sell(&segments.iter().map(|(segment, ..)| *segment).collect::<Vec<_>>())
    }

    fn is_direct_enough(&self, ask: &Ask, journey: &[&Dated]) -> bool {
        let position = |code| self.airports.get(&code).map(|airport| (airport.lat, airport.lon));
        let way = |from, to| metres(position(from)?, position(to)?);
        let sum: Option<u32> = journey.iter().map(|leg| way(leg.key.from, leg.key.to)).sum();
        sum.zip(way(ask.from, ask.to)).is_none_or(|(sum, direct)| sum <= longest_way(direct))
    }

    fn local_day(&self, leg: &Dated) -> civil::Date {
        let known = self.airports.get(&leg.key.from).and_then(|airport| kernel::zone(&airport.zone));
        let given =
            || TimeZone::fixed(Offset::from_seconds(leg.leg.departs_offset * 60).unwrap_or(Offset::UTC));
        known.unwrap_or_else(given).to_datetime(leg.departs).date()
    }
}

impl Dated {
    fn is_open(&self, ask: &Ask) -> bool {
        let open = self.open.iter().filter(|(class, _)| usual_cabin(*class) == ask.cabin);
        !self.known || open.map(|(_, seats)| *seats).max().is_some_and(|seats| seats >= ask.seats)
    }

    fn follows(&self, first: &Self, length: usize) -> bool {
        self.flight == first.flight && self.base == first.base && self.place == first.place + length
    }

    /// The restriction from here to the `length`-th off point.
    fn code(&self, length: usize) -> char {
        self.leg.restrictions.chars().nth(length - 1).unwrap_or(' ')
    }
}

/// Longest shortest connection first, then by name.
fn rank(journey: &[&Dated]) -> (SignedDuration, Vec<(kernel::Designator, Timestamp)>) {
    let gaps = journey.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(b.departs.duration_since(a.arrives)),
        _ => None,
    });
    let shortest = gaps.min().unwrap_or(SignedDuration::ZERO);
    (-shortest, journey.iter().map(|leg| (leg.key.designator, leg.departs)).collect())
}

fn dated_legs<'a>(
    world: &'a World,
    number: usize,
    flight: &'a SeasonFlight,
    base: civil::Date,
) -> impl Iterator<Item = Dated> + 'a {
    let midnight = base.to_datetime(civil::Time::midnight()).to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let legs = flight.legs.iter().enumerate();
    legs.filter_map(move |(place, leg)| {
        let midnight = midnight.as_ref().ok()?;
        let date = base.checked_add(jiff::Span::new().days(leg.date_shift)).ok()?;
        let key = LegKey { designator: flight.designator, date, from: leg.from, to: leg.to };
        let at = |minutes: i32| *midnight + SignedDuration::from_mins(i64::from(minutes));
        let moved = world.retimed.iter().rev().find(|change| change.leg == key);
        let sold = world.sold.iter().rev().find(|change| change.leg == key);
        let cancelled = world.cancelled.contains(&key);
        let open = if cancelled { Vec::new() } else { sold.map_or(&leg.open, |sold| &sold.open).clone() };
        Some(Dated {
            key,
            flight: number,
            base,
            place,
            leg: leg.clone(),
            departs: moved.map_or(at(leg.departs), |change| change.departs),
            arrives: moved.map_or(at(leg.arrives), |change| change.arrives),
            known: cancelled || sold.is_some() || !leg.open.is_empty(),
            open,
        })
    })
}
