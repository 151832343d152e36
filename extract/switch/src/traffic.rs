//! What goes where right now, and how it fares: breakers, measures and metrics of every side, beside both seams. It
//! routes around what is broken and never edits the table.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use kernel::{Entropy, Fault, Kind, Op, Outcome, Target, Watch};
use metrics::{counter, gauge};

use crate::{
    BUCKETS, BreakerRule, BreakerState, Ending, NotNow, Point, Ranges, Table,
    lane::{Lane, Over},
    moves::needless,
};

type Lanes = BTreeMap<Arc<str>, Vec<Arc<Lane>>>;

/// The traffic of one process.
pub struct Traffic {
    lanes: ArcSwap<Lanes>,
    rules: ArcSwap<BTreeMap<Arc<str>, BreakerRule>>,
    shares: ArcSwap<BTreeMap<Arc<str>, Ranges>>,
    /// Whose share is published, so that one that is gone can be shown as 0.
    shown: Mutex<BTreeSet<(Arc<str>, Target)>>,
    ticks: Ticks,
    entropy: Arc<dyn Entropy>,
}

/// Monotonic time since any fixed moment.
pub type Ticks = Arc<dyn Fn() -> Duration + Send + Sync>;

/// One side of a module, for boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    pub target: Target,
    pub breaker: BreakerState,
    pub in_flight: u32,
    /// Open streams; they outlive a change of the table.
    pub streams: u64,
    /// The last minute as one.
    pub minute: Point,
}

impl Traffic {
    /// On the machine's monotonic clock. `entropy` spreads the moments at which open breakers try again.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let start = Instant::now();
        Self::ticking(Arc::new(move || start.elapsed()), entropy)
    }

    pub fn ticking(ticks: Ticks, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            lanes: ArcSwap::default(),
            rules: ArcSwap::default(),
            shares: ArcSwap::default(),
            shown: Mutex::default(),
            ticks,
            entropy,
        }
    }

    /// A table has come into force: its breaker rules hold from now on, its shares and epoch are published.
    pub fn apply(&self, table: &Table, now: Timestamp) {
        let rules: BTreeMap<_, _> =
            table.bindings.iter().map(|(name, binding)| (name.clone(), binding.breaker.clone())).collect();
        let rules = Arc::new(rules);
        self.rules.store(rules.clone());
        for lane in self.lanes.load().values().flatten() {
            lane.obey(&rules.get(&lane.module).cloned().unwrap_or_default());
        }
        self.watch_moves(table, now);
        self.publish(table, now);
    }

    /// I7: raising a share moves nobody else. Counted, so that a table that did it anyway is seen.
    fn watch_moves(&self, table: &Table, now: Timestamp) {
        let before = self.shares.load();
        for (name, binding) in table.bindings.iter().filter(|(_, binding)| binding.is_hopping()) {
            if before.get(name).is_some_and(|was| needless(was, &binding.ranges_at(now), &binding.hop)) {
                self.violated("I7");
            }
        }
    }

    /// Publishes the shares and the epoch. A share that glides moves without a new table.
    pub fn publish(&self, table: &Table, now: Timestamp) {
        #[expect(clippy::cast_precision_loss, reason = "a table changes less than 2^53 times")]
        gauge!("banyan_switch_epoch").set(table.epoch as f64);
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let ranges: BTreeMap<_, _> =
            table.bindings.iter().map(|(name, binding)| (name.clone(), binding.ranges_at(now))).collect();
        let ranges = Arc::new(ranges);
        self.shares.store(ranges.clone());
        let ticks = self.now();
        for lane in self.lanes.load().values().flatten() {
            let share = ranges.get(&lane.module).map_or(0, |ranges| ranges.share(&lane.target));
            lane.expect(share, ticks);
        }
        for (name, ranges) in &*ranges {
            shown.extend(ranges.shares().map(|(target, _)| (name.clone(), target.clone())));
        }
        for (name, target) in &*shown {
            let share = ranges.get(name).map_or(0, |ranges| ranges.share(target));
            gauge!("banyan_switch_share", "module" => name.clone(), "target" => target.to_string())
                .set(f64::from(share) / f64::from(BUCKETS));
        }
    }

    pub fn breaker(&self, module: &str, target: &Target) -> BreakerState {
        self.known(module, target).map_or(BreakerState::Closed, |lane| lane.state(self.now()))
    }

    /// Every side that was asked so far.
    pub fn sides(&self, module: &str) -> Vec<Side> {
        let now = self.now();
        let side = |lane: &Arc<Lane>| Side {
            target: lane.target.clone(),
            breaker: lane.state(now),
            in_flight: lane.in_flight(),
            streams: lane.streams(),
            minute: lane.last(12, now),
        };
        self.lanes.load().get(module).map_or_else(Vec::new, |lanes| lanes.iter().map(side).collect())
    }

    /// The last ten minutes of every side that was asked so far, oldest point first.
    pub fn series(&self, module: &str) -> Vec<(Target, Vec<Point>)> {
        let now = self.now();
        let series = |lane: &Arc<Lane>| (lane.target.clone(), lane.points(now));
        self.lanes.load().get(module).map_or_else(Vec::new, |lanes| lanes.iter().map(series).collect())
    }

    /// An invariant of the switch (`I1` to `I17`) was seen broken.
    pub fn violated(&self, id: &'static str) {
        counter!("banyan_switch_invariant_violations_total", "id" => id).increment(1);
    }

    fn known(&self, module: &str, target: &Target) -> Option<Arc<Lane>> {
        let lanes = self.lanes.load();
        lanes.get(module)?.iter().find(|lane| lane.target == *target).cloned()
    }

    pub(crate) fn lane(&self, module: &str, target: &Target) -> Arc<Lane> {
        if let Some(lane) = self.known(module, target) {
            return lane;
        }
        let rule = self.rules.load().get(module).cloned().unwrap_or_default();
        let made = Arc::new(Lane::new(module.into(), target.clone(), rule));
        let share = self.shares.load().get(module).map_or(0, |ranges| ranges.share(target));
        made.expect(share, self.now());
        self.lanes.rcu(|lanes| {
            let mut lanes = Lanes::clone(lanes);
            let sides = lanes.entry(made.module.clone()).or_default();
            if !sides.iter().any(|lane| lane.target == *target) {
                sides.push(made.clone());
            }
            lanes
        });
        self.known(module, target).unwrap_or(made)
    }

    pub(crate) fn now(&self) -> Duration {
        (self.ticks)()
    }

    pub(crate) fn jitter(&self) -> f64 {
        let mut byte = [0];
        self.entropy.fill(&mut byte);
        f64::from(u8::from_ne_bytes(byte)) / f64::from(u8::MAX)
    }
}

