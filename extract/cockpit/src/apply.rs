//! Changes by a person's hand: looked at first, then in force, or waiting for somebody else's approval.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Ctx, Target};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::Tx;
use switch::{BindingFile, BreakerState, Known, Move, Table, To, Traffic};

use crate::{
    Cockpit, CockpitError,
    approvals::{self, Asked},
    audit::{Detail, change},
    change::{Desk, Difference, Wanted},
    force::Stored,
    may_change, rows,
};

/// What a change came to that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub epoch: u64,
    pub moves: Vec<Move>,
    /// Always true: what the store refuses is not done. Kills differ.
    pub stored: bool,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    InForce(Changed),
    /// Nothing has changed: so many other people have to agree.
    Waiting {
        change_id: String,
        needs_approvals: u32,
    },
}

/// What a change would do.
#[derive(Debug, Clone, Serialize)]
pub struct Preview {
    /// Of the table that was looked at: the one to expect.
    pub epoch: u64,
    pub moves: Vec<Move>,
    /// Who must agree, the author included.
    pub needs_people: u32,
    pub difference: Difference,
}

impl Cockpit {
    /// What `apply` would do, without doing it.
    pub fn preview(&self, file: &BindingFile) -> Result<Preview, CockpitError> {
        self.look_at(&Wanted::Apply(Box::new(file.clone())), "a look")
    }

    /// What `transition` would do, without doing it.
    pub fn preview_transition(&self, name: &str, to: To, reason: &str) -> Result<Preview, CockpitError> {
        self.look_at(&Wanted::Transition { module: name.to_owned(), to }, reason)
    }

    /// Puts a binding in force. `expected` is the epoch that the author saw.
    pub async fn apply(
        &self,
        ctx: &Ctx,
        file: &BindingFile,
        expected: Option<u64>,
        reason: &str,
    ) -> Result<Done, CockpitError> {
        self.make(ctx, Wanted::Apply(Box::new(file.clone())), expected, reason).await
    }

    /// Takes a hop forward, holds it, or takes it back.
    pub async fn transition(
        &self,
        ctx: &Ctx,
        name: &str,
        to: To,
        expected: Option<u64>,
        reason: &str,
    ) -> Result<Done, CockpitError> {
        self.make(ctx, Wanted::Transition { module: name.to_owned(), to }, expected, reason).await
    }

    /// Drops a group of routes, once nobody of it is on the way.
    pub async fn remove(
        &self,
        ctx: &Ctx,
        group: &str,
        expected: Option<u64>,
        reason: &str,
    ) -> Result<Done, CockpitError> {
        self.make(ctx, Wanted::Remove(group.to_owned()), expected, reason).await
    }

    async fn make(
        &self,
        ctx: &Ctx,
        wanted: Wanted,
        expected: Option<u64>,
        reason: &str,
    ) -> Result<Done, CockpitError> {
        may_change(ctx)?;
        self.settle_kills().await?;
        let (office, who, reason) = (self.office(), ctx.clone(), reason.trim().to_owned());
        let id = self.database.outside().uuid().to_string();
        let job = move |tx: &mut Tx<'_>| {
            let question = (&wanted, expected, &reason);
            once(tx, "switch.change", &question, |tx| office.make(tx, &who, &wanted, expected, &reason, &id))
        };
        let made = self.database.write(ctx, job).await;
        self.put_in_force(made).await
    }

    /// What was made comes into force; on a conflict this process catches up, so that the next look shows why.
    pub(crate) async fn put_in_force(&self, made: Result<Made, CockpitError>) -> Result<Done, CockpitError> {
        if matches!(made, Err(CockpitError::Conflict(_))) {
            self.catch_up().await;
        }
        Ok(self.enforce(made?))
    }

    pub(crate) fn enforce<T>(&self, (answer, stored): Made<T>) -> T {
        if let Some(stored) = stored {
            self.force.put(stored);
        }
        answer
    }

    pub(crate) fn office(&self) -> Office {
        Office {
            known: self.known.clone(),
            traffic: self.force.traffic().clone(),
            base: self.force.stored_table(),
        }
    }

    fn look_at(&self, wanted: &Wanted, reason: &str) -> Result<Preview, CockpitError> {
        let table = self.table();
        let (office, now) = (self.office(), self.database.outside().now());
        let decided = wanted.decide(&table, &office.desk(now, "", reason, &office.breaker()))?;
        Ok(Preview {
            epoch: table.epoch,
            moves: decided.moves,
            needs_people: decided.people,
            difference: decided.difference,
        })
    }
}

