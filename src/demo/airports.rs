//! The stations of the demo airline: facts in a table beside this file, and the distance and block-time rules over them.

const TABLE: &str = include_str!("airports.csv");
const EARTH_KM: f64 = 6371.0088;

/// Where Banyan Air flies.
pub(super) struct Airport {
    pub(super) iata: &'static str,
    pub(super) country: &'static str,
    pub(super) zone: &'static str,
    pub(super) terminal: &'static str,
    /// People who would use it, in thousands.
    pub(super) catchment: f64,
    pub(super) connecting_minutes: u16,
    lat: f64,
    lon: f64,
}

impl Airport {
    pub(super) fn km_to(&self, other: &Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let north = ((b - a) / 2.0).sin();
        let east = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let h = north * north + a.cos() * b.cos() * east * east;
        2.0 * EARTH_KM * h.sqrt().asin()
    }

    /// Gate to gate, to five minutes; far flights gain or lose to the westerly wind.
    pub(super) fn block_minutes(&self, to: &Self) -> i32 {
        let km = self.km_to(to);
        block_minutes(km, (to.lon - self.lon + 540.0).rem_euclid(360.0) < 180.0)
    }
}

fn block_minutes(km: f64, westbound: bool) -> i32 {
    let wind = match (km > 3000.0, westbound) {
        (false, _) => 1.0,
        (true, true) => 1.04,
        (true, false) => 0.96,
    };
    whole(((40.0 + 0.078 * km) * wind / 5.0).round()) * 5
}

/// A small figure as an integer.
#[expect(
    clippy::cast_possible_truncation,
    reason = "figures of this generator are far below two thousand million"
)]
pub(super) fn whole(figure: f64) -> i32 {
    figure.round() as i32
}

pub(super) fn table() -> Vec<Airport> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

fn row(line: &'static str) -> Option<Airport> {
    let mut cells = line.split(',');
    let iata = cells.next()?;
    let _city = cells.next()?;
    Some(Airport {
        iata,
        country: cells.next()?,
        lat: cells.next()?.parse().ok()?,
        lon: cells.next()?.parse().ok()?,
        zone: cells.next()?,
        terminal: cells.next()?,
        catchment: cells.next()?.parse().ok()?,
        connecting_minutes: cells.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let airports = table();
        assert_eq!(airports.len(), 160);
        let zones = jiff::tz::TimeZoneDatabase::bundled();
        for airport in &airports {
            assert!(zones.get(airport.zone).is_ok(), "{}", airport.iata);
            assert!(airport.iata.len() == 3 && airport.country.len() == 2 && airport.terminal.len() <= 2);
        }
    }

    #[test]
    fn block_times() {
        for (km, west, minutes) in [
            (300.0, false, 65),
            (700.0, true, 95),
            (1500.0, false, 155),
            (3000.0, true, 275),
            (5800.0, true, 510),
            (5800.0, false, 475),
        ] {
            assert_eq!(block_minutes(km, west), minutes, "{km} km");
        }
    }

    #[test]
    fn distance_and_direction() {
        let airports = table();
        let at = |iata: &str| airports.iter().find(|airport| airport.iata == iata).unwrap();
        assert!((at("AMS").km_to(at("JFK")) - 5847.0).abs() < 15.0);
        assert!(at("AMS").block_minutes(at("JFK")) > at("JFK").block_minutes(at("AMS")));
    }
}
