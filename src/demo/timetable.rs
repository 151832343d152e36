//! Turns routes into timed round trips: hub waves, turnarounds, night stops and a few flights with a stop on the way. All times
//! are minutes of the base's operating day, so that a clock change moves a day as a whole.

use super::airports::Airport;
use super::fleet::{TYPES, Type};
use super::network::{HUBS, Route};
use super::random::Random;

#[derive(Clone)]
pub(super) struct Leg {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) leaves: i32,
    pub(super) arrives: i32,
}

pub(super) struct Flight {
    pub(super) number: u16,
    pub(super) legs: Vec<Leg>,
}

/// Out from the base and back to it by one aircraft.
pub(super) struct Pair {
    pub(super) base: usize,
    pub(super) kind: usize,
    pub(super) hub: Option<usize>,
    /// Bit 0 is Monday, of the base's operating day.
    pub(super) days: u32,
    pub(super) out: Flight,
    pub(super) back: Flight,
}

impl Pair {
    pub(super) fn aircraft(&self) -> &'static Type {
        const NONE: &Type = &TYPES[0];
        TYPES.get(self.kind).unwrap_or(NONE)
    }

    pub(super) fn flies_on(&self, day: i64) -> bool {
        self.days >> super::calendar::weekday(day) & 1 == 1
    }

    pub(super) fn leaves(&self) -> i32 {
        self.out.legs.first().map_or(0, |leg| leg.leaves)
    }

    /// When the aircraft may leave its base again.
    pub(super) fn ready(&self) -> i32 {
        self.back.legs.last().map_or(0, |leg| leg.arrives) + self.aircraft().turn_minutes
    }
}

/// Middles of the seven departure waves, and the share of departures each should have: peaks at 06–08 and 15–19.
const WAVES: [(i32, f64); 7] =
    [(405, 0.16), (540, 0.13), (675, 0.13), (810, 0.14), (945, 0.16), (1080, 0.15), (1215, 0.13)];
const HALF_A_DEPARTURE_WAVE: i32 = 30;
const HALF_AN_ARRIVAL_WAVE: i32 = 22;
/// From the middle of the arrivals to the middle of the departures.
const APART: i32 = 52;
const LAST_ARRIVAL: i32 = 1410;
const STOPS_OF_A_HUB: usize = 3;

pub(super) struct Planner<'a> {
    pub(super) airports: &'a [Airport],
    /// Minutes from UTC by station, at the start of the season.
    pub(super) offsets: &'a [i64],
    pub(super) random: Random,
}

