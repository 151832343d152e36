//! What a traveller may want beside the exact set: for every first flight the quickest ways on, if they are not much
//! slower than the best of the day, and not all by the same flights.

use std::collections::HashMap;

use crate::{compose::Network, journey::Journey, profile::LONGEST, window::Row};

/// A page of results is worth filling to here.
const ENOUGH: usize = 50;
/// More nonstop flights than this are not a choice but a list.
const MOST_NONSTOP: usize = 200;
/// Of these, so many are kept for journeys with two stops.
const KEPT: usize = 8;
/// How often the same first or last flight may come again.
const REPEATS: u32 = 3;
/// Minutes that a stop is felt to cost.
const STOP: i32 = 45;

/// How good a journey is to somebody who does not say what they want: its minutes, and some more for each stop.
pub(crate) fn score(journey: &Journey<'_>) -> i32 {
    let stops = i32::try_from(journey.legs()).unwrap_or(1) - 1;
    journey.minutes() + STOP * stops
}

/// The rest that is sensible, best first. Nonstop flights are all in it.
pub(crate) fn rest<'w>(
    network: &mut Network<'w>,
    firsts: &[&'w Row],
    pareto: &[Journey<'w>],
) -> Vec<Journey<'w>> {
    let mut found = Vec::new();
    let longest = patience(pareto);
    for row in firsts {
        for legs in 1..=3 {
            let patience = if legs == 1 { LONGEST } else { longest };
            found.extend(quickest(network, row, legs, i32::from(row.departs) + patience));
        }
    }
    found.retain(|journey| !pareto.iter().any(|known| same(known, journey)));
    found.sort_by_key(|journey| (score(journey), journey.departs(), journey.legs()));
    choose(found, pareto)
}

/// How long a journey may take to be worth showing beside the best.
fn patience(pareto: &[Journey<'_>]) -> i32 {
    let shortest = pareto.iter().map(Journey::minutes).min().unwrap_or(LONGEST);
    (shortest * 2 + 120).min(LONGEST)
}

fn quickest<'w>(network: &mut Network<'w>, row: &'w Row, legs: usize, limit: i32) -> Option<Journey<'w>> {
    let mut best = None;
    network.extend(row, legs, limit, |journey| {
        best = Some(journey);
        i32::from(journey.arrives()) - 1
    });
    best
}

/// Nonstop flights, then the best that repeat no flight too often. Some places are kept for journeys with two stops, which
/// would never be seen where journeys with one are many.
fn choose<'w>(found: Vec<Journey<'w>>, pareto: &[Journey<'w>]) -> Vec<Journey<'w>> {
    let mut seen = Seen::default();
    for journey in pareto {
        seen.again(journey);
    }
    let fresh = found.into_iter().filter(|journey| journey.legs() == 1 || seen.again(journey) <= REPEATS);
    let (mut chosen, mut waiting) = (Vec::new(), Vec::new());
    for journey in fresh {
        let room = match journey.legs() {
            1 => MOST_NONSTOP,
            2 => ENOUGH - KEPT,
            _ => ENOUGH,
        };
        let fits = pareto.len() + chosen.len() < room;
        if fits { chosen.push(journey) } else { waiting.push(journey) }
    }
    let left = ENOUGH.saturating_sub(pareto.len() + chosen.len());
    chosen.extend(waiting.into_iter().filter(|journey| journey.legs() > 1).take(left));
    chosen
}

/// Counts how often flights were shown as the first or the last of a journey.
#[derive(Default)]
struct Seen(HashMap<(bool, u32), u32>);

impl Seen {
    fn again(&mut self, journey: &Journey<'_>) -> u32 {
        let rows = journey.rows();
        let ends = [rows.first().map(|row| (true, row.fact)), rows.last().map(|row| (false, row.fact))];
        let counts = ends.into_iter().flatten().map(|end| {
            let count = self.0.entry(end).or_default();
            *count += 1;
            *count
        });
        counts.max().unwrap_or(0)
    }
}

fn same(a: &Journey<'_>, b: &Journey<'_>) -> bool {
    let facts = |journey: &Journey<'_>| [0, 1, 2].map(|at| journey.rows().get(at).map(|row| row.fact));
    facts(a) == facts(b)
}
