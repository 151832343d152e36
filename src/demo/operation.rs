//! What becomes of the flights of one day: own delays, delays passed on by the aircraft, cancelled round trips and diversions. Each
//! round trip draws from a stream of its own, so neighbouring days agree about a trip that spans both.

use std::collections::BTreeMap;

use super::airports::whole;
use super::random::Random;
use super::{FlownLeg, World};

/// One leg as it was flown. Instants are UTC minutes.
pub(super) struct Outcome {
    pub(super) number: u16,
    pub(super) aircraft: i64,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) scheduled: (i64, i64),
    /// Place of the leg in its flight.
    pub(super) leg: usize,
    pub(super) fate: Fate,
}

pub(super) enum Fate {
    Cancelled(Cancellation),
    Flown(Movement),
}

#[derive(Clone, Copy)]
pub(super) struct Cancellation {
    pub(super) reason: &'static str,
    pub(super) known: i64,
}

#[derive(Clone, Copy)]
pub(super) struct Movement {
    pub(super) off_block: i64,
    pub(super) airborne: i64,
    pub(super) landed: i64,
    pub(super) on_block: i64,
    /// Two digits, as in `DL`.
    pub(super) code: &'static str,
    /// The delay came with the aircraft and was known early.
    pub(super) passed_on: bool,
    pub(super) diverted: Option<usize>,
    pub(super) passengers: u16,
}

const CANCELLED: f64 = 0.0245;
const DIVERTED: f64 = 0.0035;
const LOST_BY_DIVERSION: i64 = 150;
/// Share of departures and minutes of their own delay, before what the aircraft passes on; calibrated to the reference's quantiles.
const OWN_DELAY: [(f64, f64); 9] = [
    (0.0, -12.0),
    (0.10, -7.5),
    (0.55, -2.5),
    (0.80, 6.0),
    (0.88, 17.0),
    (0.94, 48.0),
    (0.975, 85.0),
    (0.995, 180.0),
    (1.0, 250.0),
];
const CAUSES: [&str; 12] = ["81", "81", "81", "71", "72", "41", "41", "36", "16", "66", "85", "87"];
const REASONS: [&str; 4] = ["TECH", "WEAT", "CREW", "OPER"];

struct Due {
    pair: usize,
    back: bool,
    day: i64,
    leg: usize,
    leaves: i64,
}

/// Every leg of the flights with this local date, by scheduled departure.
pub(super) fn of_day(world: &World, date: i64) -> Vec<Outcome> {
    let mut free: BTreeMap<i64, i64> = BTreeMap::new();
    due(world, date).into_iter().filter_map(|due| outcome(world, &due, &mut free)).collect()
}

fn due(world: &World, date: i64) -> Vec<Due> {
    let mut all = Vec::new();
    for pair in 0..world.pairs.len() {
        for (back, day) in [(false, date), (true, date), (true, date - 1), (true, date - 2)] {
            let Some(flown) = world.flown(pair, back, day) else { continue };
            if flown.legs.first().is_some_and(|leg| leg.leaves_local.day == date) {
                let legs = flown.legs.iter().enumerate();
                all.extend(legs.map(|(leg, times)| Due { pair, back, day, leg, leaves: times.leaves }));
            }
        }
    }
    all.sort_by_key(|due| (due.leaves, due.pair, due.back, due.leg));
    all
}

fn outcome(world: &World, due: &Due, free: &mut BTreeMap<i64, i64>) -> Option<Outcome> {
    let flown = world.flown(due.pair, due.back, due.day)?;
    let leg = flown.legs.get(due.leg)?;
    let pair = world.pairs.get(due.pair)?;
    let aircraft = world.rotation.aircraft(due.pair, due.day);
    let fate = if let Some(cancellation) = cancellation(world, due) {
        Fate::Cancelled(cancellation)
    } else {
        let earliest = free.get(&aircraft).copied().unwrap_or(leg.leaves - 60);
        let movement = movement(world, due, leg, earliest, pair.aircraft().seats());
        let lost = if movement.diverted.is_some() { LOST_BY_DIVERSION } else { 0 };
        free.insert(aircraft, movement.on_block + lost + i64::from(pair.aircraft().turn_minutes));
        Fate::Flown(movement)
    };
    Some(Outcome {
        number: world.flight(due.pair, due.back)?.number,
        aircraft,
        from: leg.from,
        to: leg.to,
        scheduled: (leg.leaves, leg.arrives),
        leg: due.leg,
        fate,
    })
}

/// A round trip is cancelled as a whole, so that the aircraft is where its next flight begins.
fn cancellation(world: &World, due: &Due) -> Option<Cancellation> {
    let mut random = Random::topic(world.seed, &format!("trip {} {}", due.pair, due.day));
    if !random.chance(CANCELLED) {
        return None;
    }
    let out = world.flown(due.pair, false, due.day)?;
    let known = out.legs.first()?.leaves - i64::from(random.between(90, 600));
    Some(Cancellation { reason: random.pick(&REASONS).copied().unwrap_or("OPER"), known })
}

