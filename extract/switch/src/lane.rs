//! One module at one target: its breaker, its last ten minutes, and its metrics. Handles are made once, so that a
//! call pays for two short locks and no allocation.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use kernel::{Outcome, Target};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::{Breaker, BreakerRule, BreakerState, Ending, NotNow, Point, Series};

pub(crate) struct Lane {
    pub(crate) module: Arc<str>,
    pub(crate) target: Target,
    core: Mutex<Core>,
    meters: ArcSwap<BTreeMap<Box<str>, Arc<Meter>>>,
    state: Option<Gauge>,
    streams: AtomicU64,
}

struct Core {
    /// `here` has none: there is nothing to route around.
    breaker: Option<Breaker>,
    /// What the gauge says of it.
    shown: BreakerState,
    series: Series,
}

/// What one operation of a lane is counted in.
pub(crate) struct Meter {
    labels: [(&'static str, String); 3],
    ended: [OnceLock<Counter>; 6],
    took: Histogram,
}

/// A call that is over.
#[derive(Clone, Copy)]
pub(crate) struct Over {
    pub(crate) ending: Ending,
    pub(crate) took: Duration,
    pub(crate) now: Duration,
}

impl Lane {
    pub(crate) fn new(module: Arc<str>, target: Target, rule: BreakerRule) -> Self {
        let guarded = target != Target::Here;
        let state = guarded.then(|| {
            gauge!("banyan_switch_breaker_state", "module" => module.clone(), "target" => target.to_string())
        });
        let core = Core {
            breaker: guarded.then(|| Breaker::new(rule)),
            shown: BreakerState::Closed,
            series: Series::default(),
        };
        let lane = Self {
            module,
            target,
            core: Mutex::new(core),
            meters: ArcSwap::default(),
            state,
            streams: AtomicU64::new(0),
        };
        lane.show(BreakerState::Closed);
        lane
    }

    pub(crate) fn obey(&self, rule: &BreakerRule) {
        if let Some(breaker) = &mut self.core().breaker {
            breaker.obey(rule);
        }
    }

    pub(crate) fn expect(&self, share: u32, now: Duration) {
        if let Some(breaker) = &mut self.core().breaker {
            breaker.expect(share, now);
        }
    }

    pub(crate) fn admit(&self, now: Duration) -> Result<(), NotNow> {
        if self.target == Target::Here {
            return Ok(());
        }
        self.change(now, |core| core.breaker.as_mut().map_or(Ok(()), |breaker| breaker.admit(now)))
    }

    pub(crate) fn ended(&self, over: Over, jitter: impl FnOnce() -> f64) {
        let Over { ending, took, now } = over;
        self.change(now, |core| {
            core.series.add(now, ending != Ending::Failure, took);
            if let Some(breaker) = &mut core.breaker {
                // Chance is only asked for when there may be something to open.
                let jitter = if ending == Ending::Success { 0.0 } else { jitter() };
                breaker.ended(now.saturating_sub(took), ending, now, jitter);
            }
        });
    }

    pub(crate) fn dropped(&self, took: Duration, now: Duration) {
        if self.target == Target::Here {
            return;
        }
        self.change(now, |core| {
            if let Some(breaker) = &mut core.breaker {
                breaker.dropped(now.saturating_sub(took), now);
            }
        });
    }

    pub(crate) fn state(&self, now: Duration) -> BreakerState {
        self.core().state(now)
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.core().breaker.as_ref().map_or(0, Breaker::in_flight)
    }

    pub(crate) fn points(&self, now: Duration) -> Vec<Point> {
        let series = self.core().series.clone();
        series.points(now)
    }

    pub(crate) fn last(&self, spells: u64, now: Duration) -> Point {
        let series = self.core().series.clone();
        series.last(spells, now)
    }

    /// The meter of an operation, made at its first call. `label` writes its name for people.
    pub(crate) fn meter(&self, op: &str, label: impl FnOnce() -> String) -> Arc<Meter> {
        if let Some(meter) = self.meters.load().get(op) {
            return meter.clone();
        }
        let made = Arc::new(Meter::new(&self.module, label(), &self.target));
        self.meters.rcu(|meters| {
            let mut meters = BTreeMap::clone(meters);
            meters.entry(op.into()).or_insert_with(|| made.clone());
            meters
        });
        made
    }

    pub(crate) fn streams(&self) -> u64 {
        self.streams.load(Ordering::Relaxed)
    }

    pub(crate) fn stream_opened(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
        self.stream_gauge().increment(1.0);
    }

    pub(crate) fn stream_closed(&self) {
        self.streams.fetch_sub(1, Ordering::Relaxed);
        self.stream_gauge().decrement(1.0);
    }

    fn stream_gauge(&self) -> Gauge {
        gauge!("banyan_switch_streams", "module" => self.module.clone(), "target" => self.target.to_string())
    }

    /// Changes the core, and shows the breaker's state if that changed.
    fn change<T>(&self, now: Duration, change: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.core();
        let answer = change(&mut core);
        let state = core.state(now);
        // Shown under the lock, so that the gauge keeps the order of the changes.
        if core.shown != state {
            core.shown = state;
            self.show(state);
        }
        answer
    }

    fn show(&self, state: BreakerState) {
        if let Some(gauge) = &self.state {
            gauge.set(match state {
                BreakerState::Closed => 0.0,
                BreakerState::HalfOpen => 1.0,
                BreakerState::Open => 2.0,
            });
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    fn state(&self, now: Duration) -> BreakerState {
        self.breaker.as_ref().map_or(BreakerState::Closed, |breaker| breaker.state(now))
    }
}

impl Meter {
    fn new(module: &str, op: String, target: &Target) -> Self {
        let labels = [("module", module.to_owned()), ("op", op), ("target", target.to_string())];
        let took = histogram!("banyan_switch_duration_seconds", &labels);
        Self { labels, ended: std::array::from_fn(|_| OnceLock::new()), took }
    }

    pub(crate) fn ended(&self, outcome: Outcome, took: Duration) {
        self.count(place(outcome), outcome.word());
        self.took.record(took);
    }

    pub(crate) fn dropped(&self) {
        self.count(5, "dropped");
    }

    /// Counters are made when they first count, or every operation would show six that never move.
    fn count(&self, place: usize, outcome: &'static str) {
        let Some(counter) = self.ended.get(place) else { return };
        let made = || {
            let [module, op, target] = self.labels.clone();
            let labels =
                [module, op, target, ("outcome", outcome.to_owned()), ("role", "primary".to_owned())];
            counter!("banyan_switch_requests_total", &labels)
        };
        counter.get_or_init(made).increment(1);
    }
}

fn place(outcome: Outcome) -> usize {
    match outcome {
        Outcome::Answered => 0,
        Outcome::Unavailable => 1,
        Outcome::TimedOut => 2,
        Outcome::Malformed => 3,
        Outcome::Refused => 4,
    }
}
