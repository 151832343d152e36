//! Everything that was heard, in memory: what flights and boards are answered from. Fed by status's own log, so that
//! what another process takes in is seen here as well.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use booking_api::LegKey;
use jiff::civil;
use kernel::{Designator, Event, Iata};
use status_api::{Direction, LegStatus, StatusChange};
use store::View;

use crate::{facts::utc_day, follower::Settles};

/// The legs that something was heard of.
#[derive(Default)]
pub(crate) struct Boards {
    flights: HashMap<(Designator, civil::Date), Vec<Arc<HeardLeg>>>,
    /// By airport and UTC day of the scheduled time there.
    departures: HashMap<(Iata, civil::Date), HashSet<LegKey>>,
    arrivals: HashMap<(Iata, civil::Date), HashSet<LegKey>>,
    /// The number of the last event at each airport.
    seqs: HashMap<Iata, i64>,
    last: i64,
}

pub(crate) struct HeardLeg {
    pub(crate) key: LegKey,
    pub(crate) status: LegStatus,
}

impl Boards {
    pub(crate) fn leg(&self, key: &LegKey) -> Option<&Arc<HeardLeg>> {
        self.flights.get(&(key.designator, key.date))?.iter().find(|leg| leg.key == *key)
    }

    pub(crate) fn flight(&self, designator: Designator, date: civil::Date) -> &[Arc<HeardLeg>] {
        self.flights.get(&(designator, date)).map_or(&[], Vec::as_slice)
    }

    /// Legs that are scheduled at an airport on a UTC day.
    pub(crate) fn on(&self, airport: Iata, direction: Direction, day: civil::Date) -> Vec<Arc<HeardLeg>> {
        let index = match direction {
            Direction::Departures => &self.departures,
            Direction::Arrivals => &self.arrivals,
        };
        let keys = index.get(&(airport, day)).into_iter().flatten();
        keys.filter_map(|key| self.leg(key).cloned()).collect()
    }

    /// The last event at an airport; 0 before the first.
    pub(crate) fn seq(&self, airport: Iata) -> i64 {
        self.seqs.get(&airport).copied().unwrap_or(0)
    }

    pub(crate) fn put(&mut self, key: LegKey, status: LegStatus) {
        if self.leg(&key).is_some_and(|known| known.status.version > status.version) {
            return;
        }
        self.forget(&key);
        let (out, back) = (utc_day(status.scheduled.departure), utc_day(status.scheduled.arrival));
        self.departures.entry((key.from, out)).or_default().insert(key);
        self.arrivals.entry((key.to, back)).or_default().insert(key);
        let legs = self.flights.entry((key.designator, key.date)).or_default();
        legs.push(Arc::new(HeardLeg { key, status }));
    }

    fn forget(&mut self, key: &LegKey) {
        let Some(known) = self.leg(key).cloned() else { return };
        let (out, back) =
            (utc_day(known.status.scheduled.departure), utc_day(known.status.scheduled.arrival));
        if let Some(keys) = self.departures.get_mut(&(key.from, out)) {
            keys.remove(key);
        }
        if let Some(keys) = self.arrivals.get_mut(&(key.to, back)) {
            keys.remove(key);
        }
        if let Some(legs) = self.flights.get_mut(&(key.designator, key.date)) {
            legs.retain(|leg| leg.key != *key);
        }
    }

    fn hear_all(&mut self, events: &[Event]) {
        for event in events.iter().filter(|event| event.kind == STATUS_CHANGED) {
            self.hear(event);
        }
        self.last = events.last().map_or(self.last, |event| event.seq);
    }

    fn hear(&mut self, event: &Event) {
        let Ok(change) = serde_json::from_value::<StatusChange>(event.payload.clone()) else {
            return tracing::warn!(seq = event.seq, "a status event cannot be read and is passed over");
        };
        let StatusChange { designator, date, leg } = change;
        let key = LegKey { designator, date, from: leg.from.iata, to: leg.to.iata };
        for airport in [key.from, key.to].into_iter().chain(leg.diverted_to) {
            self.seqs.insert(airport, event.seq);
        }
        self.put(key, leg);
    }
}

/// The boards as a reader of status's own log feeds them. During a rebuild the old ones serve until the new are whole.
#[derive(Clone, Default)]
pub(crate) struct SharedBoards(Arc<Sides>);

#[derive(Default)]
struct Sides {
    shown: RwLock<Boards>,
    growing: Mutex<Option<Boards>>,
}

impl SharedBoards {
    pub(crate) fn with(legs: Vec<(LegKey, LegStatus)>) -> Self {
        let mut boards = Boards::default();
        for (key, status) in legs {
            boards.put(key, status);
        }
        Self(Arc::new(Sides { shown: RwLock::new(boards), growing: Mutex::default() }))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Boards> {
        self.0.shown.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Boards> {
        self.0.shown.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn growing(&self) -> MutexGuard<'_, Option<Boards>> {
        self.0.growing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Settles for SharedBoards {
    fn settle(&self, position: i64) {
        let mut growing = self.growing();
        // Straight after a rebuild was begun, the position is still that of the old boards.
        let whole = growing.as_ref().is_some_and(|boards| position == 0 || boards.last >= position);
        if let Some(boards) = growing.take_if(|_| whole) {
            *self.write() = boards;
        }
    }
}

/// The only kind of event in status's log that boards care for.
pub(crate) const STATUS_CHANGED: &str = "flight.status_changed";

impl View for SharedBoards {
    fn clear(&mut self) {
        *self.growing() = Some(Boards::default());
    }

    fn apply(&mut self, events: &[Event]) {
        match self.growing().as_mut() {
            Some(boards) => boards.hear_all(events),
            None => self.write().hear_all(events),
        }
    }
}
