//! Time: what passed on the wall, and what this thread alone was given of a processor.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Both, for one piece of work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spent {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

/// Does the work and tells what it took.
pub(crate) async fn spent<T>(work: impl Future<Output = T>) -> (T, Spent) {
    let (cpu, wall) = (thread_cpu(), Instant::now());
    let done = work.await;
    (done, Spent { cpu: thread_cpu().saturating_sub(cpu), wall: wall.elapsed() })
}

/// Many pieces of work of one kind.
#[derive(Debug, Default)]
pub(crate) struct Many(Vec<Spent>);

impl Many {
    pub(crate) fn add(&mut self, one: Spent) {
        self.0.push(one);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The value below which this share (of a thousand) of all lies, in milliseconds.
    pub(crate) fn at(&self, thousandths: usize, of: impl Fn(&Spent) -> Duration) -> f64 {
        let mut all: Vec<Duration> = self.0.iter().map(of).collect();
        all.sort_unstable();
        let rank = (all.len() * thousandths).div_ceil(1_000).max(1) - 1;
        all.get(rank).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    }

    /// How many such pieces one thread does in a second of processor time.
    pub(crate) fn per_second(&self) -> f64 {
        let total: Duration = self.0.iter().map(|one| one.cpu).sum();
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        f64::from(count) / total.as_secs_f64().max(f64::EPSILON)
    }
}

/// What this thread was given since it began.
pub(crate) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
