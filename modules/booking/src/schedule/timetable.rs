//! The schedule in memory: periods by designator, opened up into dated flights when somebody asks.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use booking_api::{
    DatedLeg, LegKey,
    events::{SeasonFlight, SeasonLeg},
};
use jiff::{SignedDuration, Timestamp, civil};
use kernel::{Designator, Iata};

use super::{places::Places, replace::base_of};

/// What one process knows of the schedule. Asked by many, changed now and then.
#[derive(Default)]
pub(crate) struct Timetable {
    flights: RwLock<Flights>,
}

#[derive(Default)]
struct Flights {
    version: i64,
    by_key: HashMap<String, Arc<SeasonFlight>>,
    by_designator: HashMap<Designator, Vec<Arc<SeasonFlight>>>,
}

/// Changes of the schedule, up to a version.
pub(crate) struct News {
    pub(crate) version: i64,
    pub(crate) flights: Vec<SeasonFlight>,
    /// Keys of season flights that are no more.
    pub(crate) withdrawn: Vec<String>,
}

/// One leg on one day, and the period it comes from.
#[derive(Debug, Clone)]
pub(crate) struct ScheduledLeg {
    pub(crate) key: LegKey,
    pub(crate) flight: Arc<SeasonFlight>,
    pub(crate) leg: SeasonLeg,
    pub(crate) departs: Timestamp,
    pub(crate) arrives: Timestamp,
}

impl Timetable {
    pub(crate) fn version(&self) -> i64 {
        self.look(|flights| flights.version)
    }

    /// Takes changes in; older ones than it has are passed over.
    pub(crate) fn apply(&self, news: News) {
        let mut flights = self.flights.write().unwrap_or_else(PoisonError::into_inner);
        if news.version > flights.version {
            flights.apply(news);
        }
    }

    /// Every leg of one dated flight, in order; empty if it is not in the schedule.
    pub(crate) fn dated(&self, designator: Designator, date: civil::Date) -> Vec<ScheduledLeg> {
        self.look(|flights| {
            let of = flights.by_designator.get(&designator).map(Vec::as_slice).unwrap_or_default();
            of.iter().flat_map(|flight| legs_on(flight, date)).collect()
        })
    }

    pub(crate) fn leg(&self, key: &LegKey) -> Option<ScheduledLeg> {
        self.dated(key.designator, key.date).into_iter().find(|leg| leg.key == *key)
    }

    /// The legs under one designator that take a passenger from one station to another.
    pub(crate) fn between(
        &self,
        designator: Designator,
        date: civil::Date,
        from: Iata,
        to: Iata,
    ) -> Option<Vec<ScheduledLeg>> {
        let legs = self.dated(designator, date);
        let mut starts = (0..legs.len()).filter(|at| legs.get(*at).is_some_and(|leg| leg.key.from == from));
        starts.find_map(|start| {
            let onwards = legs.get(start..)?;
            let board = &onwards.first()?.flight;
            let of_flight = onwards.iter().take_while(|leg| Arc::ptr_eq(&leg.flight, board));
            let count = of_flight.clone().position(|leg| leg.key.to == to)? + 1;
            Some(of_flight.take(count).cloned().collect())
        })
    }

    /// Every leg of the flights of one local date that pass a filter, in no particular order.
    pub(crate) fn on(&self, date: civil::Date, wanted: impl Fn(&SeasonFlight) -> bool) -> Vec<ScheduledLeg> {
        self.look(|flights| {
            let all = flights.by_key.values();
            all.filter(|flight| wanted(flight)).flat_map(|flight| legs_on(flight, date)).collect()
        })
    }

    /// The season flights of one carrier, or of all.
    pub(crate) fn seasons(&self, wanted: impl Fn(&SeasonFlight) -> bool) -> Vec<Arc<SeasonFlight>> {
        self.look(|flights| flights.by_key.values().filter(|flight| wanted(flight)).cloned().collect())
    }

    fn look<T>(&self, ask: impl FnOnce(&Flights) -> T) -> T {
        ask(&self.flights.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Flights {
    fn apply(&mut self, news: News) {
        for key in news.withdrawn {
            self.remove(&key);
        }
        for flight in news.flights {
            self.remove(&flight.key);
            let flight = Arc::new(flight);
            self.by_designator.entry(flight.designator).or_default().push(flight.clone());
            self.by_key.insert(flight.key.clone(), flight);
        }
        self.version = news.version;
    }

    fn remove(&mut self, key: &str) {
        let Some(old) = self.by_key.remove(key) else { return };
        if let Some(of) = self.by_designator.get_mut(&old.designator) {
            of.retain(|flight| flight.key != key);
            if of.is_empty() {
                self.by_designator.remove(&old.designator);
            }
        }
    }
}

/// The legs of a season flight whose date (local, at the first station) is this one.
fn legs_on(flight: &Arc<SeasonFlight>, date: civil::Date) -> Vec<ScheduledLeg> {
    let base = base_of(flight, date).filter(|base| flight.flies_on(*base));
    let Some(base) = base else { return Vec::new() };
    let legs = flight.legs.iter();
    legs.filter_map(|leg| {
        let key = LegKey { designator: flight.designator, date, from: leg.from, to: leg.to };
        let (departs, arrives) = (instant(base, leg.departs)?, instant(base, leg.arrives)?);
        Some(ScheduledLeg { key, flight: flight.clone(), leg: leg.clone(), departs, arrives })
    })
    .collect()
}

fn instant(base: civil::Date, minutes: i32) -> Option<Timestamp> {
    let midnight = base.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    midnight.checked_add(SignedDuration::from_mins(i64::from(minutes))).ok()
}

impl ScheduledLeg {
    /// As the interface shows it.
    pub(crate) fn shown(&self, places: &Places, cancelled: bool) -> DatedLeg {
        DatedLeg {
            key: self.key,
            departs: self.departs,
            arrives: self.arrives,
            departs_local: places.local(self.key.from, self.departs, self.leg.departs_offset),
            arrives_local: places.local(self.key.to, self.arrives, self.leg.arrives_offset),
            aircraft: self.leg.aircraft.clone(),
            cancelled,
        }
    }
}
