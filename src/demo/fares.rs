//! The fares file: full fare by distance, a ladder of classes, three families, each with its conditions.
//!
//! The `conditions` column is a list of `key=value` joined by `;`, always all three keys in this order:
//!
//! | key | values |
//! |---|---|
//! | `change` | `no`, or the fee per passenger in the fare's currency (`0` is free) |
//! | `refund` | `no`, `full`, or what is kept per passenger in the fare's currency |
//! | `bag` | checked bags included |

use std::fmt::Write;

use super::World;
use super::airports::whole;
use super::calendar::date_of;
use super::markets::Market;
use super::random::Random;

pub(super) const FAMILIES: [&str; 3] = ["Light", "Standard", "Flex"];
const HEADER: &str = "from,to,class,family,amount,currency,valid_from,valid_to,conditions\n";
/// Multiple of the full economy fare.
const LADDER: [(char, f64); 12] = [
    ('J', 3.2),
    ('W', 1.7),
    ('Y', 1.0),
    ('B', 0.86),
    ('M', 0.74),
    ('H', 0.63),
    ('Q', 0.54),
    ('K', 0.46),
    ('L', 0.39),
    ('V', 0.33),
    ('T', 0.28),
    ('N', 0.24),
];

pub(super) fn file(world: &World) -> String {
    let mut text = String::with_capacity(4 << 20);
    text.push_str(HEADER);
    let (from, to) = (date_of(world.first), date_of(world.last));
    for market in &world.markets {
        let (Some(a), Some(b)) = (world.airports.get(market.from), world.airports.get(market.to)) else {
            continue;
        };
        for (class, family) in products(market) {
            let amount = amount(world, market, class, family);
            let name = FAMILIES.get(family).copied().unwrap_or_default();
            let conditions = conditions(class, family);
            let line = writeln!(
                text,
                "{},{},{class},{name},{amount}.00,EUR,{from},{to},{conditions}",
                a.iata, b.iata
            );
            debug_assert!(line.is_ok());
        }
    }
    text
}

/// What is on sale: a wide ladder where we fly ourselves, the two ends of it for connections.
pub(super) fn products(market: &Market) -> Vec<(char, usize)> {
    let economy: &[char] = if market.direct { &['Y', 'M', 'K', 'V'] } else { &['Y', 'K'] };
    let mut products = Vec::new();
    match (market.business, market.direct) {
        (true, true) => products.extend([('J', 0), ('J', 1), ('J', 2)]),
        (true, false) => products.push(('J', 2)),
        (false, _) => {}
    }
    if market.premium {
        products.extend([('W', 0), ('W', 1), ('W', 2)]);
    }
    products.extend(economy.iter().flat_map(|class| [(*class, 0), (*class, 1), (*class, 2)]));
    products
}

/// Whole euros for one adult, one way.
pub(super) fn amount(world: &World, market: &Market, class: char, family: usize) -> i32 {
    let step = LADDER.iter().find(|(known, _)| *known == class).map_or(1.0, |(_, step)| *step);
    let far = (market.km / 9000.0).min(1.0);
    let extra = match family {
        0 => 0.0,
        1 => 25.0 + 35.0 * far,
        _ => 60.0 + 100.0 * far,
    };
    whole(full_economy(market.km) * step * level(world, market) + extra)
}

fn full_economy(km: f64) -> f64 {
    38.0 + 0.155 * km.powf(0.97)
}

/// Dearer in the holidays, and a market's own temper, the same in both directions.
fn level(world: &World, market: &Market) -> f64 {
    let season = match date_of(world.from).month() {
        7 | 8 | 12 => 1.12,
        1 | 2 | 11 => 0.95,
        _ => 1.0,
    };
    let ends = (market.from.min(market.to), market.from.max(market.to));
    season * (0.9 + 0.2 * Random::topic(world.seed, &format!("level {ends:?}")).unit())
}

fn conditions(class: char, family: usize) -> &'static str {
    let cabin = matches!(class, 'J' | 'W');
    match (family, cabin) {
        (0, false) => "change=70;refund=no;bag=0",
        (0, true) => "change=120;refund=no;bag=1",
        (1, false) => "change=40;refund=80;bag=1",
        (1, true) => "change=60;refund=150;bag=2",
        (_, false) => "change=0;refund=full;bag=1",
        (_, true) => "change=0;refund=full;bag=2",
    }
}

/// `airport,minutes`: the default, then the stations of our own network.
pub(super) fn connecting_times(world: &World) -> String {
    let mut text = String::from("airport,minutes\n*,60\n");
    for airport in &world.airports {
        let line = writeln!(text, "{},{}", airport.iata, airport.connecting_minutes);
        debug_assert!(line.is_ok());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn full_fares_by_distance() {
        for (km, fare) in [(300.0, 77), (1000.0, 164), (5850.0, 737)] {
            assert_eq!(whole(full_economy(km)), fare, "{km} km");
        }
    }

    #[test]
    fn every_station_has_fares_and_the_file_stays_small() {
        let world = World::build(1, jiff::civil::date(2026, 11, 20), 30);
        let text = world.fares_csv();
        assert!((30_000..=60_000).contains(&text.lines().count()), "{}", text.lines().count());
        assert!(text.len() < 6_000_000);
        let mut keys = BTreeSet::new();
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(cells.len(), 9);
            assert!(keys.insert((cells[0], cells[1], cells[2], cells[3])), "twice: {line}");
            assert!(cells[4].parse::<f64>().unwrap() > 15.0, "{line}");
        }
        for airport in &world.airports {
            assert!(
                keys.iter().any(|key| key.0 == airport.iata) && keys.iter().any(|key| key.1 == airport.iata)
            );
        }
    }

    #[test]
    fn families_and_classes_are_ordered() {
        let world = World::build(1, jiff::civil::date(2026, 11, 20), 30);
        for market in world.markets.iter().take(200) {
            assert!(amount(&world, market, 'J', 0) > amount(&world, market, 'Y', 0));
            assert!(amount(&world, market, 'K', 0) > amount(&world, market, 'V', 0));
            assert!(amount(&world, market, 'V', 2) > amount(&world, market, 'V', 1));
        }
    }
}
