//! Who would move between two sets of ranges, counted exactly, bucket by bucket.

use kernel::Target;
use serde::{Deserialize, Serialize};

use crate::{BUCKETS, Hop, Ranges};

/// So many buckets go from one target to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub from: Target,
    pub to: Target,
    pub buckets: u32,
}

/// Every pair of different targets that some buckets go between, largest first.
pub fn moves(before: &Ranges, after: &Ranges) -> Vec<Move> {
    let mut found: Vec<Move> = Vec::new();
    let mut start = 0;
    while start < BUCKETS {
        let (from, from_end) = run(before, start);
        let (to, to_end) = run(after, start);
        let end = from_end.min(to_end);
        if from != to {
            match found.iter_mut().find(|m| m.from == *from && m.to == *to) {
                Some(same) => same.buckets += end - start,
                None => found.push(Move { from: from.clone(), to: to.clone(), buckets: end - start }),
            }
        }
        start = end;
    }
    found.sort_by_key(|m| std::cmp::Reverse(m.buckets));
    found
}

/// Whether a share that only grew moved anybody but from the hop's `from` to its `to`: never, by the fixed order.
pub(crate) fn needless(before: &Ranges, after: &Ranges, hop: &Hop) -> bool {
    let is_side = |target: &Target| *target == hop.from || *target == hop.to;
    let others = |ranges: &Ranges| -> Vec<_> {
        ranges.shares().filter(|(target, _)| !is_side(target)).map(|(t, share)| (t.clone(), share)).collect()
    };
    let grew = after.share(&hop.to) > before.share(&hop.to) && others(before) == others(after);
    grew && moves(before, after).iter().any(|m| m.from != hop.from || m.to != hop.to)
}

fn run(ranges: &Ranges, bucket: u32) -> (&Target, u32) {
    let (at, target) = ranges.find(bucket);
    (target, ranges.ends().get(at).map_or(BUCKETS, |(_, end)| *end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(remote: u32, here: u32, legacy: u32) -> Ranges {
        Ranges::new(
            [
                (Target::Remote("r".into()), remote),
                (Target::Here, here),
                (Target::Legacy("l".into()), legacy),
            ]
            .into(),
        )
        .unwrap()
    }

    #[test]
    fn only_the_changed_boundary_moves() {
        let moved = moves(&ranges(5_000, 75_000, 20_000), &ranges(15_000, 65_000, 20_000));
        assert_eq!(moved, [Move { from: Target::Here, to: Target::Remote("r".into()), buckets: 10_000 }]);
        assert_eq!(moves(&ranges(0, 100_000, 0), &ranges(0, 100_000, 0)), []);
        assert_eq!(moves(&ranges(100_000, 0, 0), &ranges(0, 0, 100_000)).len(), 1);
    }

    #[test]
    fn needless_moves_are_seen() {
        let (remote, legacy) = (Target::Remote("r".into()), Target::Legacy("l".into()));
        let hop = |from: &Target, to: &Target| Hop { from: from.clone(), to: to.clone() };
        let (before, after) = (ranges(5_000, 75_000, 20_000), ranges(15_000, 65_000, 20_000));
        assert!(!needless(&before, &after, &hop(&Target::Here, &remote)));
        // Not neighbours: growing one takes from the side between them.
        let after = ranges(15_000, 75_000, 10_000);
        assert!(needless(&before, &after, &hop(&legacy, &remote)));
    }

    #[test]
    fn shares_must_add_up() {
        let short = Ranges::new([(Target::Here, 99_999)].into());
        assert_eq!(short, Err(crate::RangesError::Sum(99_999)));
        let huge = Ranges::new([(Target::Here, u32::MAX), (Target::Remote("r".into()), u32::MAX)].into());
        assert!(huge.is_err());
    }
}
