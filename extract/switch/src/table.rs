//! The whole decision table: one immutable value with a number that only grows.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use kernel::Target;
use serde::{Deserialize, Serialize};

use crate::{Binding, FileError, LastChange};

/// All bindings, under one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub epoch: u64,
    /// By module, or `module/group`.
    pub bindings: BTreeMap<Arc<str>, Binding>,
    #[serde(default)]
    pub overrides: Vec<Override>,
}

/// "Show it to me as remote", for one person and a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub id: String,
    pub subject: String,
    /// A binding's name.
    pub module: String,
    pub target: Target,
    pub until: Timestamp,
    pub by: String,
}

impl Table {
    /// Every module here, at epoch 0.
    pub fn here(modules: &[&str]) -> Self {
        let bindings = modules.iter().map(|module| (Arc::from(*module), Binding::here())).collect();
        Self { epoch: 0, bindings, overrides: Vec::new() }
    }

    /// The next table, with one binding replaced.
    #[must_use]
    pub fn with(&self, module: &str, binding: Binding) -> Self {
        let mut next = self.next();
        next.bindings.insert(module.into(), binding);
        next
    }

    /// The next table, without a group of routes.
    #[must_use]
    pub fn without(&self, group: &str) -> Self {
        let mut next = self.next();
        next.bindings.remove(group);
        next.overrides.retain(|over| over.module != group);
        next
    }

    /// The next table, with these bindings (or all that are hopping) killed, and nobody sent elsewhere by an override.
    /// A retired hop has no `from`, so it stays as it is.
    #[must_use]
    pub fn killed(&self, module: Option<&str>, now: Timestamp) -> Self {
        let mut next = self.next();
        let mut stopped = Vec::new();
        for (name, binding) in &mut next.bindings {
            let is_meant = module.map_or(binding.is_hopping(), |wanted| wanted == &**name);
            if let (true, Ok(killed)) = (is_meant, binding.killed(now)) {
                *binding = killed;
                stopped.push(Arc::clone(name));
            }
        }
        next.overrides.retain(|over| !stopped.iter().any(|name| **name == *over.module));
        next
    }

    /// The next table, with an override more; those that have run out are left behind.
    #[must_use]
    pub fn with_override(&self, over: Override, now: Timestamp) -> Self {
        let mut next = self.next();
        next.overrides
            .retain(|old| old.until > now && (&old.subject, &old.module) != (&over.subject, &over.module));
        next.overrides.push(over);
        next
    }

    /// The next table, without an override.
    #[must_use]
    pub fn without_override(&self, id: &str) -> Self {
        let mut next = self.next();
        next.overrides.retain(|over| over.id != id);
        next
    }

    /// Says on a binding who touched it last.
    #[must_use]
    pub fn signed(mut self, module: &str, last: &LastChange) -> Self {
        if let Some(binding) = self.bindings.get_mut(module) {
            binding.last = Some(LastChange { epoch: self.epoch, ..last.clone() });
        }
        self
    }

    /// Two groups may not own one route: the second would never be asked.
    pub fn check_routes(&self, name: &str, binding: &Binding) -> Result<(), FileError> {
        for route in &binding.routes {
            for (other, theirs) in self.bindings.iter().filter(|(other, _)| &***other != name) {
                if let Some(taken) = theirs.routes.iter().find(|r| r.pattern.collides(&route.pattern)) {
                    return Err(FileError::RouteTaken(taken.pattern.to_string(), other.to_string()));
                }
            }
        }
        Ok(())
    }

    fn next(&self) -> Self {
        Self { epoch: self.epoch + 1, ..self.clone() }
    }
}

/// The hash seed of a binding: its module's name, so that groups of a module move the same people.
pub(crate) fn seed(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}
