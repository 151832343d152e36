//! The route seam's side of the traffic: a request that crosses it says itself how it ended, even by being dropped.

use std::{sync::Arc, time::Duration};

use kernel::{Fault, Outcome, Target};
use metrics::counter;

use crate::{
    Ending, Traffic,
    lane::{Lane, Over},
    traffic::refused,
};

/// A request that the route seam let through. Dropped unfinished, it was given up by its client.
pub struct Crossing {
    traffic: Arc<Traffic>,
    lane: Arc<Lane>,
    op: Box<str>,
    began: Duration,
    is_done: bool,
}

/// An open stream. It is counted until this is dropped.
pub struct OpenStream(Arc<Lane>);

impl Traffic {
    /// The route seam's `admit`. `binding` is `module` or `module/group`; `op` is a word that the table bounds, such as
    /// the pattern or the kind. A refusal means that nothing was sent.
    pub fn cross(self: &Arc<Self>, binding: &str, op: &str, target: &Target) -> Result<Crossing, Fault> {
        let (lane, began) = (self.lane(binding, target), self.now());
        lane.admit(began).map_err(|why| refused(&lane, why))?;
        Ok(Crossing { traffic: self.clone(), lane, op: op.into(), began, is_done: false })
    }

    /// The route seam's `fell_back`.
    pub fn route_fell_back(&self, binding: &str, from: &Target, to: &Target) {
        let labels = [("module", binding.to_owned()), ("from", from.to_string()), ("to", to.to_string())];
        counter!("banyan_switch_fallbacks_total", &labels).increment(1);
    }

    /// Counts a stream for as long as it is open.
    pub fn stream(&self, binding: &str, target: &Target) -> OpenStream {
        let lane = self.lane(binding, target);
        lane.stream_opened();
        OpenStream(lane)
    }
}

impl Crossing {
    /// The answer is here, or there will be none. Whoever waits for its whole body first lets a broken one count against
    /// the side. `Refused` is for a 429, which says nothing against a side that is well, and fails a probe.
    pub fn done(mut self, outcome: Outcome) {
        self.is_done = true;
        let ending = match outcome {
            Outcome::Answered => Ending::Success,
            Outcome::Refused => Ending::Pushback,
            Outcome::Unavailable | Outcome::TimedOut | Outcome::Malformed => Ending::Failure,
        };
        let now = self.traffic.now();
        let took = now.saturating_sub(self.began);
        self.lane.ended(Over { ending, took, now }, || self.traffic.jitter());
        self.lane.meter(&self.op, || self.op.to_string()).ended(outcome, took);
    }
}

impl Drop for Crossing {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        let now = self.traffic.now();
        self.lane.dropped(now.saturating_sub(self.began), now);
        self.lane.meter(&self.op, || self.op.to_string()).dropped();
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.stream_closed();
    }
}
