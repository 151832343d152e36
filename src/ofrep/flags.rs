//! One flag: an operation or a group of routes, where it goes for a subject, and why in OpenFeature's words.

use ::switch::{Binding, Explanation, Look, State, Table};
use jiff::Timestamp;
use kernel::{Kind, Op, Target};
use serde_json::{Value, json};

use super::context::Context;
use crate::ops;

/// What a flag's key names.
pub(super) enum Flag {
    /// `module.op`
    Op(&'static Op),
    /// `module/group`
    Group(String),
}

impl Flag {
    pub(super) fn find(key: &str, table: &Table) -> Option<Self> {
        match ops::op(key) {
            Some(op) => Some(Self::Op(op)),
            None if key.contains('/') && table.bindings.contains_key(key) => {
                Some(Self::Group(key.to_owned()))
            }
            None => None,
        }
    }

    pub(super) fn all(table: &Table) -> Vec<Self> {
        let groups = table.bindings.keys().filter(|name| name.contains('/'));
        ops::ops().map(Self::Op).chain(groups.map(|name| Self::Group(name.to_string()))).collect()
    }

    pub(super) fn evaluate(&self, look: &Look, context: &Context, now: Timestamp) -> Value {
        let (key, name, explained) = match self {
            Self::Op(op) => {
                let explained = ops::explain(look, op, &context.ctx, &context.seen);
                (format!("{}.{}", op.module, op.name), op.module, explained)
            }
            Self::Group(name) => {
                (name.clone(), name.as_str(), look.explain(name, &context.ctx, &context.seen, Kind::Query))
            }
        };
        let found = look.table().bindings.get(name).zip(explained);
        let Some((binding, explained)) = found else {
            // No table speaks of the module: its calls are answered here.
            let here = Target::Here;
            return json!({ "key": key, "value": here, "variant": here, "reason": "UNKNOWN",
                "metadata": { "epoch": look.epoch() } });
        };
        json!({
            "key": key,
            "value": explained.target,
            "variant": explained.target,
            "reason": reason(binding, &explained, now),
            "metadata": { "stage": binding.state, "epoch": explained.epoch, "bucket": explained.bucket },
        })
    }
}

fn reason(binding: &Binding, explained: &Explanation, now: Timestamp) -> &'static str {
    let moves = binding.glide.is_some_and(|glide| now < glide.ends());
    if explained.over.is_some() || explained.rule.is_some() {
        "TARGETING_MATCH"
    } else if binding.state == State::Halted {
        "DISABLED"
    } else if explained.range.is_none() || (!moves && binding.ranges_at(now).shares().count() == 1) {
        // Without a range the target follows from the kind of the operation alone.
        "STATIC"
    } else {
        "SPLIT"
    }
}
