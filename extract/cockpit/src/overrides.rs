//! "Show it to me as remote": exceptions for one person and a while, in the table like everything that decides.

use std::time::Duration;

use kernel::{Ctx, Target};
use serde::Serialize;
use store::Tx;
use switch::{Lasts, Override, Table};

use crate::{
    Cockpit, CockpitError,
    apply::{Office, once},
    audit::{Detail, change},
    change::no_binding,
    force::Stored,
    may_change, rows,
};

/// An override that somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverrideAsk {
    pub subject: String,
    /// A binding's name.
    pub module: String,
    pub target: Target,
    /// At most a day.
    pub ttl: Lasts,
}

const LONGEST: Duration = Duration::from_hours(24);

impl Cockpit {
    /// Shows a side to one person. An earlier override of theirs for the same binding ends. Answers the epoch too.
    pub async fn put_override(&self, ctx: &Ctx, ask: OverrideAsk) -> Result<(Override, u64), CockpitError> {
        may_change(ctx)?;
        self.check_override(&ask)?;
        self.settle_kills().await?;
        let outside = self.database.outside();
        let over = Override {
            id: outside.uuid().to_string(),
            subject: ask.subject.trim().to_owned(),
            module: ask.module.clone(),
            target: ask.target.clone(),
            until: outside
                .now()
                .checked_add(ask.ttl.signed())
                .map_err(|e| CockpitError::Override(e.to_string()))?,
            by: ctx.actor.label(),
        };
        let (office, who) = (self.office(), ctx.clone());
        let job = move |tx: &mut Tx<'_>| {
            once(tx, "switch.override", &ask, |tx| {
                let stored = office.put_override(tx, &who, &over)?;
                Ok(((over.clone(), stored.table.epoch), Some(stored)))
            })
        };
        Ok(self.enforce(self.database.write(ctx, job).await?))
    }

    /// Ends an override before its time. Answers the epoch.
    pub async fn end_override(&self, ctx: &Ctx, id: &str) -> Result<u64, CockpitError> {
        may_change(ctx)?;
        self.settle_kills().await?;
        let (office, who, id) = (self.office(), ctx.clone(), id.to_owned());
        let job = move |tx: &mut Tx<'_>| {
            once(tx, "switch.end_override", &id, |tx| {
                let stored = office.end_override(tx, &who, &id)?;
                Ok((stored.table.epoch, Some(stored)))
            })
        };
        Ok(self.enforce(self.database.write(ctx, job).await?))
    }

    fn check_override(&self, ask: &OverrideAsk) -> Result<(), CockpitError> {
        let refused = |why: String| Err(CockpitError::Override(why));
        if ask.subject.trim().is_empty() || ask.subject.len() > 200 {
            return refused("an override needs the subject that it is for".to_owned());
        }
        if ask.ttl.get().is_zero() || ask.ttl.get() > LONGEST {
            return refused(format!("an override lasts above 0 and at most 24h, not {}", ask.ttl));
        }
        match &ask.target {
            Target::Remote(name) | Target::Legacy(name)
                if !self.known.upstreams.iter().any(|u| **u == **name) =>
            {
                let upstreams = self.known.upstreams.join(", ");
                Err(switch::FileError::Upstream(ask.target.clone(), upstreams).into())
            }
            _ => Ok(()),
        }
    }
}

impl Office {
    fn put_override(&self, tx: &mut Tx<'_>, who: &Ctx, over: &Override) -> Result<Stored, CockpitError> {
        let now = tx.now();
        let with = |base: &Table| {
            let is_there = base.bindings.contains_key(&*over.module);
            let next = || (base.with_override(over.clone(), now), over.clone());
            is_there.then(next).ok_or_else(|| no_binding(base, &over.module))
        };
        self.change_overrides(tx, who, "switch.overridden", with)
    }

    fn end_override(&self, tx: &mut Tx<'_>, who: &Ctx, id: &str) -> Result<Stored, CockpitError> {
        let without = |base: &Table| match base.overrides.iter().find(|over| over.id == id) {
            Some(over) => Ok((base.without_override(id), over.clone())),
            None => {
                Err(CockpitError::Override(format!("there is no override `{id}`; it may have ended already")))
            }
        };
        self.change_overrides(tx, who, "switch.override_ended", without)
    }

    fn change_overrides(
        &self,
        tx: &mut Tx<'_>,
        who: &Ctx,
        action: &str,
        next: impl Fn(&Table) -> Result<(Table, Override), CockpitError>,
    ) -> Result<Stored, CockpitError> {
        let Stored { table: base, known } = self.newest(tx)?;
        let (table, over) = next(&base)?;
        let module = over.module.clone();
        let detail = Detail { over: Some(over), ..Detail::default() };
        let now = tx.now().into();
        rows::insert(tx.conn(), &table, change(who, action, &module, "", &detail), now)?;
        Ok(Stored { table, known })
    }
}