impl Planner<'_> {
    pub(super) fn pairs(mut self, routes: &[Route]) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for hub in 0..HUBS.len() {
            let mut used = [0.0_f64; WAVES.len()];
            let own: Vec<&Route> = routes.iter().filter(|route| route.hub == Some(hub)).collect();
            for (long, first) in [(true, 101 + 300 * hub), (false, 1001 + 2000 * hub)] {
                let start = pairs.len();
                for route in own.iter().filter(|route| (route.km > 3500.0) == long) {
                    self.of_route(route, &mut used, &mut pairs);
                }
                if long {
                    self.add_stops(pairs.get_mut(start..).unwrap_or_default(), &own);
                }
                number(pairs.get_mut(start..).unwrap_or_default(), first);
            }
        }
        let start = pairs.len();
        // One aircraft after another does a day's work from its base.
        let mut free = (usize::MAX, 0);
        for route in routes.iter().filter(|route| route.hub.is_none()) {
            let trip = 2 * (self.block(route.base, route.to) + turn(route));
            if free.0 != route.base || free.1 + trip > LAST_ARRIVAL {
                free = (route.base, self.random.between(72, 90) * 5);
            }
            let leaves = free.1 + self.random.between(0, 3) * 5;
            free.1 = leaves + trip;
            pairs.push(self.pair(route, &[route.base, route.to], leaves, 0));
        }
        number(pairs.get_mut(start..).unwrap_or_default(), 7001);
        pairs
    }

    fn of_route(&mut self, route: &Route, used: &mut [f64; 7], pairs: &mut Vec<Pair>) {
        let mut own = [0_u8; WAVES.len()];
        for slot in 0..route.weekly.div_ceil(7) {
            let wave = self.wave(used, own);
            if let (Some(all), Some(own)) = (used.get_mut(wave), own.get_mut(wave)) {
                *all += 1.0;
                *own += 1;
            }
            let middle = WAVES.get(wave).map_or(600, |wave| wave.0);
            let leaves =
                middle + self.random.between(-HALF_A_DEPARTURE_WAVE / 5, HALF_A_DEPARTURE_WAVE / 5) * 5;
            let mut pair = self.pair(route, &[route.base, route.to], leaves, wave);
            pair.days = days(route.weekly - slot * 7, &mut self.random);
            pairs.push(pair);
        }
    }

    /// The wave that is furthest behind its share, among those this route uses least.
    fn wave(&mut self, used: &[f64; 7], own: [u8; 7]) -> usize {
        let open = 0..WAVES.len();
        let fewest = open.clone().filter_map(|wave| own.get(wave)).min().copied().unwrap_or_default();
        let behind =
            |wave: &usize| used.get(*wave).zip(WAVES.get(*wave)).map_or(9e9, |(used, wave)| used / wave.1);
        let noise = self.random.unit();
        open.filter(|wave| own.get(*wave) == Some(&fewest))
            .min_by(|a, b| (behind(a) + noise).total_cmp(&behind(b)))
            .unwrap_or_default()
    }

    fn block(&self, from: usize, to: usize) -> i32 {
        self.airports.get(from).zip(self.airports.get(to)).map_or(60, |(from, to)| from.block_minutes(to))
    }

    fn pair(&mut self, route: &Route, stops: &[usize], leaves: i32, wave: usize) -> Pair {
        let out = self.chain(stops, leaves, turn(route));
        let arrived = out.last().map_or(leaves, |leg| leg.arrives);
        let home: Vec<usize> = stops.iter().rev().copied().collect();
        let back = self.chain(&home, arrived + turn(route), turn(route));
        let wait = self.wait(route, &back, wave);
        let back = back
            .into_iter()
            .map(|leg| Leg { leaves: leg.leaves + wait, arrives: leg.arrives + wait, ..leg })
            .collect();
        let empty = |legs| Flight { number: 0, legs };
        let week = if route.weekly.is_multiple_of(7) { 0x7f } else { 0x5f };
        Pair {
            base: route.base,
            kind: route.kind,
            hub: route.hub,
            days: week,
            out: empty(out),
            back: empty(back),
        }
    }

    fn chain(&self, stops: &[usize], leaves: i32, turn: i32) -> Vec<Leg> {
        let mut at = leaves;
        let legs = stops.iter().zip(stops.iter().skip(1)).map(|(from, to)| {
            let leg = Leg { from: *from, to: *to, leaves: at, arrives: at + self.block(*from, *to) };
            at = leg.arrives + turn;
            leg
        });
        legs.collect()
    }

    /// How much longer than needed the aircraft stands away from base: for an arrival wave, or for the night.
    fn wait(&mut self, route: &Route, back: &[Leg], wave: usize) -> i32 {
        let (leaves, arrives) = back.first().zip(back.last()).map_or((0, 0), |(a, b)| (a.leaves, b.arrives));
        let shown = i64::from(leaves) - self.offset(route.base) + self.offset(route.to);
        let local = |wait: i32| (shown + i64::from(wait)).rem_euclid(1440);
        // Near midnight a clock change could put one flight number twice on a local date.
        let away = |wait: i32| (70..=1370).contains(&local(wait));
        let in_wave = |wait: i32| {
            WAVES.iter().any(|(at, _)| {
                ((arrives + wait).rem_euclid(1440) - (at - APART)).abs() <= HALF_AN_ARRIVAL_WAVE
            })
        };
        let by_day = |wait: i32| (330..=LAST_ARRIVAL).contains(&(arrives + wait).rem_euclid(1440));
        let steps = |to: i32| (0..=to / 5).map(|step| step * 5);
        if route.km > 3500.0 {
            let good = |wait: &i32| away(*wait) && by_day(*wait);
            return steps(240)
                .find(|wait| good(wait) && in_wave(*wait))
                .or(steps(1440).find(good))
                .unwrap_or_default();
        }
        if route.hub.is_none() {
            return 0;
        }
        let likely = [0.0, 0.0, 0.0, 0.0, 0.0, 0.05, 0.4].get(wave).copied().unwrap_or_default();
        if arrives > LAST_ARRIVAL - 5 || !away(0) || self.random.chance(likely) {
            let morning = |wait: &i32| *wait > 300 && (345..=480).contains(&local(*wait));
            let feeds = |wait: &i32| morning(wait) && in_wave(*wait);
            return steps(1440).find(feeds).or(steps(1440).find(morning)).unwrap_or_default();
        }
        steps(60)
            .find(|wait| in_wave(*wait) && away(*wait) && arrives + wait <= LAST_ARRIVAL)
            .unwrap_or_default()
    }

    fn offset(&self, station: usize) -> i64 {
        self.offsets.get(station).copied().unwrap_or_default()
    }

    /// Makes a few far flights call at another far station on the way.
    fn add_stops(&mut self, pairs: &mut [Pair], routes: &[&Route]) {
        let mut made = 0;
        for pair in pairs.iter_mut() {
            let Some(to) = pair.out.legs.first().map(|leg| leg.to) else { continue };
            let Some(route) = routes.iter().find(|route| route.to == to && made < STOPS_OF_A_HUB) else {
                continue;
            };
            let detour = |via: &&&Route| {
                let on =
                    self.airports.get(via.to).zip(self.airports.get(to)).map_or(9e9, |(a, b)| a.km_to(b));
                via.km > 3000.0 && on > 600.0 && on < 4500.0 && via.km + on < route.km * 1.12
            };
            let Some(via) = routes.iter().find(detour).map(|via| via.to) else { continue };
            let days = pair.days;
            let leaves = pair.leaves();
            *pair = self.pair(route, &[pair.base, via, to], leaves, 3);
            pair.days = days;
            made += 1;
        }
    }
}

fn turn(route: &Route) -> i32 {
    TYPES.get(route.kind).map_or(50, |kind| kind.turn_minutes)
}

/// Days of the week for what is left of a route's weekly departures.
fn days(left: u32, random: &mut Random) -> u32 {
    let patterns: &[u32] = match left {
        0..=3 => &[0b000_0111_u32.rotate_left(1) & 0x7f, 0b010_1010, 0b101_0100],
        4 => &[0b101_0101, 0b110_1010],
        5 => &[0b001_1111, 0b111_0101],
        6 => &[0b101_1111, 0b111_1101],
        _ => &[0x7f],
    };
    random.pick(patterns).copied().unwrap_or(0x7f)
}

/// Out and back carry neighbouring numbers, in order of departure.
fn number(pairs: &mut [Pair], first: usize) {
    for (place, pair) in pairs.iter_mut().enumerate() {
        let number = u16::try_from(first + 2 * place).unwrap_or_default();
        pair.out.number = number;
        pair.back.number = number + 1;
    }
}
