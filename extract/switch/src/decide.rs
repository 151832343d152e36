//! The atomic pointer and the deciding path: rules, then the bucket's range.

use std::sync::Arc;

use arc_swap::ArcSwap;
use kernel::{Clock, Ctx, Decide, Op, Pin, Target, Targets};
use serde::Serialize;

use crate::{Binding, Table, bucket};

/// The decision table in force in this process.
pub struct Switch {
    table: ArcSwap<Table>,
    clock: Arc<dyn Clock>,
}

/// Why a subject goes where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub target: Target,
    pub bucket: u32,
    /// The place of the range in the fixed order; absent when a rule decided.
    pub range: Option<usize>,
    /// The place of the rule in its list; absent when the ranges decided.
    pub rule: Option<usize>,
    pub epoch: u64,
}

impl Switch {
    pub fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self { table: ArcSwap::from_pointee(table), clock }
    }

    /// The table in force. A caller that asks twice may see two.
    pub fn table(&self) -> Arc<Table> {
        self.table.load_full()
    }

    /// Puts a table in force, unless a newer one is already. Requests that read the old one keep it.
    pub fn put(&self, table: Table) -> bool {
        let table = Arc::new(table);
        let before = self.table.rcu(|current| {
            if current.epoch < table.epoch { Arc::clone(&table) } else { Arc::clone(current) }
        });
        before.epoch < table.epoch
    }

    /// The decision with its reasons; `None` for a module without a binding.
    pub fn explain(&self, module: &str, ctx: &Ctx) -> Option<Explanation> {
        let table = self.table.load();
        let binding = table.bindings.get(module)?;
        let rule = self.rule(binding, ctx);
        let bucket = bucket(module, &ctx.subject);
        let (range, by_range) = binding.ranges.find(bucket);
        let target = rule.and_then(|at| binding.rules.get(at)).map_or(by_range, |rule| &rule.target);
        Some(Explanation {
            target: target.clone(),
            bucket,
            range: rule.is_none().then_some(range),
            rule,
            epoch: table.epoch,
        })
    }

    fn rule(&self, binding: &Binding, ctx: &Ctx) -> Option<usize> {
        if binding.rules.is_empty() {
            return None;
        }
        let now = self.clock.now();
        binding.rules.iter().position(|rule| rule.until > now && rule.when.holds(ctx))
    }

    fn target<'a>(&self, module: &str, binding: &'a Binding, ctx: &Ctx) -> &'a Target {
        match self.rule(binding, ctx).and_then(|at| binding.rules.get(at)) {
            Some(rule) => &rule.target,
            None => binding.ranges.find(bucket(module, &ctx.subject)).1,
        }
    }
}

impl Decide for Switch {
    fn decide(&self, ctx: &Ctx, op: &Op) -> Target {
        let table = self.table.load();
        table.bindings.get(op.module).map_or(Target::Here, |binding| match op.kind {
            kernel::Kind::Feed => binding.hop.from.clone(),
            kernel::Kind::Query | kernel::Kind::Command => self.target(op.module, binding, ctx).clone(),
        })
    }

    fn pin(&self, ctx: &Ctx) -> Pin {
        let table = self.table.load();
        let targets = table.bindings.iter().filter(|(name, _)| !name.contains('/')).map(|(name, binding)| {
            let target = self.target(name, binding, ctx);
            let targets =
                Targets { query: target.clone(), command: target.clone(), feed: binding.hop.from.clone() };
            (Arc::clone(name), targets)
        });
        Pin::new(table.epoch, targets)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{Actor, FixedClock, Kind, Role};
    use proptest::prelude::*;

    use super::*;
    use crate::{Ranges, Rule, When};

    fn switch(share: u32) -> Switch {
        let remote = Target::Remote("notes".into());
        let shares = [(remote.clone(), share), (Target::Here, crate::BUCKETS - share)].into();
        let binding = Binding {
            ranges: Ranges::new(shares).unwrap(),
            hop: crate::Hop { from: Target::Here, to: remote },
            ..Binding::here()
        };
        Switch::new(
            Table::here(&["booking"]).with("notes", binding),
            FixedClock::at(jiff::Timestamp::UNIX_EPOCH),
        )
    }

    fn asks(subject: &str) -> Ctx {
        Ctx { subject: subject.into(), ..Ctx::new(Actor::Anonymous, "r") }
    }

    proptest! {
        #[test]
        fn raising_a_share_moves_nobody_off_the_growing_side(subject in "[a-z0-9]{1,20}", a in 0u32..=100_000, b in 0u32..=100_000) {
            let (low, high) = (a.min(b), a.max(b));
            let at = |share| switch(share).explain("notes", &asks(&subject)).unwrap().target;
            prop_assert!(at(low) == Target::Here || at(high) != Target::Here);
        }

        #[test]
        fn call_pin_and_explanation_agree(subject in "\\PC{0,20}", share in 0u32..=100_000) {
            static OP: Op = Op { module: "notes", name: "list", kind: Kind::Query };
            let (switch, ctx) = (switch(share), asks(&subject));
            let explained = switch.explain("notes", &ctx).unwrap().target;
            prop_assert_eq!(&switch.decide(&ctx, &OP), &explained);
            let pin = switch.pin(&ctx);
            prop_assert_eq!(pin.target("notes", Kind::Query), Some(&explained));
            prop_assert_eq!(pin.target("notes", Kind::Feed), Some(&Target::Here));
        }
    }

    #[test]
    fn rules_come_first_and_expire() {
        let clock = FixedClock::at(jiff::Timestamp::UNIX_EPOCH);
        let rule = Rule {
            when: When::Role(Role::Migrator),
            target: Target::Remote("notes".into()),
            until: clock.now() + SignedDuration::from_hours(1),
        };
        let binding = Binding { rules: vec![rule], ..Binding::here() };
        let switch = Switch::new(Table::here(&[]).with("notes", binding), clock.clone());
        let ctx = asks("m").acting_as(Actor::Machine { name: "m".into(), role: Role::Migrator });
        assert_eq!(switch.explain("notes", &ctx).unwrap().rule, Some(0));
        clock.advance(SignedDuration::from_hours(2));
        assert_eq!(switch.explain("notes", &ctx).unwrap().target, Target::Here);
    }

    #[test]
    fn an_older_table_never_replaces_a_newer_one() {
        let switch = switch(5_000);
        let newer = switch.table().killed(None);
        assert!(switch.put(newer.clone()));
        assert!(!switch.put(Table::here(&["notes"])));
        assert_eq!(*switch.table(), newer);
        assert_eq!(switch.explain("notes", &asks("a")).unwrap().target, Target::Here);
    }
}
