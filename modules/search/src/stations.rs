//! Airports as search needs them: a small number for each one that the timetable touches, with its place, zone and
//! position, so that the engine counts and never compares text.

use std::{collections::HashMap, sync::Arc};

use booking_api::Airport;
use jiff::{
    Timestamp, civil,
    tz::{Offset, TimeZone},
};
use kernel::Iata;
use search_api::Place;

use crate::days::{Minute, instant};

/// The number of a served airport.
pub(crate) type StationId = u16;

/// The mean radius of the earth in metres.
const EARTH: f64 = 6_371_008.8;

#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) place: Place,
    /// `None` for a station that is not in the table of airports: the file's own variation is used then.
    zone: Option<TimeZone>,
    /// Degrees north and east.
    position: Option<(f64, f64)>,
}

/// Airports that flights touch, in order of appearance.
#[derive(Debug, Default, Clone)]
pub(crate) struct Stations {
    all: Vec<Arc<Station>>,
    by_code: HashMap<Iata, StationId>,
}

impl Stations {
    pub(crate) fn id(&self, code: Iata) -> Option<StationId> {
        self.by_code.get(&code).copied()
    }

    pub(crate) fn get(&self, id: StationId) -> Option<&Station> {
        self.all.get(usize::from(id)).map(AsRef::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// `None` when there are more stations than numbers.
    pub(crate) fn add(&mut self, code: Iata, known: Option<&Airport>) -> Option<StationId> {
        let id = StationId::try_from(self.all.len()).ok()?;
        self.all.push(Arc::new(Station::new(code, known)));
        self.by_code.insert(code, id);
        Some(id)
    }

    /// The great circle in metres; `None` when a position is not known.
    pub(crate) fn metres(&self, from: StationId, to: StationId) -> Option<u32> {
        metres(self.get(from)?.position?, self.get(to)?.position?)
    }

    /// Whether a flight between the two crosses a border. What is not known counts as abroad, which gives more time.
    pub(crate) fn abroad(&self, from: StationId, to: StationId) -> bool {
        let country =
            |id| self.get(id).map(|station| station.place.country.as_str()).filter(|c| !c.is_empty());
        country(from).is_none_or(|home| country(to) != Some(home))
    }
}

impl Station {
    fn new(code: Iata, known: Option<&Airport>) -> Self {
        let zone = known.and_then(|airport| kernel::zone(&airport.zone));
        let place = known.map_or_else(|| nowhere(code), place_of);
        Self { place, zone, position: known.map(|airport| (airport.lat, airport.lon)) }
    }

    /// What the clock on the wall shows. `variation` is the file's, in minutes east of UTC.
    pub(crate) fn local(&self, at: Minute, variation: i16) -> civil::DateTime {
        self.local_of(instant(at), variation)
    }

    fn local_of(&self, at: Timestamp, variation: i16) -> civil::DateTime {
        match &self.zone {
            Some(zone) => zone.to_datetime(at),
            None => offset(variation).to_datetime(at),
        }
    }

    /// First and last instant of a local day, when the clocks stand still around it; else the day must be asked of each flight.
    pub(crate) fn plain_day(&self, date: civil::Date) -> Option<(Timestamp, Timestamp)> {
        let zone = self.zone.as_ref()?;
        let start = date.to_zoned(zone.clone()).ok()?.timestamp();
        let end = date.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp();
        let margin = jiff::SignedDuration::from_hours(3);
        let steady = zone.to_offset(start - margin) == zone.to_offset(end + margin);
        steady.then_some((start, end))
    }
}

pub(crate) fn place_of(airport: &Airport) -> Place {
    Place {
        iata: airport.iata,
        name: airport.name.clone(),
        city: if airport.city.is_empty() { airport.name.clone() } else { airport.city.clone() },
        country: airport.country.clone(),
        zone: airport.zone.clone(),
    }
}

fn nowhere(iata: Iata) -> Place {
    let name = iata.to_string();
    Place { iata, city: name.clone(), name, country: String::new(), zone: "UTC".to_owned() }
}

fn offset(minutes: i16) -> Offset {
    Offset::from_seconds(i32::from(minutes) * 60).unwrap_or(Offset::UTC)
}

/// By the haversine formula, rounded to the metre so that sums compare the same everywhere.
pub(crate) fn metres(a: (f64, f64), b: (f64, f64)) -> Option<u32> {
    let (north, east) = ((b.0 - a.0).to_radians(), (b.1 - a.1).to_radians());
    let half = (north / 2.0).sin().powi(2)
        + a.0.to_radians().cos() * b.0.to_radians().cos() * (east / 2.0).sin().powi(2);
    let metres = 2.0 * EARTH * half.sqrt().min(1.0).asin();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most half the equator")]
    metres.is_finite().then(|| metres.round() as u32)
}
