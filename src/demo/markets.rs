//! The pairs of cities that are sold, direct or by way of the hubs. Not all 25,000: those that traffic and geography make likely,
//! so that the first import stays quick.

use std::collections::{BTreeMap, BTreeSet};

use super::World;
use super::network::{HUBS, at};

/// A directed pair with a fare.
pub(super) struct Market {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) km: f64,
    pub(super) direct: bool,
    pub(super) business: bool,
    pub(super) premium: bool,
    /// Demand against other markets.
    pub(super) weight: f64,
}

/// Connecting pairs, counted in one direction.
const CONNECTING: usize = 3300;
const LONGEST_WAY_ROUND: f64 = 1.6;

/// One flight of the timetable between two of its stations, by place of its pair and of its legs.
#[derive(Clone, Copy)]
pub(super) struct Hop {
    pub(super) pair: usize,
    pub(super) back: bool,
    pub(super) board: usize,
    pub(super) off: usize,
}

pub(super) type Hops = BTreeMap<(usize, usize), Vec<Hop>>;

/// Every board and off point of every flight.
pub(super) fn hops(world: &World) -> Hops {
    let mut hops = Hops::new();
    for pair in 0..world.pairs.len() {
        for back in [false, true] {
            let Some(flight) = world.flight(pair, back) else { continue };
            for (board, first) in flight.legs.iter().enumerate() {
                for (off, last) in flight.legs.iter().enumerate().skip(board) {
                    hops.entry((first.from, last.to)).or_default().push(Hop { pair, back, board, off });
                }
            }
        }
    }
    hops
}

pub(super) fn markets(world: &World, hops: &Hops) -> Vec<Market> {
    let direct: BTreeSet<(usize, usize)> = hops.keys().copied().collect();
    let hubs: Vec<usize> = HUBS.iter().filter_map(|hub| at(&world.airports, hub.iata)).collect();
    let mut connecting = Vec::new();
    for from in 0..world.airports.len() {
        for to in from + 1..world.airports.len() {
            if !direct.contains(&(from, to)) && sensible(world, &direct, &hubs, from, to) {
                let of_a_hub = hubs.contains(&from) || hubs.contains(&to);
                connecting.push((of_a_hub, demand(world, from, to), from, to));
            }
        }
    }
    connecting.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let both = connecting.iter().take(CONNECTING).flat_map(|(_, _, from, to)| [(*from, *to), (*to, *from)]);
    let mut pairs: Vec<(usize, usize)> = direct.iter().copied().chain(both).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(from, to)| market(world, hops, from, to)).collect()
}

fn market(world: &World, hops: &Hops, from: usize, to: usize) -> Market {
    let flown = hops.get(&(from, to));
    let on_board = |has: fn(&super::fleet::Type) -> bool| {
        flown.is_none_or(|hops| {
            hops.iter().any(|hop| world.pairs.get(hop.pair).is_some_and(|pair| has(pair.aircraft())))
        })
    };
    Market {
        from,
        to,
        km: km(world, from, to),
        direct: flown.is_some(),
        business: on_board(|kind| kind.business > 0),
        premium: flown.is_some() && on_board(|kind| kind.premium > 0),
        weight: demand(world, from, to),
    }
}

pub(super) fn km(world: &World, from: usize, to: usize) -> f64 {
    world.airports.get(from).zip(world.airports.get(to)).map_or(0.0, |(from, to)| from.km_to(to))
}

fn demand(world: &World, from: usize, to: usize) -> f64 {
    let people = |place: usize| world.airports.get(place).map_or(0.0, |airport| airport.catchment);
    (people(from) * people(to)).sqrt() / (km(world, from, to) + 1500.0).sqrt()
}

/// By one hub or by two, without too long a way round.
fn sensible(
    world: &World,
    direct: &BTreeSet<(usize, usize)>,
    hubs: &[usize],
    from: usize,
    to: usize,
) -> bool {
    let straight = km(world, from, to);
    let short_enough = |way: f64| way <= (straight * LONGEST_WAY_ROUND).max(straight + 300.0);
    let by_one = hubs.iter().any(|hub| {
        direct.contains(&(from, *hub))
            && direct.contains(&(*hub, to))
            && short_enough(km(world, from, *hub) + km(world, *hub, to))
    });
    let by_two = |a: usize, b: usize| {
        let way = km(world, from, a) + km(world, a, b) + km(world, b, to);
        direct.contains(&(from, a))
            && direct.contains(&(a, b))
            && direct.contains(&(b, to))
            && short_enough(way)
    };
    straight > 250.0 && (by_one || hubs.iter().any(|a| hubs.iter().any(|b| a != b && by_two(*a, *b))))
}
