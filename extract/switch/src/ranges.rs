//! The shares of one binding: whole buckets per target, in the fixed order remote, here, legacy, so that
//! growing one side never moves anybody off it.

use std::collections::BTreeMap;

use kernel::Target;
use serde::{Deserialize, Serialize};

use crate::BUCKETS;

/// Shares that add up to all buckets. Written as `{"remote:notes": 5000, "here": 95000}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Target, u32>", into = "BTreeMap<Target, u32>")]
pub struct Ranges {
    /// In the fixed order; each with the bucket before which it ends. Empty shares are left out.
    ends: Vec<(Target, u32)>,
}

/// Why shares are not ranges.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangesError {
    #[error("the ranges add up to {0}; they must add up to {BUCKETS}")]
    Sum(u64),
}

impl Ranges {
    /// Everything to one target.
    pub fn all(target: Target) -> Self {
        Self { ends: vec![(target, BUCKETS)] }
    }

    pub fn new(shares: BTreeMap<Target, u32>) -> Result<Self, RangesError> {
        let sum: u64 = shares.values().map(|share| u64::from(*share)).sum();
        if sum != u64::from(BUCKETS) {
            return Err(RangesError::Sum(sum));
        }
        Ok(Self::of(shares))
    }

    /// `shares` add up to all buckets.
    fn of(shares: BTreeMap<Target, u32>) -> Self {
        let mut ordered: Vec<_> = shares.into_iter().filter(|(_, share)| *share > 0).collect();
        ordered.sort_by(|(a, _), (b, _)| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        let mut end = 0;
        for (_, share) in &mut ordered {
            end += *share;
            *share = end;
        }
        Self { ends: ordered }
    }

    /// The range that holds a bucket: its place and target.
    pub fn find(&self, bucket: u32) -> (usize, &Target) {
        let at = self.ends.iter().position(|(_, end)| bucket < *end).unwrap_or(0);
        (at, self.ends.get(at).map_or(&Target::Here, |(target, _)| target))
    }

    /// First bucket of the range at a place, and the one after its last.
    pub fn bounds(&self, at: usize) -> (u32, u32) {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
        (start, self.ends.get(at).map_or(BUCKETS, |(_, end)| *end))
    }

    /// Target and share, in the fixed order.
    pub fn shares(&self) -> impl Iterator<Item = (&Target, u32)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(starts).map(|((target, end), start)| (target, end - start))
    }

    /// The buckets of one target, 0 if it has none.
    pub fn share(&self, of: &Target) -> u32 {
        self.shares().find(|(target, _)| *target == of).map_or(0, |(_, share)| share)
    }

    /// With so many buckets (at most all it has) taken from one target and given to another.
    #[must_use]
    pub fn shifted(&self, from: &Target, to: &Target, buckets: u32) -> Self {
        let mut shares: BTreeMap<Target, u32> = self.clone().into();
        let has = shares.get(from).copied().unwrap_or(0);
        let moved = buckets.min(has);
        shares.insert(from.clone(), has - moved);
        *shares.entry(to.clone()).or_default() += moved;
        Self::of(shares)
    }

    /// Whether nothing lies between two targets, so that one grows by exactly what the other gives.
    pub fn are_neighbours(&self, a: &Target, b: &Target) -> bool {
        let (low, high) = if in_order(a, b) { (a, b) } else { (b, a) };
        !self
            .shares()
            .any(|(other, _)| other != a && other != b && in_order(low, other) && in_order(other, high))
    }

    pub(crate) fn ends(&self) -> &[(Target, u32)] {
        &self.ends
    }
}

/// Whether `a` stands before `b` in the fixed order.
pub(crate) fn in_order(a: &Target, b: &Target) -> bool {
    (rank(a), a) < (rank(b), b)
}

fn rank(target: &Target) -> u8 {
    match target {
        Target::Remote(_) => 0,
        Target::Here => 1,
        Target::Legacy(_) => 2,
    }
}

impl TryFrom<BTreeMap<Target, u32>> for Ranges {
    type Error = RangesError;
    fn try_from(shares: BTreeMap<Target, u32>) -> Result<Self, RangesError> {
        Self::new(shares)
    }
}

impl From<Ranges> for BTreeMap<Target, u32> {
    fn from(ranges: Ranges) -> Self {
        ranges.shares().map(|(target, share)| (target.clone(), share)).collect()
    }
}
