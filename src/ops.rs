//! Every operation of every interface by its name (`booking.find`), and where one goes for a subject.

use ::switch::{Explanation, Look};
use accounts_api::Accounts;
use booking_api::{Disruption, Orders, Payments, Schedule, Shop};
use kernel::{Ctx, Kind, Op, Seen, Target};
use notes_api::Notes;
use search_api::Search;
use status_api::Status;

/// In the order of their interfaces.
pub(crate) fn ops() -> impl Iterator<Item = &'static Op> {
    [
        <dyn Accounts>::OPS,
        <dyn Schedule>::OPS,
        <dyn Shop>::OPS,
        <dyn Orders>::OPS,
        <dyn Payments>::OPS,
        <dyn Disruption>::OPS,
        <dyn Search>::OPS,
        <dyn Status>::OPS,
        <dyn Notes>::OPS,
    ]
    .into_iter()
    .flatten()
}

/// The operation that is written `module.op`.
pub(crate) fn op(name: &str) -> Option<&'static Op> {
    let (module, name) = name.split_once('.')?;
    ops().find(|op| op.module == module && op.name == name)
}

/// Where a call goes, and why. The target is the one that a fork would take.
pub(crate) fn explain(look: &Look, op: &Op, ctx: &Ctx, seen: &dyn Seen) -> Option<Explanation> {
    let mut explained = look.explain(op.module, ctx, seen, op.kind)?;
    let target = look.pin(ctx, seen).target(op.module, op.kind).cloned().unwrap_or(Target::Here);
    if target != explained.target {
        explained.why = match op.kind {
            Kind::Feed => format!("feeds are read where the writer is: {target}"),
            _ => {
                format!("pages of {} are at {}; calls are answered at {target}", op.module, explained.target)
            }
        };
        (explained.range, explained.rule, explained.over) = (None, None, None);
        explained.target = target;
    }
    Some(explained)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::wire::MODULES;

    #[test]
    fn every_module_has_ops_and_every_name_is_one_op() {
        let names: BTreeSet<_> = ops().map(|op| (op.module, op.name)).collect();
        assert_eq!(names.len(), ops().count());
        let modules: BTreeSet<_> = ops().map(|op| op.module).collect();
        assert_eq!(modules, MODULES.into_iter().collect());
        assert_eq!(op("notes.list").unwrap().kind, Kind::Query);
        assert!(op("notes").is_none() && op("notes.nothing").is_none());
    }
}
