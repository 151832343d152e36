//! Four eyes: a change that needs more than its author waits here until somebody else agrees. It is decided anew at
//! that moment, on the table as it is then.

use jiff::Timestamp;
use kernel::Ctx;
use serde::{Deserialize, Serialize};
use store::{JsonText, Tx};
use switch::{Move, Table};

use crate::{
    Cockpit, CockpitError, Done,
    apply::{Made, Office, in_force, once, waiting},
    audit::{Detail, change},
    chain::Change,
    change::{Difference, Wanted},
    force::Stored,
    may_change, rows,
    waiting_rows::{self, WaitingRow},
};

/// A change that waits for approval.
#[derive(Debug, Clone, Serialize)]
pub struct Waiting {
    pub change_id: String,
    pub module: String,
    /// In words: `go to next`.
    pub what: String,
    pub author: String,
    pub reason: String,
    pub at: Timestamp,
    /// Who must agree, the author included.
    pub needs_people: u32,
    pub approved_by: Vec<String>,
    /// As it was when it was asked for.
    pub difference: Difference,
    pub moves: Vec<Move>,
    /// The binding was changed since: it can only be rejected.
    pub is_stale: bool,
}

/// What was asked for, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) wanted: Wanted,
    pub(crate) difference: Difference,
    pub(crate) moves: Vec<Move>,
}

impl Cockpit {
    /// Agrees to somebody else's change. Once enough have, it is in force.
    pub async fn approve(&self, ctx: &Ctx, change_id: &str) -> Result<Done, CockpitError> {
        may_change(ctx)?;
        self.settle_kills().await?;
        let (office, who, id) = (self.office(), ctx.clone(), change_id.to_owned());
        let job = move |tx: &mut Tx<'_>| once(tx, "switch.approve", &id, |tx| office.approve(tx, &who, &id));
        let made = self.database.write(ctx, job).await;
        self.put_in_force(made).await
    }

    /// Takes a waiting change off the list; its author may do that too.
    pub async fn reject(&self, ctx: &Ctx, change_id: &str, reason: &str) -> Result<(), CockpitError> {
        may_change(ctx)?;
        if reason.trim().is_empty() {
            return Err(CockpitError::NoReason);
        }
        let (office, who) = (self.office(), ctx.clone());
        let (id, reason) = (change_id.to_owned(), reason.to_owned());
        self.database.write(ctx, move |tx: &mut Tx<'_>| office.reject(tx, &who, &id, &reason)).await
    }

    /// The changes that wait, oldest first.
    pub async fn waiting(&self) -> Result<Vec<Waiting>, CockpitError> {
        let rows = self.database.read(waiting_rows::all).await?;
        let table = self.table();
        Ok(rows.into_iter().map(|(row, approved_by)| Waiting::of(row, approved_by, &table)).collect())
    }
}

/// Puts a change on the list.
pub(crate) fn ask(
    tx: &mut Tx<'_>,
    who: &Ctx,
    base: &Table,
    asked: Asked,
    needs: u32,
    reason: &str,
    id: &str,
) -> Result<(), CockpitError> {
    let (module, now) = (asked.wanted.module().to_owned(), tx.now());
    let detail = Detail {
        changes: vec![asked.difference.clone()],
        change_id: Some(id.to_owned()),
        ..Detail::default()
    };
    let change = change(who, "switch.asked", &module, reason, &detail);
    let row = WaitingRow {
        id: id.to_owned(),
        base: rows::signed(touched_at(base, &module)),
        module,
        asked: JsonText(asked),
        needs: i32::try_from(needs).unwrap_or(i32::MAX),
        author: who.actor.label(),
        reason: reason.to_owned(),
        at: now.into(),
        state: waiting_rows::WAITING.to_owned(),
    };
    waiting_rows::insert(tx.conn(), row)?;
    Ok(rows::record(tx.conn(), base.epoch, change, now.into())?)
}

impl Office {
    fn approve(&self, tx: &mut Tx<'_>, who: &Ctx, id: &str) -> Result<Made, CockpitError> {
        let row = find(tx, id)?;
        let (by, now) = (who.actor.label(), tx.now());
        if row.author == by {
            return Err(CockpitError::OwnChange);
        }
        let Stored { table: base, known } = self.newest(tx)?;
        if rows::signed(touched_at(&base, &row.module)) != row.base {
            return Err(CockpitError::Conflict(base.epoch));
        }
        let of_change = |detail| Detail { change_id: Some(id.to_owned()), ..detail };
        let mut approved_by = waiting_rows::approvals(tx.conn(), id)?;
        if !approved_by.contains(&by) {
            waiting_rows::approve(tx.conn(), id, &by, now.into())?;
            let approval = change(who, "switch.approved", &row.module, "", &of_change(Detail::default()));
            rows::record(tx.conn(), base.epoch, approval, now.into())?;
            approved_by.push(by);
        }
        let wanted = &row.asked.0.wanted;
        let decided = wanted.decide(&base, &self.desk(now, &row.author, &row.reason, &self.breaker()))?;
        let needs = decided.people.max(u32::try_from(row.needs).unwrap_or(u32::MAX));
        let agreed = 1 + u32::try_from(approved_by.len()).unwrap_or(u32::MAX);
        if agreed < needs {
            return Ok(waiting(id, needs - agreed));
        }
        let detail =
            of_change(Detail { changes: vec![decided.difference], approved_by, ..Detail::default() });
        let change = Change {
            actor: row.author.clone(),
            ..change(who, wanted.action(), &row.module, &row.reason, &detail)
        };
        rows::insert(tx.conn(), &decided.table, change, now.into())?;
        waiting_rows::close(tx.conn(), id, waiting_rows::APPLIED)?;
        Ok(in_force(decided.table, known, decided.moves))
    }

    fn reject(&self, tx: &mut Tx<'_>, who: &Ctx, id: &str, reason: &str) -> Result<(), CockpitError> {
        let row = find(tx, id)?;
        let epoch = self.newest(tx)?.table.epoch;
        let detail = Detail { change_id: Some(id.to_owned()), ..Detail::default() };
        let change = change(who, "switch.rejected", &row.module, reason, &detail);
        waiting_rows::close(tx.conn(), id, waiting_rows::REJECTED)?;
        let now = tx.now().into();
        Ok(rows::record(tx.conn(), epoch, change, now)?)
    }
}

impl Waiting {
    fn of(row: WaitingRow, approved_by: Vec<String>, table: &Table) -> Self {
        let is_stale = rows::signed(touched_at(table, &row.module)) != row.base;
        let Asked { wanted, difference, moves } = row.asked.0;
        Self {
            what: wanted.to_string(),
            change_id: row.id,
            module: row.module,
            author: row.author,
            reason: row.reason,
            at: row.at.0,
            needs_people: u32::try_from(row.needs).unwrap_or(u32::MAX),
            approved_by,
            difference,
            moves,
            is_stale,
        }
    }
}

fn find(tx: &mut Tx<'_>, id: &str) -> Result<WaitingRow, CockpitError> {
    waiting_rows::find(tx.conn(), id)?.ok_or_else(|| CockpitError::NoChange(id.to_owned()))
}

/// The epoch in which a binding was touched last: what an approval relies on.
fn touched_at(table: &Table, module: &str) -> u64 {
    let last = table.bindings.get(module).and_then(|binding| binding.last.as_ref());
    last.map_or(0, |last| last.epoch)
}
