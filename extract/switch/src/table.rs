//! The whole decision table: one immutable value with a number that only grows.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::Binding;

/// All bindings, under one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub epoch: u64,
    pub bindings: BTreeMap<Arc<str>, Binding>,
}

impl Table {
    /// Every module here, at epoch 0.
    pub fn here(modules: &[&str]) -> Self {
        let bindings = modules.iter().map(|module| (Arc::from(*module), Binding::here())).collect();
        Self { epoch: 0, bindings }
    }

    /// The next table, with one binding replaced.
    #[must_use]
    pub fn with(&self, module: &str, binding: Binding) -> Self {
        let mut next = self.next();
        next.bindings.insert(module.into(), binding);
        next
    }

    /// The next table, with these modules (or all) killed.
    #[must_use]
    pub fn killed(&self, module: Option<&str>) -> Self {
        let mut next = self.next();
        for (name, binding) in &mut next.bindings {
            if module.is_none_or(|wanted| wanted == &**name) {
                *binding = binding.killed();
            }
        }
        next
    }

    fn next(&self) -> Self {
        Self { epoch: self.epoch + 1, ..self.clone() }
    }
}
