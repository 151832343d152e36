//! Who flies what next. Each aircraft that comes home takes the next departure of its type from that base; matched around the
//! clock this closes by itself, night after night, with the smallest fleet.

use super::timetable::Pair;

pub(super) struct Rotation {
    /// By pair: the pair flown after it, and how many operating days later.
    next: Vec<(usize, i64)>,
    /// By pair: its place in the cycle, in days.
    place: Vec<i64>,
    /// By pair: the first aircraft of its cycle, and how many fly it.
    fleet: Vec<(i64, i64)>,
}

impl Rotation {
    pub(super) fn of(pairs: &[Pair]) -> Self {
        let next = successors(pairs);
        let mut place = vec![0; pairs.len()];
        let mut fleet = vec![(0, 0); pairs.len()];
        let mut known = 0;
        for start in 0..pairs.len() {
            if fleet.get(start).is_none_or(|(_, size)| *size > 0) {
                continue;
            }
            let (members, size) = cycle(&next, start);
            for (pair, days) in members {
                if let Some((place, fleet)) = place.get_mut(pair).zip(fleet.get_mut(pair)) {
                    *place = days;
                    *fleet = (known, size);
                }
            }
            known += size;
        }
        Self { next, place, fleet }
    }

    /// What the aircraft of this pair does after coming home; days on which the successor rests are passed over.
    pub(super) fn after(&self, pairs: &[Pair], pair: usize, day: i64) -> (usize, i64) {
        let mut at = (pair, day);
        for _ in 0..200 {
            let Some((next, days)) = self.next.get(at.0) else { break };
            at = (*next, at.1 + days);
            if pairs.get(at.0).is_some_and(|next| next.flies_on(at.1)) {
                break;
            }
        }
        at
    }

    /// The number of the aircraft that flies this pair on this day.
    pub(super) fn aircraft(&self, pair: usize, day: i64) -> i64 {
        let (first, size) = self.fleet.get(pair).copied().unwrap_or((0, 1));
        first + (day - self.place.get(pair).copied().unwrap_or_default()).rem_euclid(size.max(1))
    }

    pub(super) fn fleet_size(&self) -> i64 {
        self.fleet.iter().map(|(first, size)| first + size).max().unwrap_or_default()
    }
}

/// `QB` and three letters: no country has Q as its registration mark.
pub(super) fn registration(aircraft: i64) -> String {
    let letter = |n: i64| char::from(b'A' + u8::try_from(n.rem_euclid(26)).unwrap_or_default());
    format!("QB{}{}{}", letter(aircraft / 676), letter(aircraft / 26), letter(aircraft))
}

fn cycle(next: &[(usize, i64)], start: usize) -> (Vec<(usize, i64)>, i64) {
    let mut members = vec![(start, 0)];
    let mut at = (start, 0);
    while let Some((pair, days)) = next.get(at.0) {
        at = (*pair, at.1 + days);
        if at.0 == start {
            break;
        }
        members.push(at);
    }
    (members, at.1)
}

fn successors(pairs: &[Pair]) -> Vec<(usize, i64)> {
    let mut pools: std::collections::BTreeMap<(usize, usize), Vec<usize>> = std::collections::BTreeMap::new();
    for (place, pair) in pairs.iter().enumerate() {
        pools.entry((pair.base, pair.kind)).or_default().push(place);
    }
    let mut next = vec![(0, 1); pairs.len()];
    for pool in pools.values() {
        for (home, leaving) in first_come(pairs, pool) {
            let (Some(ready), Some(leaves)) =
                (pairs.get(home).map(Pair::ready), pairs.get(leaving).map(Pair::leaves))
            else {
                continue;
            };
            let days = i64::from((ready - leaves + 1439).div_euclid(1440));
            if let Some(slot) = next.get_mut(home) {
                *slot = (leaving, days);
            }
        }
    }
    next
}

/// First home, first away; those that find nothing before midnight take what the next day begins with.
fn first_come(pairs: &[Pair], pool: &[usize]) -> Vec<(usize, usize)> {
    let mut moments: Vec<(i32, bool, usize)> = Vec::new();
    for place in pool {
        if let Some(pair) = pairs.get(*place) {
            moments.push((pair.ready().rem_euclid(1440), false, *place));
            moments.push((pair.leaves().rem_euclid(1440), true, *place));
        }
    }
    moments.sort_unstable();
    let mut home = std::collections::VecDeque::new();
    let mut waiting = Vec::new();
    let mut matched = Vec::new();
    for (_, leaves, place) in moments {
        if !leaves {
            home.push_back(place);
        } else if let Some(first) = home.pop_front() {
            matched.push((first, place));
        } else {
            waiting.push(place);
        }
    }
    matched.extend(home.into_iter().zip(waiting));
    matched
}
