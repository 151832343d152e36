//! One module's line of the decision table: its ranges, the rules before them, and the hop that is under way.

use jiff::Timestamp;
use kernel::{Ctx, Role, Target};
use serde::{Deserialize, Serialize};

use crate::Ranges;

/// Where the calls of one module go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub ranges: Ranges,
    #[serde(default)]
    pub rules: Vec<Rule>,
    pub hop: Hop,
    #[serde(default)]
    pub state: State,
}

/// A migration of a module from one target to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    pub from: Target,
    pub to: Target,
}

/// Whether the hop may move. A halted one is frozen at its `from` until somebody applies a new table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Moving,
    Halted,
}

/// An explicit, expiring exception that comes before the ranges and is never evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub when: When,
    pub target: Target,
    pub until: Timestamp,
}

/// Whom a rule is for. Exactly one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A subject: the stable identity in the visitor's cookie or account.
    Person(String),
    Role(Role),
}

impl When {
    pub(crate) fn holds(&self, ctx: &Ctx) -> bool {
        match self {
            Self::Person(subject) => &*ctx.subject == subject,
            Self::Role(role) => ctx.actor.role() == Some(*role),
        }
    }
}

impl Binding {
    /// Everything here: what a module has that nobody has moved.
    pub fn here() -> Self {
        Self {
            ranges: Ranges::all(Target::Here),
            rules: Vec::new(),
            hop: Hop { from: Target::Here, to: Target::Here },
            state: State::Moving,
        }
    }

    /// Everything at the hop's `from`, and no rules: one step back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self { ranges: Ranges::all(self.hop.from.clone()), rules: Vec::new(), ..self.clone() }
    }

    /// As `back`, and frozen.
    #[must_use]
    pub fn killed(&self) -> Self {
        Self { state: State::Halted, ..self.back() }
    }
}
