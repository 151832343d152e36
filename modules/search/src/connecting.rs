//! Minimum connecting times, looked up by number. A carrier pair beats an airport, an airport beats the default.

use std::collections::HashMap;

use booking_api::events::{CarrierConnectingTime, ConnectingTimes};
use kernel::{Carrier, Iata};

use crate::stations::{StationId, Stations};

/// The number of a carrier.
pub(crate) type CarrierId = u16;

/// The table as booking tells it, made ready for the stations and carriers of one timetable.
#[derive(Debug, Default)]
pub(crate) struct Connecting {
    /// By station, then by status: DD, DI, ID, II.
    by_station: Vec<[u16; 4]>,
    pairs: HashMap<(CarrierId, CarrierId), Vec<PairTime>>,
    /// The least that any connection at the station can take.
    least: Vec<u16>,
}

/// Where a carrier pair's minutes hold (`None`: anywhere), and how many they are.
type PairTime = (Option<StationId>, u16);

/// One change of aircraft.
pub(crate) struct Change {
    pub(crate) at: StationId,
    /// Whether the arriving and the departing flight are international.
    pub(crate) international: (bool, bool),
    pub(crate) carriers: (CarrierId, CarrierId),
}

impl Connecting {
    pub(crate) fn new(
        times: &ConnectingTimes,
        stations: &Stations,
        carriers: &HashMap<Carrier, CarrierId>,
    ) -> Self {
        let mut by_station = vec![times.defaults; stations.len()];
        for (iata, minutes) in &times.airports {
            let slot = stations.id(*iata).and_then(|id| by_station.get_mut(usize::from(id)));
            if let Some(slot) = slot {
                *slot = [*minutes; 4];
            }
        }
        let mut least: Vec<u16> =
            by_station.iter().map(|four| four.iter().copied().min().unwrap_or(0)).collect();
        let mut pairs: HashMap<_, Vec<PairTime>> = HashMap::new();
        for row in &times.carriers {
            let known = carriers.get(&row.from).copied().zip(carriers.get(&row.to).copied());
            let Some((pair, at)) = known.zip(place(row, stations)) else { continue };
            pairs.entry(pair).or_default().push((at, row.minutes));
            lower(&mut least, at, row.minutes);
        }
        Self { by_station, pairs, least }
    }

    /// Minutes that the change needs at least.
    pub(crate) fn minutes(&self, change: &Change) -> u16 {
        if !self.pairs.is_empty()
            && let Some(minutes) = self.of_pair(change)
        {
            return minutes;
        }
        let index = usize::from(change.international.0) * 2 + usize::from(change.international.1);
        self.by_station
            .get(usize::from(change.at))
            .and_then(|four| four.get(index))
            .copied()
            .unwrap_or(u16::MAX)
    }

    pub(crate) fn least(&self, at: StationId) -> u16 {
        self.least.get(usize::from(at)).copied().unwrap_or(0)
    }

    /// A row for this airport beats one for any.
    fn of_pair(&self, change: &Change) -> Option<u16> {
        let rows = self.pairs.get(&change.carriers)?;
        let of = |place| rows.iter().rev().find(|(at, _)| *at == place).map(|(_, minutes)| *minutes);
        of(Some(change.at)).or_else(|| of(None))
    }
}

/// `None` if nothing flies there; `Some(None)` for any airport.
#[expect(clippy::option_option, reason = "the two absences differ")]
fn place(row: &CarrierConnectingTime, stations: &Stations) -> Option<Option<StationId>> {
    let known = |iata: Iata| stations.id(iata);
    match row.airport {
        None => Some(None),
        Some(iata) => known(iata).map(Some),
    }
}

fn lower(least: &mut [u16], at: Option<StationId>, minutes: u16) {
    let touched = least.iter_mut().enumerate().filter(|(id, _)| at.is_none_or(|at| usize::from(at) == *id));
    for (_, slot) in touched {
        *slot = (*slot).min(minutes);
    }
}
