//! Who moves between two bindings of one name: exactly so many buckets, and of some subjects exactly these. Pure, so
//! that it needs no server.

use std::collections::{BTreeMap, HashSet};

use ::switch::{Binding, Move, Switch, Table, moves};
use jiff::Timestamp;
use kernel::{Actor, Ctx, FixedClock, Target};
use serde::Serialize;

/// Two tables, asked at one instant.
pub(crate) struct Moving {
    name: String,
    buckets: Vec<Move>,
    before: Switch,
    after: Switch,
}

/// What became of some subjects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Met {
    /// Different ones.
    pub(crate) subjects: u64,
    pub(crate) moved: u64,
    /// Largest first.
    pub(crate) moves: Vec<SubjectMove>,
    /// The first of those who move.
    pub(crate) who: Vec<Who>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SubjectMove {
    pub(crate) from: Target,
    pub(crate) to: Target,
    pub(crate) subjects: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Who {
    pub(crate) subject: String,
    pub(crate) from: Target,
    pub(crate) to: Target,
}

impl Moving {
    /// So many of those who move are named.
    const NAMED: usize = 20;

    pub(crate) fn between(name: &str, before: Binding, after: Binding, now: Timestamp) -> Self {
        let buckets = moves(&before.ranges_at(now), &after.ranges_at(now));
        let switch = |binding| Switch::new(Table::here(&[]).with(name, binding), FixedClock::at(now));
        Self { name: name.to_owned(), buckets, before: switch(before), after: switch(after) }
    }

    /// Largest first.
    pub(crate) fn buckets(&self) -> &[Move] {
        &self.buckets
    }

    /// Each subject counts once, however often it is met. Rules for persons count; those that look at a request do not.
    pub(crate) fn meet(&self, subjects: impl Iterator<Item = String>) -> Met {
        let (mut seen, mut met) = (HashSet::new(), Met::default());
        let mut counts: BTreeMap<(Target, Target), u64> = BTreeMap::new();
        for subject in subjects {
            if !seen.insert(subject.clone()) {
                continue;
            }
            let (Some(from), Some(to)) =
                (self.target(&self.before, &subject), self.target(&self.after, &subject))
            else {
                continue;
            };
            met.subjects += 1;
            if from != to {
                met.moved += 1;
                *counts.entry((from.clone(), to.clone())).or_default() += 1;
                if met.who.len() < Self::NAMED {
                    met.who.push(Who { subject, from, to });
                }
            }
        }
        met.moves =
            counts.into_iter().map(|((from, to), subjects)| SubjectMove { from, to, subjects }).collect();
        met.moves.sort_by_key(|m| std::cmp::Reverse(m.subjects));
        met
    }

    fn target(&self, table: &Switch, subject: &str) -> Option<Target> {
        let ctx = Ctx { subject: subject.into(), ..Ctx::new(Actor::Anonymous, "simulated") };
        table.explain(&self.name, &ctx).map(|explained| explained.target)
    }
}

#[cfg(test)]
mod tests {
    use ::switch::{BUCKETS, Ranges, bucket};

    use super::*;

    fn share(buckets: u32) -> Binding {
        let shares = [(Target::Remote("notes".into()), buckets), (Target::Here, BUCKETS - buckets)].into();
        Binding { ranges: Ranges::new(shares).unwrap(), ..Binding::here() }
    }

    #[test]
    fn exactly_those_between_the_old_boundary_and_the_new() {
        let moving = Moving::between("notes", share(5_000), share(20_000), Timestamp::UNIX_EPOCH);
        assert_eq!(moving.buckets().iter().map(|m| m.buckets).sum::<u32>(), 15_000);
        let subjects: Vec<_> = (0..2_000).map(|n| format!("s-{n}")).collect();
        let expected: Vec<_> =
            subjects.iter().filter(|s| (5_000..20_000).contains(&bucket("notes", s))).cloned().collect();
        let met = moving.meet(subjects.iter().chain(&subjects).cloned());
        assert_eq!((met.subjects, met.moved), (2_000, expected.len() as u64));
        assert_eq!(met.who.iter().map(|who| who.subject.clone()).collect::<Vec<_>>(), expected[..20]);
        assert_eq!(met.moves.len(), 1);
    }
}
