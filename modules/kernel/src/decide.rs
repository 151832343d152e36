//! Who decides where a call goes. The decision table implements this; tests and tools may stand in for it.

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

/// The decision itself. It must not block, and must not allocate for a target that it already holds.
pub trait Decide: Send + Sync {
    /// The target of one call that carries no pin for its module.
    fn decide(&self, ctx: &Ctx, op: &Op) -> Target;
    /// One look for all modules, taken at the edge.
    fn pin(&self, ctx: &Ctx) -> Pin;
}

/// Everything goes to one target: an in-process build without a cockpit, and tests.
pub struct Always(pub Target);

impl Decide for Always {
    fn decide(&self, _: &Ctx, _: &Op) -> Target {
        self.0.clone()
    }

    fn pin(&self, _: &Ctx) -> Pin {
        Pin::new(0, [])
    }
}
