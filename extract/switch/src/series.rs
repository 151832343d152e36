//! The last ten minutes of one side: how much it was asked, how often it gave no answer, and how long answers took.
//! Memory is bounded, and a quiet side holds next to none.

use std::{collections::VecDeque, time::Duration};

/// Counts per five seconds. Times are monotonic, counted from any fixed moment.
#[derive(Debug, Clone, Default)]
pub struct Series {
    newest: Spell,
    /// In order; spells in which nothing ended are left out.
    older: VecDeque<Spell>,
}

/// What ended in a span of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Point {
    /// How long ago the span began.
    pub ago: Duration,
    pub span: Duration,
    /// Domain errors are answers.
    pub answered: u64,
    pub failed: u64,
    /// Half of the answers took at most so long, within a tenth; `None` without answers.
    pub p50: Option<Duration>,
    pub p99: Option<Duration>,
}

impl Point {
    pub fn per_second(&self) -> f64 {
        let calls = u32::try_from(self.answered + self.failed).unwrap_or(u32::MAX);
        if self.span.is_zero() { 0.0 } else { f64::from(calls) / self.span.as_secs_f64() }
    }

    /// From 0 to 1; `None` when nothing was asked, which is no evidence of health.
    pub fn failed_share(&self) -> Option<f64> {
        let part = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let calls = self.answered + self.failed;
        (calls > 0).then(|| part(self.failed) / part(calls))
    }
}

impl Series {
    /// One point of [`Series::points`].
    pub const SPELL: Duration = Duration::from_secs(5);
    /// So many points.
    pub const POINTS: u64 = 120;

    /// A call has ended; `took` counts only for an answer.
    pub fn add(&mut self, now: Duration, answered: bool, took: Duration) {
        let spell = self.spell(now);
        if answered {
            spell.answered += 1;
            spell.took.add(took);
        } else {
            spell.failed += 1;
        }
    }

    /// The last ten minutes, oldest first, without gaps.
    pub fn points(&self, now: Duration) -> Vec<Point> {
        let newest = number(now);
        let oldest = newest.saturating_sub(Self::POINTS - 1);
        (oldest..=newest).map(|at| self.over(at, at, now)).collect()
    }

    /// The last few spells as one, the unfinished one with them.
    pub fn last(&self, spells: u64, now: Duration) -> Point {
        let newest = number(now);
        self.over((newest + 1).saturating_sub(spells.max(1)), newest, now)
    }

    fn over(&self, from: u64, to: u64, now: Duration) -> Point {
        let mut sum = Spell::default();
        let known = self.older.iter().chain([&self.newest]);
        for spell in known.filter(|spell| (from..=to).contains(&spell.number)) {
            sum.answered += spell.answered;
            sum.failed += spell.failed;
            sum.took.merge(&spell.took);
        }
        let began = Self::SPELL.saturating_mul(u32::try_from(from).unwrap_or(u32::MAX));
        let end = Self::SPELL.saturating_mul(u32::try_from(to + 1).unwrap_or(u32::MAX)).min(now);
        Point {
            ago: now.saturating_sub(began),
            span: end.saturating_sub(began),
            answered: sum.answered,
            failed: sum.failed,
            p50: sum.took.quantile(50),
            p99: sum.took.quantile(99),
        }
    }

    /// A time before the newest spell counts into it: callers read the clock before they wait for their turn.
    fn spell(&mut self, now: Duration) -> &mut Spell {
        let number = number(now);
        if number > self.newest.number {
            let newest = Spell { number, ..Spell::default() };
            self.older.push_back(std::mem::replace(&mut self.newest, newest));
            while self.older.front().is_some_and(|old| old.number + Self::POINTS <= number) {
                self.older.pop_front();
            }
        }
        &mut self.newest
    }
}

fn number(now: Duration) -> u64 {
    now.as_secs() / Series::SPELL.as_secs()
}

#[derive(Debug, Clone, Default)]
struct Spell {
    number: u64,
    answered: u64,
    failed: u64,
    took: Times,
}

/// How many answers took how long: four bins to a doubling, from a microsecond to two minutes.
#[derive(Debug, Clone)]
struct Times([u32; Times::BINS]);

impl Default for Times {
    fn default() -> Self {
        Self([0; Self::BINS])
    }
}

impl Times {
    const BINS: usize = 4 * 27;

    fn add(&mut self, took: Duration) {
        if let Some(bin) = self.0.get_mut(Self::bin(took)) {
            *bin += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(bin, more)| *bin += more);
    }

    /// The middle of the bin in which that many percent are reached.
    fn quantile(&self, percent: u64) -> Option<Duration> {
        let all: u64 = self.0.iter().copied().map(u64::from).sum();
        let wanted = (all * percent).div_ceil(100);
        let mut seen = 0;
        let bin = self.0.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        })?;
        (all > 0).then(|| Duration::from_nanos(Self::starts(bin).midpoint(Self::starts(bin + 1))))
    }

    /// The two bits after the highest one tell the quarter of a doubling. Below 4 µs whole microseconds are finer than
    /// that, so the count is of quarters of a microsecond.
    fn bin(took: Duration) -> usize {
        let quarters = u64::try_from(took.as_nanos() / 250).unwrap_or(u64::MAX).max(4);
        let doublings = quarters.ilog2() - 2;
        let quarter = (quarters >> doublings) & 3;
        usize::try_from(4 * u64::from(doublings) + quarter).unwrap_or(Self::BINS).min(Self::BINS - 1)
    }

    /// The nanoseconds at which a bin starts.
    fn starts(bin: usize) -> u64 {
        ((4 + bin as u64 % 4) << (bin / 4)) * 250
    }
}
