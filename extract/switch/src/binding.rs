//! One line of the decision table, for a module or a group of its routes: its ranges, the rules before them, and
//! the hop that is under way.

use jiff::Timestamp;
use kernel::{Kind, Target};
use serde::{Deserialize, Serialize};

use crate::{BreakerRule, Gate, Glide, Ramp, Ranges, Route, Rule};

/// Where the calls of one module, or one group of routes, go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub ranges: Ranges,
    #[serde(default)]
    pub rules: Vec<Rule>,
    pub hop: Hop,
    #[serde(default)]
    pub state: State,
    #[serde(default)]
    pub routes: Vec<Route>,
    #[serde(default)]
    pub ramp: Option<Ramp>,
    #[serde(default)]
    pub gates: Vec<Gate>,
    #[serde(default)]
    pub breaker: BreakerRule,
    #[serde(default)]
    pub approve: Option<Approve>,
    /// A time ramp that is under way.
    #[serde(default)]
    pub glide: Option<Glide>,
    /// When the shares last changed: the hold of a step counts from here.
    #[serde(default)]
    pub since: Option<Timestamp>,
    #[serde(default)]
    pub last: Option<LastChange>,
}

/// A migration from one target to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hop {
    pub from: Target,
    pub to: Target,
}

/// How far a hop is. A halted one is frozen at its `from` until somebody goes back or applies a new table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    #[default]
    #[serde(alias = "moving")]
    Bounded,
    Connected,
    Shadow,
    Synced,
    ReadRamp,
    WriteCutover,
    Primary,
    Retired,
    #[serde(alias = "halted")]
    Halted,
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::Bounded,
        Self::Connected,
        Self::Shadow,
        Self::Synced,
        Self::ReadRamp,
        Self::WriteCutover,
        Self::Primary,
        Self::Retired,
        Self::Halted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounded => "BOUNDED",
            Self::Connected => "CONNECTED",
            Self::Shadow => "SHADOW",
            Self::Synced => "SYNCED",
            Self::ReadRamp => "READ_RAMP",
            Self::WriteCutover => "WRITE_CUTOVER",
            Self::Primary => "PRIMARY",
            Self::Retired => "RETIRED",
            Self::Halted => "HALTED",
        }
    }

    /// Whether `to` is the writer: commands and feeds go there whatever an exception says.
    pub(crate) fn writes_at_to(self) -> bool {
        matches!(self, Self::Primary | Self::Retired)
    }
}

impl std::str::FromStr for State {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            format!("`{text}` is no state; states are {}", Self::ALL.map(Self::as_str).join(", "))
        })
    }
}

/// From which state on, and by how many people, a change must be agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    pub from_state: State,
    /// The author is one of them.
    pub people: u32,
}

/// Who touched a binding last: on the board without a look into the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastChange {
    pub at: Timestamp,
    pub by: String,
    pub action: String,
    pub reason: String,
    pub epoch: u64,
}

impl Binding {
    /// Everything here: what a module has that nobody has moved.
    pub fn here() -> Self {
        Self {
            ranges: Ranges::all(Target::Here),
            rules: Vec::new(),
            hop: Hop { from: Target::Here, to: Target::Here },
            state: State::Bounded,
            routes: Vec::new(),
            ramp: None,
            gates: Vec::new(),
            breaker: BreakerRule::default(),
            approve: None,
            glide: None,
            since: None,
            last: None,
        }
    }

    pub fn is_hopping(&self) -> bool {
        self.hop.from != self.hop.to
    }

    /// Where a bucket goes by the ranges alone: the place of its range, and the target.
    pub(crate) fn by_range(&self, bucket: u32, now: impl FnOnce() -> Timestamp) -> (usize, &Target) {
        let (at, target) = self.ranges.find(bucket);
        match &self.glide {
            Some(glide) if *target == self.hop.from => {
                let (start, end) = self.ranges.bounds(at);
                let moved = glide.moved(end - start, now());
                let is_over =
                    if self.to_is_before_from() { bucket < start + moved } else { bucket >= end - moved };
                if is_over { (at, &self.hop.to) } else { (at, target) }
            }
            _ => (at, target),
        }
    }

    /// The ranges as they are at an instant: a time ramp has moved some.
    pub fn ranges_at(&self, now: Timestamp) -> Ranges {
        let Some(glide) = &self.glide else { return self.ranges.clone() };
        let moved = glide.moved(self.ranges.share(&self.hop.from), now);
        self.ranges.shifted(&self.hop.from, &self.hop.to, moved)
    }

    /// Where the calls of one kind go, if queries go to `target`.
    pub(crate) fn of_kind<'a>(&'a self, kind: Kind, target: &'a Target) -> &'a Target {
        match kind {
            Kind::Feed if self.state.writes_at_to() => &self.hop.to,
            Kind::Feed => &self.hop.from,
            Kind::Query | Kind::Command => target,
        }
    }

    fn to_is_before_from(&self) -> bool {
        crate::ranges::in_order(&self.hop.to, &self.hop.from)
    }
}
