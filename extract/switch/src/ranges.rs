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
        let mut ordered: Vec<_> = shares.into_iter().filter(|(_, share)| *share > 0).collect();
        ordered.sort_by(|(a, _), (b, _)| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        let mut end = 0;
        for (_, share) in &mut ordered {
            end += *share;
            *share = end;
        }
        Ok(Self { ends: ordered })
    }

    /// The range that holds a bucket: its place and target.
    pub fn find(&self, bucket: u32) -> (usize, &Target) {
        let at = self.ends.iter().position(|(_, end)| bucket < *end).unwrap_or(0);
        (at, self.ends.get(at).map_or(&Target::Here, |(target, _)| target))
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

    pub(crate) fn ends(&self) -> &[(Target, u32)] {
        &self.ends
    }
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
