//! Many times of one kind of work, and where they lie.

use std::time::Duration;

#[derive(Debug, Default)]
pub(super) struct Times(Vec<u64>);

impl Times {
    pub(super) fn add(&mut self, time: Duration) {
        self.0.push(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// The time below which so many of a thousand lie.
    pub(super) fn at(&mut self, thousandths: usize) -> Duration {
        let rank = (self.0.len() * thousandths).div_ceil(1_000).max(1) - 1;
        if rank >= self.0.len() {
            return Duration::ZERO;
        }
        let (_, found, _) = self.0.select_nth_unstable(rank);
        Duration::from_nanos(*found)
    }
}