/// An answer, and the table that was made in the store and is not in force here yet. A repeated question gets its answer
/// again and makes nothing.
pub(crate) type Made<T = Done> = (T, Option<Stored>);

/// Makes something once for the key in `Ctx`.
pub(crate) fn once<T: Serialize + DeserializeOwned>(
    tx: &mut Tx<'_>,
    op: &str,
    question: &impl Serialize,
    make: impl FnOnce(&mut Tx<'_>) -> Result<Made<T>, CockpitError>,
) -> Result<Made<T>, CockpitError> {
    let mut made = None;
    let answer = tx.once(op, question, |tx| {
        let (answer, stored) = make(tx)?;
        made = stored;
        Ok::<_, CockpitError>(answer)
    })?;
    Ok((answer, made))
}

/// What a transaction needs to decide with.
#[derive(Clone)]
pub(crate) struct Office {
    known: Arc<Known>,
    traffic: Arc<Traffic>,
    /// The newest stored table that this process knows.
    base: Arc<Table>,
}

impl Office {
    pub(crate) fn desk<'a>(
        &'a self,
        now: Timestamp,
        by: &'a str,
        reason: &'a str,
        breaker_closed: &'a dyn Fn(&str, &Target) -> bool,
    ) -> Desk<'a> {
        Desk { known: &self.known, now, by, reason, breaker_closed }
    }

    pub(crate) fn breaker(&self) -> impl Fn(&str, &Target) -> bool {
        |name, target| self.traffic.breaker(name, target) == BreakerState::Closed
    }

    /// The newest table, of the store or of this process.
    pub(crate) fn newest(&self, tx: &mut Tx<'_>) -> Result<Stored, CockpitError> {
        let newer = rows::newer_than(tx.conn(), self.base.epoch)?;
        Ok(newer.unwrap_or_else(|| Stored { table: Table::clone(&self.base), known: Vec::new() }))
    }

    fn make(
        &self,
        tx: &mut Tx<'_>,
        who: &Ctx,
        wanted: &Wanted,
        expected: Option<u64>,
        reason: &str,
        id: &str,
    ) -> Result<Made, CockpitError> {
        let Stored { table: base, known } = self.newest(tx)?;
        if expected.is_some_and(|epoch| epoch != base.epoch) {
            return Err(CockpitError::Conflict(base.epoch));
        }
        let (now, by) = (tx.now(), who.actor.label());
        let decided = wanted.decide(&base, &self.desk(now, &by, reason, &self.breaker()))?;
        if decided.people > 1 {
            let asked =
                Asked { wanted: wanted.clone(), difference: decided.difference, moves: decided.moves };
            approvals::ask(tx, who, &base, asked, decided.people, reason, id)?;
            return Ok(waiting(id, decided.people - 1));
        }
        let detail = Detail { changes: vec![decided.difference], ..Detail::default() };
        let change = change(who, wanted.action(), wanted.module(), reason, &detail);
        rows::insert(tx.conn(), &decided.table, change, now.into())?;
        Ok(in_force(decided.table, known, decided.moves))
    }
}

pub(crate) fn in_force(table: Table, known: Vec<String>, moves: Vec<Move>) -> Made {
    let done = Done::InForce(Changed { epoch: table.epoch, moves, stored: true });
    (done, Some(Stored { table, known }))
}

pub(crate) fn waiting(change_id: &str, needs_approvals: u32) -> Made {
    (Done::Waiting { change_id: change_id.to_owned(), needs_approvals }, None)
}
