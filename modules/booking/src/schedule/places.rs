//! The table of airports that ships with Banyan, and what the clock says at each of them.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use booking_api::Airport;
use jiff::{Timestamp, civil, tz};
use kernel::Iata;

use crate::csv;

/// Every airport with a code, by that code.
pub(crate) struct Places {
    by_code: HashMap<Iata, Place>,
    /// The zones that are compiled in: every machine reads a file alike, whatever its own tables say.
    zones: tz::TimeZoneDatabase,
}

struct Place {
    airport: Airport,
    zone: Arc<Zone>,
}

/// A time zone that is looked up when it is first needed: most of the world's are not.
struct Zone {
    name: String,
    rules: OnceLock<Option<tz::TimeZone>>,
}

impl Places {
    /// Reads the table that is compiled in.
    pub(crate) fn read() -> Self {
        Self::from_csv(include_str!("../../data/airports.csv"))
    }

    fn from_csv(text: &str) -> Self {
        let mut zones: HashMap<String, Arc<Zone>> = HashMap::new();
        let airports = text.lines().skip(1).filter_map(airport);
        let by_code = airports
            .map(|airport| {
                let zone = zones.entry(airport.zone.clone()).or_insert_with(|| Zone::named(&airport.zone));
                (airport.iata, Place { zone: zone.clone(), airport })
            })
            .collect();
        Self { by_code, zones: tz::TimeZoneDatabase::bundled() }
    }

    pub(crate) fn airport(&self, at: Iata) -> Option<&Airport> {
        self.by_code.get(&at).map(|place| &place.airport)
    }

    /// All of them, by code.
    pub(crate) fn all(&self) -> Vec<Airport> {
        let mut all: Vec<_> = self.by_code.values().map(|place| place.airport.clone()).collect();
        all.sort_by_key(|airport| airport.iata);
        all
    }

    /// The city, or the airport's own name where no city is given, or the code.
    pub(crate) fn city(&self, at: Iata) -> String {
        let named = self.airport(at).map(|known| [&known.city, &known.name]);
        named.into_iter().flatten().find(|name| !name.is_empty()).cloned().unwrap_or_else(|| at.to_string())
    }

    /// The country of an airport, ISO 3166 alpha-2; empty if the airport is unknown.
    pub(crate) fn country(&self, at: Iata) -> &str {
        self.airport(at).map_or("", |known| known.country.as_str())
    }

    pub(crate) fn zone(&self, at: Iata) -> Option<&tz::TimeZone> {
        self.by_code.get(&at).and_then(|place| place.zone.rules(&self.zones))
    }

    /// Minutes east of UTC at an instant, if the airport's zone is known.
    pub(crate) fn offset(&self, at: Iata, when: Timestamp) -> Option<i32> {
        self.zone(at).map(|zone| zone.to_offset(when).seconds() / 60)
    }

    /// What the clock on the wall says; `minutes_east` is for places whose zone nobody knows.
    pub(crate) fn local(&self, at: Iata, when: Timestamp, minutes_east: i32) -> civil::DateTime {
        let offset = match self.zone(at) {
            Some(zone) => zone.to_offset(when),
            None => tz::Offset::from_seconds(minutes_east.saturating_mul(60)).unwrap_or(tz::Offset::UTC),
        };
        offset.to_datetime(when)
    }

    /// The zone's IANA name, or the fixed offset that the season file gave, such as `+05:30`.
    pub(crate) fn zone_name(&self, at: Iata, minutes_east: i32) -> String {
        self.airport(at).map_or_else(|| fixed(minutes_east), |known| known.zone.clone())
    }
}

impl Zone {
    fn named(name: &str) -> Arc<Self> {
        Arc::new(Self { name: name.to_owned(), rules: OnceLock::new() })
    }

    fn rules(&self, zones: &tz::TimeZoneDatabase) -> Option<&tz::TimeZone> {
        self.rules.get_or_init(|| zones.get(&self.name).ok()).as_ref()
    }
}

fn fixed(minutes_east: i32) -> String {
    let sign = if minutes_east < 0 { '-' } else { '+' };
    let minutes = minutes_east.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn airport(line: &str) -> Option<Airport> {
    let fields = csv::fields(line);
    let [iata, name, city, country, lat, lon, zone] = <[String; 7]>::try_from(fields).ok()?;
    Some(Airport {
        iata: iata.parse().ok()?,
        name,
        city,
        country,
        lat: lat.parse().ok()?,
        lon: lon.parse().ok()?,
        zone,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_every_zone_is_known() {
        let places = Places::read();
        assert_eq!(places.all().len(), 7_884);
        let unknown: Vec<_> =
            places.by_code.values().filter(|p| p.zone.rules(&places.zones).is_none()).collect();
        assert!(unknown.is_empty(), "{:?}", unknown.iter().map(|p| &p.airport).collect::<Vec<_>>());
    }

    #[test]
    fn the_clock_on_the_wall() {
        let places = Places::read();
        let when: Timestamp = "2026-07-01T22:30:00Z".parse().unwrap();
        for (code, offset, local) in
            [("AMS", 120, "2026-07-02T00:30:00"), ("JFK", -240, "2026-07-01T18:30:00")]
        {
            let at = code.parse().unwrap();
            assert_eq!(places.offset(at, when), Some(offset));
            assert_eq!(places.local(at, when, 0).to_string(), local);
        }
        let nowhere = "QQQ".parse().unwrap();
        assert_eq!(places.local(nowhere, when, -90).to_string(), "2026-07-01T21:00:00");
        assert_eq!(places.zone_name(nowhere, -90), "-01:30");
        assert_eq!(places.city(nowhere), "QQQ");
    }
}
