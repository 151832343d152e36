//! The schedule in memory, as booking's feed tells it: season flights, expanded into dated legs when somebody asks.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use booking_api::{LegKey, events::SeasonFlight};
use jiff::{Timestamp, civil, tz::TimeZone};
use kernel::{Designator, Iata};
use status_api::{Direction, Times};

use crate::{facts::Planned, messages::shifted};

/// Everything that is scheduled, for questions. Made anew when the schedule changes.
#[derive(Default)]
pub(crate) struct Timetable {
    by_designator: HashMap<Designator, Vec<Arc<Season>>>,
    departures: HashMap<Iata, Vec<(Arc<Season>, usize)>>,
    arrivals: HashMap<Iata, Vec<(Arc<Season>, usize)>>,
}

impl Timetable {
    /// The legs of one dated flight, first departure first.
    pub(crate) fn flight(&self, designator: Designator, date: civil::Date) -> Vec<Planned> {
        let mut legs: Vec<Planned> = Vec::new();
        for season in self.by_designator.get(&designator).into_iter().flatten() {
            let base = shifted(date, -i32::from(season.date_shift)).filter(|base| season.flies_on(*base));
            let of_season = base.into_iter().flat_map(|base| season.legs_on(base));
            for leg in of_season {
                if !legs.iter().any(|known| known.key == leg.key) {
                    legs.push(leg);
                }
            }
        }
        legs.sort_by_key(|leg| leg.published.departure);
        legs
    }

    /// Whether any season has this flight.
    pub(crate) fn has(&self, designator: Designator) -> bool {
        self.by_designator.contains_key(&designator)
    }

    pub(crate) fn calls_at(&self, airport: Iata) -> bool {
        self.departures.contains_key(&airport) || self.arrivals.contains_key(&airport)
    }

    /// Legs that leave from (or arrive at) an airport from `start` to before `end`, as published.
    pub(crate) fn at(
        &self,
        airport: Iata,
        direction: Direction,
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<Planned> {
        let of = match direction {
            Direction::Departures => &self.departures,
            Direction::Arrivals => &self.arrivals,
        };
        let seasons = of.get(&airport).into_iter().flatten();
        seasons.flat_map(|(season, leg)| season.leg_within(*leg, direction, start, end)).collect()
    }
}

/// The seasons under their keys, as events change them.
#[derive(Default)]
pub(crate) struct Seasons {
    by_key: HashMap<String, Arc<Season>>,
    aircraft: HashSet<Arc<str>>,
    /// The last event that was read.
    pub(crate) last: i64,
}

impl Seasons {
    pub(crate) fn load(&mut self, flight: SeasonFlight) {
        let legs = flight.legs.iter().map(|leg| SeasonLeg {
            from: leg.from,
            to: leg.to,
            departs: leg.departs,
            arrives: leg.arrives,
            offsets: (leg.departs_offset, leg.arrives_offset),
            aircraft: self.aircraft_of(&leg.aircraft),
        });
        let season = Season {
            legs: legs.collect::<Vec<_>>().into_boxed_slice(),
            designator: flight.designator,
            from: flight.from,
            to: flight.to,
            days: flight.days,
            fortnightly: flight.fortnightly,
            service: flight.service,
            date_shift: flight.legs.first().map_or(0, |leg| leg.date_shift),
        };
        self.by_key.insert(flight.key, Arc::new(season));
    }

    pub(crate) fn withdraw(&mut self, key: &str) {
        self.by_key.remove(key);
    }

    pub(crate) fn clear(&mut self) {
        self.by_key.clear();
        self.last = 0;
    }

    pub(crate) fn timetable(&self) -> Timetable {
        let mut timetable = Timetable::default();
        for season in self.by_key.values() {
            timetable.by_designator.entry(season.designator).or_default().push(season.clone());
            for (nth, leg) in season.legs.iter().enumerate() {
                timetable.departures.entry(leg.from).or_default().push((season.clone(), nth));
                timetable.arrivals.entry(leg.to).or_default().push((season.clone(), nth));
            }
        }
        timetable
    }

    /// One text per aircraft type, however many flights have it.
    fn aircraft_of(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.aircraft.get(text) {
            return known.clone();
        }
        let new: Arc<str> = text.into();
        self.aircraft.insert(new.clone());
        new
    }
}

/// A season flight without what only selling needs.
struct Season {
    designator: Designator,
    from: civil::Date,
    to: civil::Date,
    days: u8,
    fortnightly: bool,
    service: char,
    date_shift: i8,
    legs: Box<[SeasonLeg]>,
}

struct SeasonLeg {
    from: Iata,
    to: Iata,
    /// Minutes after the base date's midnight in UTC.
    departs: i32,
    arrives: i32,
    offsets: (i32, i32),
    aircraft: Arc<str>,
}

impl Season {
    fn flies_on(&self, base: civil::Date) -> bool {
        let within = self.from <= base && base <= self.to;
        let week = || self.from.until(base).map_or(0, |span| span.get_days() / 7);
        within
            && self.days & (1 << base.weekday().to_monday_zero_offset()) != 0
            && (!self.fortnightly || week() % 2 == 0)
    }

    fn legs_on(&self, base: civil::Date) -> Vec<Planned> {
        self.legs.iter().filter_map(|leg| self.planned(leg, base)).collect()
    }

    fn planned(&self, leg: &SeasonLeg, base: civil::Date) -> Option<Planned> {
        let date = shifted(base, i32::from(self.date_shift))?;
        let first = self.legs.first().map_or(leg.departs, |first| first.departs);
        Some(Planned {
            key: LegKey { designator: self.designator, date, from: leg.from, to: leg.to },
            published: Times { departure: after(base, leg.departs)?, arrival: after(base, leg.arrives)? },
            aircraft: leg.aircraft.clone(),
            offsets: leg.offsets,
            flight_departs: after(base, first)?,
            service: self.service,
        })
    }

    fn leg_within(&self, nth: usize, direction: Direction, start: Timestamp, end: Timestamp) -> Vec<Planned> {
        let Some(leg) = self.legs.get(nth) else { return Vec::new() };
        let minutes = match direction {
            Direction::Departures => leg.departs,
            Direction::Arrivals => leg.arrives,
        };
        let Some(mut base) = before(start, minutes) else { return Vec::new() };
        let mut legs = Vec::new();
        while let Some(at) = after(base, minutes).filter(|at| *at < end) {
            if at >= start && self.flies_on(base) {
                legs.extend(self.planned(leg, base));
            }
            match base.tomorrow() {
                Ok(next) => base = next,
                Err(_) => break,
            }
        }
        legs
    }
}

/// `minutes` after midnight UTC.
fn after(base: civil::Date, minutes: i32) -> Option<Timestamp> {
    let midnight = TimeZone::UTC.to_timestamp(base.to_datetime(civil::Time::midnight())).ok()?;
    midnight.checked_add(jiff::SignedDuration::from_mins(i64::from(minutes))).ok()
}

/// The UTC day of the instant `minutes` earlier: the first base date that can matter.
fn before(at: Timestamp, minutes: i32) -> Option<civil::Date> {
    let earlier = at.checked_sub(jiff::SignedDuration::from_mins(i64::from(minutes))).ok()?;
    Some(crate::facts::utc_day(earlier))
}