fn movement(world: &World, due: &Due, leg: &FlownLeg, earliest: i64, seats: u16) -> Movement {
    let (leaves, arrives) = (leg.leaves, leg.arrives);
    let mut random =
        Random::topic(world.seed, &format!("leg {} {} {} {}", due.pair, due.back, due.day, due.leg));
    let own = i64::from(whole(own_delay(random.unit())));
    let passed_on = earliest > leaves + own;
    let off_block = (leaves + own).max(earliest);
    let longer = i64::from(whole(random.normal() * 7.0 - 0.5));
    let on_block = (off_block + arrives - leaves + longer).max(off_block + 30);
    let airborne = off_block + i64::from(random.between(7, 17));
    let landed = on_block - i64::from(random.between(3, 8));
    let code = if passed_on { "93" } else { random.pick(&CAUSES).copied().unwrap_or("99") };
    let diverted = if random.chance(DIVERTED) { nearest(world, leg.from, leg.to) } else { None };
    let aboard = f64::from(seats) * (0.62 + 0.36 * random.unit());
    let passengers = u16::try_from(whole(aboard)).unwrap_or(seats);
    Movement { off_block, airborne, landed, on_block, code, passed_on, diverted, passengers }
}

fn own_delay(share: f64) -> f64 {
    let next = OWN_DELAY.iter().position(|(upto, _)| share < *upto).unwrap_or(OWN_DELAY.len() - 1);
    match (OWN_DELAY.get(next.saturating_sub(1)), OWN_DELAY.get(next)) {
        (Some(low), Some(high)) if high.0 > low.0 => {
            low.1 + (high.1 - low.1) * (share - low.0) / (high.0 - low.0)
        }
        _ => 0.0,
    }
}

/// Where a flight goes that cannot land.
fn nearest(world: &World, from: usize, to: usize) -> Option<usize> {
    let others = (0..world.airports.len()).filter(|place| *place != to && *place != from);
    others.min_by(|a, b| super::markets::km(world, to, *a).total_cmp(&super::markets::km(world, to, *b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(count: usize, of: usize) -> f64 {
        f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(of).unwrap())
    }

    #[test]
    fn delays_and_cancellations_have_their_usual_sizes() {
        let world = World::build(1, jiff::civil::date(2026, 11, 20), 30);
        let outcomes: Vec<Outcome> = (0..10).flat_map(|day| of_day(&world, world.from + day)).collect();
        let flown = outcomes.iter().filter_map(|outcome| match &outcome.fate {
            Fate::Flown(movement) => Some((outcome, movement)),
            Fate::Cancelled(_) => None,
        });
        let flown: Vec<_> = flown.collect();
        assert!((share(outcomes.len() - flown.len(), outcomes.len()) - CANCELLED).abs() < 0.006);
        let diverted = flown.iter().filter(|(_, movement)| movement.diverted.is_some()).count();
        assert!((share(diverted, outcomes.len()) - DIVERTED).abs() < 0.0015);
        let mut late: Vec<i64> =
            flown.iter().map(|(outcome, movement)| movement.off_block - outcome.scheduled.0).collect();
        late.sort_unstable();
        let quantile = |percent: usize| late[late.len() * percent / 100];
        let found: Vec<i64> = [10, 50, 75, 90, 95, 99].into_iter().map(quantile).collect();
        for (found, planned) in found.iter().zip([-7.0_f64, -2.0, 11.0, 49.0, 88.0, 191.0]) {
            let slack = planned.abs() * 0.25 + 3.0;
            assert!(
                (f64::from(i32::try_from(*found).unwrap()) - planned).abs() <= slack,
                "{planned} is {found}"
            );
        }
        assert!(
            (share(late.iter().filter(|minutes| **minutes >= 15).count(), late.len()) - 0.22).abs() < 0.03,
            "{found:?}"
        );
        let arrivals =
            flown.iter().filter(|(outcome, movement)| movement.on_block - outcome.scheduled.1 >= 15).count();
        assert!((share(arrivals, flown.len()) - 0.24).abs() < 0.04, "{}", share(arrivals, flown.len()));
    }

    #[test]
    fn an_aircraft_never_leaves_before_it_has_come() {
        let world = World::build(1, jiff::civil::date(2026, 11, 20), 30);
        let mut home: BTreeMap<i64, i64> = BTreeMap::new();
        for outcome in of_day(&world, world.from) {
            let Fate::Flown(movement) = &outcome.fate else { continue };
            assert!(home.get(&outcome.aircraft).is_none_or(|at| at + 35 <= movement.off_block));
            assert!(movement.off_block < movement.airborne && movement.airborne < movement.landed);
            assert!(movement.landed < movement.on_block && movement.passengers > 40);
            home.insert(outcome.aircraft, movement.on_block);
        }
    }
}
