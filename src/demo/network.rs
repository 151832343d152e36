//! Which stations are joined, how often and by what: frequency by gravity from three hubs in bands of distance, and a few routes
//! past the hubs.

use super::airports::{Airport, whole};
use super::fleet::TYPES;
use super::random::Random;

/// A pair of stations flown out and back from its base.
pub(super) struct Route {
    pub(super) base: usize,
    pub(super) to: usize,
    pub(super) km: f64,
    /// Departures from the base in a week.
    pub(super) weekly: u32,
    /// Place in `fleet::TYPES`.
    pub(super) kind: usize,
    /// Place in `HUBS`, none for a route past them.
    pub(super) hub: Option<usize>,
}

pub(super) struct Hub {
    pub(super) iata: &'static str,
    /// Short-haul types kept here: few, so that an aircraft soon finds its next flight.
    fleet: [&'static str; 4],
    departures: f64,
    /// Share of departures by band.
    mix: [f64; 4],
}

pub(super) const HUBS: [Hub; 3] = [
    Hub {
        iata: "AMS",
        fleet: ["E90", "E95", "223", "320"],
        departures: 420.0,
        mix: [0.44, 0.35, 0.06, 0.15],
    },
    Hub {
        iata: "VIE",
        fleet: ["AT7", "E95", "319", "32N"],
        departures: 320.0,
        mix: [0.46, 0.33, 0.10, 0.11],
    },
    Hub {
        iata: "CPH",
        fleet: ["AT7", "E90", "223", "321"],
        departures: 200.0,
        mix: [0.46, 0.34, 0.08, 0.12],
    },
];

/// Upper end in km, departures a day that a route has in the mean, and the most it may have.
const BANDS: [(f64, f64, f64); 4] =
    [(700.0, 4.3, 9.0), (1500.0, 3.0, 7.0), (3500.0, 1.6, 4.0), (13000.0, 0.8, 3.0)];

/// Bases past the hubs, each with six routes a day.
const BASES: [&str; 10] = ["BCN", "MXP", "DUB", "LIS", "ATH", "MAN", "BER", "OSL", "WAW", "OTP"];
const ROUTES_OF_A_BASE: usize = 6;

pub(super) fn routes(seed: u64, airports: &[Airport]) -> Vec<Route> {
    let mut random = Random::topic(seed, "network");
    let mut routes = Vec::new();
    for (place, hub) in HUBS.iter().enumerate() {
        let Some(base) = at(airports, hub.iata) else { continue };
        // A pair of hubs is flown by the larger one only.
        let smaller =
            |iata: &str| HUBS.iter().position(|other| other.iata == iata).is_none_or(|other| other > place);
        let mut low = 0.0;
        for ((high, mean, most), share) in BANDS.into_iter().zip(hub.mix) {
            let mut around = reach(airports, base, (low, high));
            around.retain(|(to, ..)| airports.get(*to).is_some_and(|airport| smaller(airport.iata)));
            let departures = hub.departures * share * random_wobble(&mut random);
            around.truncate(usize::try_from(whole(departures / mean)).unwrap_or_default());
            let weekly = weekly(&frequencies(&around, departures, most), low > 1500.0, &mut random);
            for ((to, km, _), weekly) in around.into_iter().zip(weekly) {
                if weekly > 0 {
                    let kind = suited(&mut random, hub, km, weekly);
                    routes.push(Route { base, to, km, weekly, kind, hub: Some(place) });
                }
            }
            low = high;
        }
    }
    unserved(airports, &mut random, &mut routes);
    routes.extend(past_the_hubs(airports, &mut random));
    routes
}

/// No station is left out: the nearest hub serves what gravity passed over.
fn unserved(airports: &[Airport], random: &mut Random, routes: &mut Vec<Route>) {
    for (to, airport) in airports.iter().enumerate() {
        if routes.iter().any(|route| route.to == to || route.base == to) {
            continue;
        }
        let hubs = HUBS.iter().enumerate().filter_map(|(place, hub)| {
            let base = at(airports, hub.iata)?;
            Some((place, hub, base, airports.get(base)?.km_to(airport)))
        });
        if let Some((place, hub, base, km)) = hubs.min_by(|a, b| a.3.total_cmp(&b.3)) {
            let weekly = 7;
            routes.push(Route {
                base,
                to,
                km,
                weekly,
                kind: suited(random, hub, km, weekly),
                hub: Some(place),
            });
        }
    }
}

pub(super) fn at(airports: &[Airport], iata: &str) -> Option<usize> {
    airports.iter().position(|airport| airport.iata == iata)
}

/// How strongly two stations draw each other.
pub(super) fn gravity(a: &Airport, b: &Airport) -> f64 {
    (a.catchment * b.catchment).sqrt() / (a.km_to(b) + 300.0).powf(0.9)
}

/// Stations within a band, the strongest first.
fn reach(airports: &[Airport], base: usize, band: (f64, f64)) -> Vec<(usize, f64, f64)> {
    let Some(home) = airports.get(base) else { return Vec::new() };
    let mut around: Vec<_> = airports
        .iter()
        .enumerate()
        .filter(|(place, _)| *place != base)
        .map(|(place, airport)| (place, home.km_to(airport), gravity(home, airport)))
        .filter(|(_, km, _)| *km > band.0.max(120.0) && *km <= band.1)
        .collect();
    around.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
    around
}

/// One percent either way, so that seeds differ.
fn random_wobble(random: &mut Random) -> f64 {
    0.99 + 0.02 * random.unit()
}

/// Splits a day's departures by gravity; what the busiest may not have goes to the others.
fn frequencies(around: &[(usize, f64, f64)], departures: f64, most: f64) -> Vec<f64> {
    let mut daily = vec![0.0_f64; around.len()];
    for _ in 0..6 {
        let left = departures - daily.iter().sum::<f64>();
        let open: f64 = around.iter().zip(&daily).filter(|(_, day)| **day < most).map(|(to, _)| to.2).sum();
        if left < 0.01 || open <= 0.0 {
            break;
        }
        for (to, day) in around.iter().zip(&mut daily).filter(|(_, day)| **day < most) {
            *day = (*day + left * to.2 / open).min(most);
        }
    }
    daily
}

/// Whole weeks, with what rounding leaves carried to the next route; short routes are daily but for a few.
fn weekly(daily: &[f64], far: bool, random: &mut Random) -> Vec<u32> {
    let mut carried = 0.0;
    daily
        .iter()
        .map(|day| {
            let wish = day * 7.0 + carried;
            let step = whole(wish).max(0);
            let (full, rest) = (step / 7 * 7, step % 7);
            let weekly = match rest {
                3..=5 if far => step,
                0..=2 => full,
                3 if full > 0 => full,
                _ if far || random.chance(0.85) => full + 7,
                _ => full + random.between(5, 6),
            };
            carried = wish - f64::from(weekly);
            u32::try_from(weekly).unwrap_or_default()
        })
        .collect()
}

/// An aircraft type for the distance and the traffic: the smaller of the hub's own on thin and short routes.
fn suited(random: &mut Random, hub: &Hub, km: f64, weekly: u32) -> usize {
    let [smallest, small, medium, large] = hub.fleet;
    let wish: &[&str] = match km {
        ..=450.0 => &[smallest, small, medium],
        ..=700.0 => &[small, medium, medium, large],
        ..=1500.0 if weekly < 14 => &[small, medium],
        ..=1500.0 => &[small, medium, large],
        ..=3500.0 => &[large],
        ..=6400.0 if weekly < 7 => &["32Q", "789"],
        _ if weekly < 7 => &["789", "359"],
        _ => &["789", "359", "359", "77W"],
    };
    random.pick(wish).map_or(0, |code| kind(code))
}

fn kind(code: &str) -> usize {
    TYPES.iter().position(|kind| kind.code == code).unwrap_or_default()
}

fn past_the_hubs(airports: &[Airport], random: &mut Random) -> Vec<Route> {
    let mut taken: Vec<(usize, usize)> = Vec::new();
    let mut routes = Vec::new();
    for base in BASES.iter().filter_map(|iata| at(airports, iata)) {
        let mut around = reach(airports, base, (350.0, 2200.0));
        around.retain(|(to, ..)| {
            let hub = airports.get(*to).is_none_or(|airport| HUBS.iter().any(|hub| hub.iata == airport.iata));
            !hub && !taken.contains(&(*to, base))
        });
        let kind = kind(random.pick(&["223", "E95"]).copied().unwrap_or("223"));
        for (to, km, _) in around.into_iter().take(ROUTES_OF_A_BASE) {
            taken.push((base, to));
            let weekly = if random.chance(0.8) { 7 } else { 6 };
            routes.push(Route { base, to, km, weekly, kind, hub: None });
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::airports::table;

    fn share(routes: &[Route], low: f64, high: f64) -> f64 {
        let of = |from: f64, to: f64| -> u32 {
            routes.iter().filter(|r| r.hub.is_some() && r.km > from && r.km <= to).map(|r| r.weekly).sum()
        };
        f64::from(of(low, high)) / f64::from(of(0.0, 20000.0))
    }

    #[test]
    fn stages_are_mixed_as_planned() {
        let routes = routes(1, &table());
        for (low, high, planned) in
            [(0.0, 700.0, 0.45), (700.0, 1500.0, 0.34), (1500.0, 3500.0, 0.08), (3500.0, 13000.0, 0.13)]
        {
            let found = share(&routes, low, high);
            assert!((found - planned).abs() < 0.05, "{low}–{high} km: {found}");
        }
    }

    #[test]
    fn hubs_have_their_size_and_types_their_range() {
        let airports = table();
        let routes = routes(1, &airports);
        for (place, hub) in HUBS.iter().enumerate() {
            let weekly: u32 =
                routes.iter().filter(|route| route.hub == Some(place)).map(|route| route.weekly).sum();
            assert!(
                (f64::from(weekly) / 7.0 - hub.departures).abs() < hub.departures * 0.04,
                "{} {weekly}",
                hub.iata
            );
        }
        assert!(routes.iter().all(|route| TYPES[route.kind].range_km > route.km));
        for (place, airport) in airports.iter().enumerate() {
            assert!(routes.iter().any(|route| route.to == place || route.base == place), "{}", airport.iata);
        }
    }
}
