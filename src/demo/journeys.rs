//! How the travellers of the existing orders get there: a flight of ours, or two by way of a hub.

use super::World;
use super::markets::{Hop, Market};
use super::network::{HUBS, at};
use super::random::Random;

const LONGEST_CONNECTION: i64 = 300;

/// A hop on one day.
#[derive(Clone, Copy)]
pub(super) struct Ride {
    pub(super) hop: Hop,
    pub(super) day: i64,
    /// The flight's local date.
    pub(super) date: i64,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) leaves: i64,
    pub(super) arrives: i64,
}

/// One of the journeys that leave on a local day, if there is any.
pub(super) fn journey(world: &World, market: &Market, day: i64, random: &mut Random) -> Option<Vec<Ride>> {
    if market.direct {
        let rides = rides(world, market.from, market.to, day);
        return random.pick(&rides).map(|ride| vec![*ride]);
    }
    let hubs = HUBS.iter().filter_map(|hub| at(&world.airports, hub.iata));
    let journeys: Vec<Vec<Ride>> = hubs.flat_map(|hub| by_way_of(world, hub, market, day)).collect();
    random.pick(&journeys).cloned()
}

fn by_way_of(world: &World, hub: usize, market: &Market, day: i64) -> Vec<Vec<Ride>> {
    let first = rides(world, market.from, hub, day);
    if first.is_empty() {
        return Vec::new();
    }
    let minutes = world.airports.get(hub).map_or(60, |airport| i64::from(airport.connecting_minutes));
    let then: Vec<Ride> = (day..day + 2).flat_map(|day| rides(world, hub, market.to, day)).collect();
    let fits =
        |a: &Ride, b: &Ride| (a.arrives + minutes..=a.arrives + LONGEST_CONNECTION).contains(&b.leaves);
    let on = |a: &Ride| then.iter().find(|b| fits(a, b)).map(|b| vec![*a, *b]);
    first.iter().filter_map(on).collect()
}

/// Flights between two stations that board on a local day, in order of departure.
fn rides(world: &World, from: usize, to: usize, date: i64) -> Vec<Ride> {
    let hops = world.hops.get(&(from, to)).map(Vec::as_slice).unwrap_or_default();
    let near = hops.iter().flat_map(|hop| (date - 2..=date + 1).map(|day| (*hop, day)));
    let mut rides: Vec<Ride> = near.filter_map(|(hop, day)| ride(world, hop, day, date)).collect();
    rides.sort_by_key(|ride| (ride.leaves, ride.hop.pair));
    rides
}

fn ride(world: &World, hop: Hop, day: i64, boards: i64) -> Option<Ride> {
    let flown = world.flown(hop.pair, hop.back, day)?;
    let (board, off) = (flown.legs.get(hop.board)?, flown.legs.get(hop.off)?);
    let date = flown.legs.first()?.leaves_local.day;
    let runs = board.leaves_local.day == boards && (world.first..=world.last).contains(&date);
    let (from, to) = (board.from, off.to);
    runs.then_some(Ride { hop, day, date, from, to, leaves: board.leaves, arrives: off.arrives })
}
