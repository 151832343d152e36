//! When one side of a module counts as broken. Pure: the time and the jitter are passed in. There is no moving
//! average of success, in which a tight burst has almost no weight and a total outage can hide.

use std::time::Duration;

use serde::Serialize;

use crate::{BUCKETS, BreakerRule, slots::Slots};

/// The breaker of one target, as its calls see it. Times are monotonic, counted from any fixed moment.
#[derive(Debug, Clone)]
pub struct Breaker {
    rule: BreakerRule,
    phase: Phase,
    /// When the phase began: calls that began earlier say nothing about it.
    since: Duration,
    calls: Slots<Calls, 10>,
    /// Hard failures since the last success.
    failed_in_a_row: u32,
    /// Opened so often without a success in between.
    opened: u32,
    in_flight: u32,
    answered: Slots<u32, 10>,
    /// Of all buckets.
    share: u32,
    /// What it had until lately, and how long that counts.
    before: (u32, Duration),
}

/// What a breaker lets through: everything, one probe at a time, nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Closed,
    HalfOpen,
    Open,
}

/// How a call ended, as a breaker sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Success,
    /// Refused, reset, timed out, malformed: no answer.
    Failure,
    /// "Not now", such as a 429: no sign of health, and none of illness.
    Pushback,
}

/// Why a call may not go to a side now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    #[error("its breaker is open")]
    Open,
    #[error("too many calls are in flight")]
    Busy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { until: Duration },
    Probing,
}

#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    succeeded: u32,
    failed: u32,
}

impl Breaker {
    /// How long it stays open at first, and at most.
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_mins(1);
    /// So many calls may be in flight to a side that has answered nothing lately.
    const QUIET: u32 = 5;
    /// As long as a request may take.
    const STRAGGLERS: Duration = Duration::from_secs(10);

    pub fn new(rule: BreakerRule) -> Self {
        Self {
            phase: Phase::Closed,
            since: Duration::ZERO,
            calls: Slots::over(rule.window.get()),
            failed_in_a_row: 0,
            opened: 0,
            in_flight: 0,
            answered: Slots::over(Duration::from_secs(1)),
            share: 0,
            before: (0, Duration::ZERO),
            rule,
        }
    }

    /// Obeys another rule from now on. What is open stays open.
    pub fn obey(&mut self, rule: &BreakerRule) {
        if self.rule != *rule {
            self.calls = Slots::over(rule.window.get());
            self.rule = rule.clone();
        }
    }

    /// How many buckets its side has from now on. What was decided while it had more may still come.
    pub fn expect(&mut self, share: u32, now: Duration) {
        if share < self.share {
            self.before = (self.expected(now), now + Self::STRAGGLERS);
        }
        self.share = share;
    }

    /// May a call begin? Each that may must be followed by one `ended` or `dropped`.
    pub fn admit(&mut self, now: Duration) -> Result<(), NotNow> {
        match self.phase {
            Phase::Closed => {
                if self.in_flight >= self.cap(now) {
                    return Err(NotNow::Busy);
                }
            }
            Phase::Open { until } if now >= until => self.turn(Phase::Probing, now),
            Phase::Open { .. } | Phase::Probing => return Err(NotNow::Open),
        }
        self.in_flight += 1;
        Ok(())
    }

    /// A call has ended that began at `began`. `jitter` is from 0 to 1.
    pub fn ended(&mut self, began: Duration, ending: Ending, now: Duration, jitter: f64) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if ending == Ending::Success {
            self.answered.count(now, |answered| *answered += 1);
        }
        if began < self.since {
            return;
        }
        match self.phase {
            Phase::Closed => self.judge(ending, now, jitter),
            Phase::Probing if ending == Ending::Success => self.close(now),
            Phase::Probing => self.open(now, jitter),
            Phase::Open { .. } => {}
        }
    }

    /// A call was given up by its asker. If it was the probe, another may go.
    pub fn dropped(&mut self, began: Duration, now: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.phase == Phase::Probing && began >= self.since {
            self.turn(Phase::Open { until: now }, now);
        }
    }

    pub fn state(&self, now: Duration) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until } if now < until => BreakerState::Open,
            Phase::Open { .. } | Phase::Probing => BreakerState::HalfOpen,
        }
    }

    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// A side may hold twice what it answered in the last second: what is stalled meets it, what is healthy does not.
    /// One that was quiet may hold its share of the ceiling: a flip sends it everybody at once, and a side without
    /// another one beside it would be spared in vain. Every failure in a row takes a place away, so that a dead side
    /// with a small share fails five calls, and not those behind them too.
    fn cap(&mut self, now: Duration) -> u32 {
        let answered: u32 = self.answered.all(now).sum();
        let share = u64::from(self.rule.in_flight) * u64::from(self.expected(now)) / u64::from(BUCKETS);
        let quiet = u32::try_from(share).unwrap_or(u32::MAX).max(Self::QUIET);
        let cap = answered.saturating_mul(2).max(quiet).min(self.rule.in_flight);
        cap.saturating_sub(self.failed_in_a_row).max(1)
    }

    fn expected(&self, now: Duration) -> u32 {
        let (before, until) = self.before;
        if now < until { self.share.max(before) } else { self.share }
    }

    fn judge(&mut self, ending: Ending, now: Duration, jitter: f64) {
        match ending {
            Ending::Pushback => {}
            Ending::Success => {
                self.failed_in_a_row = 0;
                self.calls.count(now, |calls| calls.succeeded += 1);
            }
            Ending::Failure => {
                self.failed_in_a_row += 1;
                self.calls.count(now, |calls| calls.failed += 1);
            }
        }
        if self.failed_in_a_row >= self.rule.consecutive || self.too_few_succeed(now) {
            self.open(now, jitter);
        }
    }

    fn too_few_succeed(&mut self, now: Duration) -> bool {
        let (succeeded, failed) =
            self.calls.all(now).fold((0, 0), |(s, f), calls| (s + calls.succeeded, f + calls.failed));
        let all = succeeded + failed;
        all >= self.rule.min && f64::from(succeeded) < self.rule.ratio * f64::from(all)
    }

    fn open(&mut self, now: Duration, jitter: f64) {
        let doubled = Self::FIRST * 2u32.saturating_pow(self.opened.min(6));
        // A tenth to either side, so that many processes do not probe at one moment.
        let open = doubled.min(Self::LONGEST).mul_f64(0.9 + 0.2 * jitter.clamp(0.0, 1.0));
        self.opened += 1;
        self.turn(Phase::Open { until: now + open.min(Self::LONGEST) }, now);
    }

    fn close(&mut self, now: Duration) {
        self.opened = 0;
        self.failed_in_a_row = 0;
        self.calls.clear();
        self.turn(Phase::Closed, now);
    }

    fn turn(&mut self, phase: Phase, now: Duration) {
        self.phase = phase;
        self.since = now;
    }
}
