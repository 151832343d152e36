//! Who decides where a call goes. The decision table implements this; tests and tools may stand in for it.

use std::time::Duration;

use crate::{Ctx, Op, Pin, Target};

/// Where the three kinds of a module's operations go for one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    pub query: Target,
    pub command: Target,
    pub feed: Target,
}

impl Targets {
    pub fn all(target: Target) -> Self {
        Self { query: target.clone(), command: target.clone(), feed: target }
    }
}

/// The public request behind a decision, as rules by header, cookie or path see it.
pub trait Seen {
    /// The raw path, as it was sent.
    fn path(&self) -> &str;
    /// Whether the header is there, with this value if one is named.
    fn has_header(&self, name: &str, value: Option<&str>) -> bool;
    /// Whether the cookie is there, with this value if one is named.
    fn has_cookie(&self, name: &str, value: Option<&str>) -> bool;
}

/// No public request: a worker's call, or a command line's.
pub struct Unseen;

impl Seen for Unseen {
    fn path(&self) -> &'static str {
        ""
    }
    fn has_header(&self, _: &str, _: Option<&str>) -> bool {
        false
    }
    fn has_cookie(&self, _: &str, _: Option<&str>) -> bool {
        false
    }
}

/// The other side of a hop, for a query whose own side gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    pub to: Target,
    /// How long the first side may take before the other is asked.
    pub wait: Duration,
}

/// The decision itself. It must not block, and must not allocate for a target that it already holds.
pub trait Decide: Send + Sync {
    /// The target of one call that carries no pin for its module.
    fn decide(&self, ctx: &Ctx, op: &Op) -> Target;
    /// One look for all modules, taken at the edge.
    fn pin(&self, ctx: &Ctx, seen: &dyn Seen) -> Pin;
    /// Where a query may go that got no answer from `target`.
    fn fallback(&self, op: &Op, target: &Target) -> Option<Fallback> {
        let _ = (op, target);
        None
    }
}

/// Everything goes to one target: an in-process build without a cockpit, and tests.
pub struct Always(pub Target);

impl Decide for Always {
    fn decide(&self, _: &Ctx, _: &Op) -> Target {
        self.0.clone()
    }

    fn pin(&self, _: &Ctx, _: &dyn Seen) -> Pin {
        Pin::new(0, [])
    }
}
