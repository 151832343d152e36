//! What stands beside a fork: asked before a call goes to a side, and told when it has come back. Breakers, caps
//! and measures implement it; the kernel only knows when to ask.

use std::time::{Duration, Instant};

use crate::{Fault, InterfaceError, Op, Target};

/// How a call ended, as policy sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A domain error is an answer too.
    Answered,
    Unavailable,
    TimedOut,
    Malformed,
    Refused,
}

impl Outcome {
    /// The one word used as a metric label and log field.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Unavailable => "unavailable",
            Self::TimedOut => "timed_out",
            Self::Malformed => "malformed",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn of_answer<A, E: InterfaceError>(answer: &Result<A, E>) -> Self {
        match answer {
            Err(error) => error.fault().map_or(Self::Answered, Self::from),
            Ok(_) => Self::Answered,
        }
    }
}

impl From<&Fault> for Outcome {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Unavailable(_) => Self::Unavailable,
            Fault::TimedOut(_) => Self::TimedOut,
            Fault::Malformed(_) => Self::Malformed,
            Fault::Refused(_) => Self::Refused,
        }
    }
}

/// Asked before, and told after, every call of every fork. It must not block.
pub trait Watch: Send + Sync {
    /// May this call go there now? A refusal (an open breaker, too many in flight) means that nothing was done.
    fn admit(&self, op: &'static Op, target: &Target) -> Result<(), Fault>;
    /// An admitted call has ended. `took` is the side's own time.
    fn done(&self, op: &'static Op, target: &Target, outcome: Outcome, took: Duration);
    /// An admitted call was given up by its asker before it ended.
    fn dropped(&self, op: &'static Op, target: &Target, took: Duration);
    /// A query is asked again, of the other side.
    fn fell_back(&self, op: &'static Op, from: &Target, to: &Target);
}

/// Lets everything through and remembers nothing: tests and tools.
pub struct Unwatched;

impl Watch for Unwatched {
    fn admit(&self, _: &'static Op, _: &Target) -> Result<(), Fault> {
        Ok(())
    }
    fn done(&self, _: &'static Op, _: &Target, _: Outcome, _: Duration) {}
    fn dropped(&self, _: &'static Op, _: &Target, _: Duration) {}
    fn fell_back(&self, _: &'static Op, _: &Target, _: &Target) {}
}

/// One admitted call. Dropping it unfinished says so.
pub(crate) struct Watched<'a> {
    watch: &'a dyn Watch,
    op: &'static Op,
    target: &'a Target,
    began: Instant,
    is_done: bool,
}

impl<'a> Watched<'a> {
    pub(crate) fn admit(watch: &'a dyn Watch, op: &'static Op, target: &'a Target) -> Result<Self, Fault> {
        watch.admit(op, target)?;
        Ok(Self { watch, op, target, began: Instant::now(), is_done: false })
    }

    pub(crate) fn done(mut self, outcome: Outcome) {
        self.is_done = true;
        self.watch.done(self.op, self.target, outcome, self.began.elapsed());
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.watch.dropped(self.op, self.target, self.began.elapsed());
        }
    }
}
