//! Airports with their names and zones, asked of booking once.

use std::collections::HashMap;

use booking_api::Airport;
use jiff::tz::{Offset, TimeZone};
use kernel::Iata;
use status_api::Station;

#[derive(Default)]
pub(crate) struct Places {
    by_iata: HashMap<Iata, (Station, TimeZone)>,
}

impl Places {
    pub(crate) fn of(airports: Vec<Airport>) -> Self {
        let place = |airport: Airport| {
            let zone = kernel::zone(&airport.zone).unwrap_or(TimeZone::UTC);
            let city = if airport.city.is_empty() { airport.name.clone() } else { airport.city };
            (
                airport.iata,
                (Station { iata: airport.iata, name: airport.name, city, zone: airport.zone }, zone),
            )
        };
        Self { by_iata: airports.into_iter().map(place).collect() }
    }

    pub(crate) fn knows(&self, iata: Iata) -> bool {
        self.by_iata.contains_key(&iata)
    }

    /// An airport to show; one that nobody knows goes by its code, on UTC.
    pub(crate) fn station(&self, iata: Iata) -> Station {
        self.by_iata.get(&iata).map_or_else(
            || Station { iata, name: iata.to_string(), city: iata.to_string(), zone: "UTC".to_owned() },
            |(station, _)| station.clone(),
        )
    }

    /// Its zone, or else the offset that the schedule gave.
    pub(crate) fn zone(&self, iata: Iata, offset_minutes: i32) -> TimeZone {
        let fixed = || Offset::from_seconds(offset_minutes * 60).map_or(TimeZone::UTC, TimeZone::fixed);
        self.by_iata.get(&iata).map_or_else(fixed, |(_, zone)| zone.clone())
    }
}
