//! The exact Pareto set of a day: later departure, earlier arrival, fewer legs; one journey for each such triple.

use crate::{compose::Network, journey::Journey, window::Row};

/// The longest that a journey may take.
pub(crate) const LONGEST: i32 = 24 * 60;

/// The set, earliest departure first. `firsts` are the first legs that may be taken, in the order of departure.
pub(crate) fn pareto<'w>(network: &mut Network<'w>, firsts: &[&'w Row]) -> Vec<Journey<'w>> {
    let mut best = Best([i32::MAX; 3]);
    let mut set = Vec::new();
    for together in firsts.chunk_by(|a, b| a.departs == b.departs).rev() {
        let Some(latest) = together.first().map(|row| i32::from(row.departs) + LONGEST) else { continue };
        for legs in 1..=3 {
            let limit = latest.min(best.with(legs).saturating_sub(1));
            if let Some(journey) = earliest(network, together, legs, limit) {
                best.lower(legs, i32::from(journey.arrives()));
                set.push(journey);
            }
        }
    }
    set.sort_by_key(|journey| (journey.departs(), journey.arrives(), journey.legs()));
    set
}

/// The journey that arrives first, and of those that arrive together the preferred one.
fn earliest<'w>(
    network: &mut Network<'w>,
    firsts: &[&'w Row],
    legs: usize,
    mut limit: i32,
) -> Option<Journey<'w>> {
    let window = network.wanted.window;
    let mut best: Option<Journey<'w>> = None;
    for row in firsts {
        network.extend(row, legs, limit, |journey| {
            let better = best.is_none_or(|known| {
                let order = journey.arrives().cmp(&known.arrives());
                order.then_with(|| journey.preferred(&known, window)).is_lt()
            });
            if better {
                best = Some(journey);
            }
            i32::from(journey.arrives())
        });
        limit = best.map_or(limit, |journey| i32::from(journey.arrives()));
    }
    best
}

/// The earliest arrival so far with at most one, two and three legs.
struct Best([i32; 3]);

impl Best {
    fn with(&self, legs: usize) -> i32 {
        self.0.get(legs - 1).copied().unwrap_or(i32::MAX)
    }

    fn lower(&mut self, legs: usize, arrives: i32) {
        for slot in self.0.iter_mut().skip(legs - 1) {
            *slot = (*slot).min(arrives);
        }
    }
}