impl Watch for Traffic {
    fn admit(&self, op: &'static Op, target: &Target) -> Result<(), Fault> {
        if !is_guarded(op, target) {
            return Ok(());
        }
        let lane = self.lane(op.module, target);
        lane.admit(self.now()).map_err(|why| refused(&lane, why))
    }

    fn done(&self, op: &'static Op, target: &Target, outcome: Outcome, took: Duration) {
        let ending = if outcome == Outcome::Answered { Ending::Success } else { Ending::Failure };
        let lane = self.lane(op.module, target);
        if op.kind != Kind::Feed {
            lane.ended(Over { ending, took, now: self.now() }, || self.jitter());
        }
        lane.meter(op.name, || label(op)).ended(outcome, took);
    }

    fn dropped(&self, op: &'static Op, target: &Target, took: Duration) {
        let lane = self.lane(op.module, target);
        if is_guarded(op, target) {
            lane.dropped(took, self.now());
        }
        lane.meter(op.name, || label(op)).dropped();
    }

    fn fell_back(&self, op: &'static Op, from: &Target, to: &Target) {
        self.route_fell_back(op.module, from, to);
    }
}

/// There is nothing to route around here. A feed has one authoritative side and waits there for news: it would fill the
/// cap, and its time is no measure of health.
fn is_guarded(op: &Op, target: &Target) -> bool {
    *target != Target::Here && op.kind != Kind::Feed
}

fn label(op: &Op) -> String {
    format!("{}.{}", op.module, op.name)
}

pub(crate) fn refused(lane: &Lane, why: NotNow) -> Fault {
    let word = match why {
        NotNow::Open => "open",
        NotNow::Busy => "busy",
    };
    let labels =
        [("module", lane.module.to_string()), ("target", lane.target.to_string()), ("why", word.to_owned())];
    counter!("banyan_switch_turned_away_total", &labels).increment(1);
    Fault::Unavailable(format!("{} at {} is not asked now: {why}", lane.module, lane.target))
}
