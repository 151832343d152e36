//! What a change comes to, decided over values: the next table, who moves, how many people must agree, and what the
//! audit says about it. The rules themselves are the switch's.

use std::fmt;

use jiff::Timestamp;
use kernel::Target;
use serde::{Deserialize, Serialize};
use switch::{
    BUCKETS, Binding, BindingFile, Known, LastChange, Move, Ranges, Refused, Standing, State, Table, To,
    moves,
};

use crate::CockpitError;

/// What somebody wants to change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    Apply(Box<BindingFile>),
    Transition {
        module: String,
        #[serde(with = "in_words")]
        to: To,
    },
    Remove(String),
}

/// What a change of one binding was or would be; the audit keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Difference {
    pub module: String,
    /// Absent for a binding that is new.
    pub before: Option<BindingFile>,
    /// Absent for a binding that goes.
    pub after: Option<BindingFile>,
    pub state_before: Option<State>,
    pub state_after: Option<State>,
}

/// What is decided with, beside the table.
pub(crate) struct Desk<'a> {
    pub(crate) known: &'a Known,
    pub(crate) now: Timestamp,
    /// As `Actor::label` names them.
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) breaker_closed: &'a dyn Fn(&str, &Target) -> bool,
}

/// What a change comes to. Nothing has changed yet.
pub(crate) struct Decided {
    pub(crate) table: Table,
    pub(crate) moves: Vec<Move>,
    /// Who must agree, the author included.
    pub(crate) people: u32,
    pub(crate) difference: Difference,
}

impl Wanted {
    /// The binding's name.
    pub(crate) fn module(&self) -> &str {
        match self {
            Self::Apply(file) => &file.module,
            Self::Transition { module, .. } => module,
            Self::Remove(group) => group,
        }
    }

    /// The word for the audit.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::Apply(_) => "switch.applied",
            Self::Remove(_) => "switch.removed",
            Self::Transition { to, .. } => match to {
                To::Hold => "switch.held",
                To::Back | To::State(State::Connected) => "switch.back",
                To::State(State::Halted) => "switch.halted",
                To::Next | To::State(_) => "switch.advanced",
            },
        }
    }

    pub(crate) fn decide(&self, base: &Table, desk: &Desk<'_>) -> Result<Decided, CockpitError> {
        let name = self.module();
        let found = base.bindings.get(name);
        let here = Binding::here();
        let before = found.unwrap_or(&here);
        let after = match self {
            Self::Apply(file) => Some(applied(base, before, file, desk)?),
            Self::Transition { to, .. } => {
                let binding = found.ok_or_else(|| no_binding(base, name))?;
                Some(binding.transition(*to, desk.standing(name, binding)).map_err(CockpitError::Guards)?)
            }
            Self::Remove(_) => {
                found.ok_or_else(|| no_binding(base, name))?;
                removable(name, before)?;
                None
            }
        };
        let last = self.last(desk);
        let reached = after.as_ref().unwrap_or(&here);
        Ok(Decided {
            moves: moves(&before.ranges_at(desk.now), &in_the_end(reached, desk.now)),
            people: before.people_for(reached),
            difference: Difference::of(name, found, after.as_ref()),
            table: match after {
                Some(binding) => base.with(name, binding).signed(name, &last),
                None => base.without(name),
            },
        })
    }

    fn last(&self, desk: &Desk<'_>) -> LastChange {
        LastChange {
            at: desk.now,
            by: desk.by.to_owned(),
            action: self.action().to_owned(),
            reason: desk.reason.to_owned(),
            epoch: 0,
        }
    }
}

/// In words, for the list of waiting changes.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apply(_) => f.write_str("apply a binding"),
            Self::Transition { to, .. } => write!(f, "go to {to}"),
            Self::Remove(_) => f.write_str("remove the group"),
        }
    }
}

impl Difference {
    pub(crate) fn of(module: &str, before: Option<&Binding>, after: Option<&Binding>) -> Self {
        let file = |binding: &Binding| BindingFile::of(module, binding);
        Self {
            module: module.to_owned(),
            before: before.map(file),
            after: after.map(file),
            state_before: before.map(|binding| binding.state),
            state_after: after.map(|binding| binding.state),
        }
    }
}

impl<'a> Desk<'a> {
    fn standing(&self, name: &str, binding: &Binding) -> Standing<'a> {
        let breaker_closed = (self.breaker_closed)(name, &binding.hop.to);
        Standing { now: self.now, breaker_closed, reason: self.reason }
    }
}

pub(crate) fn no_binding(table: &Table, name: &str) -> CockpitError {
    let names: Vec<_> = table.bindings.keys().map(|name| &**name).collect();
    CockpitError::NoBinding(name.to_owned(), names.join(", "))
}

/// What a file means on top of the binding that it replaces. Whoever edits a plan around the same shares does not
/// begin the step anew.
fn applied(
    base: &Table,
    before: &Binding,
    file: &BindingFile,
    desk: &Desk<'_>,
) -> Result<Binding, CockpitError> {
    let after = file.binding(desk.known, desk.now)?;
    base.check_routes(&file.module, &after)?;
    let same = after.hop == before.hop && after.ranges == before.ranges && after.glide == before.glide;
    if before.state == State::Retired && after.hop == before.hop && !same {
        return Err(CockpitError::NoWayBack(file.module.clone()));
    }
    Ok(match before.state {
        State::ReadRamp | State::Primary | State::Retired if same => {
            Binding { state: before.state, since: before.since, ..after }
        }
        _ => after,
    })
}

/// A group may go when nobody of it is on the way.
fn removable(name: &str, binding: &Binding) -> Result<(), CockpitError> {
    let holds = |target: &Target| binding.ranges.share(target) == BUCKETS;
    let refused = |guard, why: String| Err(CockpitError::Guards(vec![Refused { guard, why }]));
    if !name.contains('/') {
        return refused("group", format!("`{name}` is a module; only a group of routes can be removed"));
    }
    if binding.glide.is_some() || !(holds(&binding.hop.from) || holds(&Target::Here)) {
        return refused(
            "state",
            format!("somebody of `{name}` is not at {}; go back first", binding.hop.from),
        );
    }
    Ok(())
}

/// The ranges once a time ramp is over.
fn in_the_end(binding: &Binding, now: Timestamp) -> Ranges {
    binding.ranges_at(binding.glide.map_or(now, |glide| glide.ends()))
}

mod in_words {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use switch::To;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(to: &To, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<To, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
