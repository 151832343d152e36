//! KILL: in force in this process first, then in the local file, then in the store. It waits for nothing that may be
//! broken; what the store has not taken is offered to it again until it has.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kernel::Ctx;
use serde::{Deserialize, Serialize};
use store::{DbError, Tx};
use switch::{LastChange, Move, State, Table, moves};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use crate::{
    Cockpit, CockpitError, Replica,
    audit::{Detail, change},
    chain::Change,
    change::{Difference, no_binding},
    database::{Database, is_race},
    force::{Force, Stored},
    may_change, rows,
};

/// What a kill came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Killed {
    pub epoch: u64,
    /// From the question to the moment it was in force in this process.
    pub effective_ms: f64,
    /// `false`: in force in this process only, and offered to the store until that takes it.
    pub stored: bool,
    pub moves: Vec<Move>,
    /// The processes that were alive in the last seconds, with the epoch that each has in force.
    pub replicas: Vec<Replica>,
    /// Hops that are over: they have no `from` to go back to, and stay as they are.
    pub left: Vec<String>,
}

/// A kill, as it must be remembered until the store has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kill {
    pub(crate) id: String,
    /// Absent: everything that hops.
    pub(crate) module: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    pub(crate) reason: String,
    pub(crate) request_id: String,
}

/// How long the answer waits for the store.
const STORE: Duration = Duration::from_millis(25);
/// How long the answer waits for other replicas, once the store has it.
const REPLICAS: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(50);
/// How often the store is offered what it has not taken.
const AGAIN: Duration = Duration::from_millis(200);

impl Cockpit {
    /// Sends a module (or everything that hops) to its `from` and freezes it. Needs no approval, no database and no
    /// remote.
    pub async fn kill(&self, ctx: &Ctx, module: Option<&str>, reason: &str) -> Result<Killed, CockpitError> {
        let begun = Instant::now();
        may_change(ctx)?;
        if reason.trim().is_empty() {
            return Err(CockpitError::NoReason);
        }
        let before = self.table();
        check(&before, module)?;
        let kill = Kill {
            id: self.database.outside().uuid().to_string(),
            module: module.map(str::to_owned),
            at: self.database.outside().now(),
            by: ctx.actor.label(),
            reason: reason.trim().to_owned(),
            request_id: ctx.request_id.to_string(),
        };
        let id = kill.id.clone();
        let (table, must_begin) = self.force.kill(kill);
        let effective_ms = begun.elapsed().as_secs_f64() * 1_000.0;
        if must_begin {
            self.begin_to_store();
        }
        let stored = timeout(STORE, self.is_stored(&id)).await.is_ok();
        let epoch = self.table().epoch.max(table.epoch);
        Ok(Killed {
            epoch,
            effective_ms,
            stored,
            moves: moved(&before, &table),
            replicas: if stored { self.replicas_at(epoch).await } else { vec![self.itself()] },
            left: left(&table, module),
        })
    }

    /// At the start: kills that an earlier run could not store.
    pub(crate) fn store_what_is_left(&self) {
        if self.force.must_store() {
            self.begin_to_store();
        }
    }

    /// Waits until the store has all kills of this process, for as long as a change may wait.
    pub(crate) async fn settle_kills(&self) -> Result<(), CockpitError> {
        const PATIENCE: Duration = Duration::from_secs(2);
        let all = async {
            for kill in self.force.unstored() {
                self.is_stored(&kill.id).await;
            }
        };
        let waits = || DbError::Busy("a kill is not stored yet; nothing else changes before it".to_owned());
        timeout(PATIENCE, all).await.map_err(|_| waits().into())
    }

    fn begin_to_store(&self) {
        let (database, force, settled) = (self.database.clone(), self.force.clone(), self.settled.clone());
        tokio::spawn(store_all(database, force, settled));
    }

    async fn is_stored(&self, id: &str) {
        let mut settled = self.settled.subscribe();
        // The sender lives as long as the cockpit.
        let _ = settled.wait_for(|()| self.force.unstored().iter().all(|kill| kill.id != id)).await;
    }

    /// Waits a moment for the others; whoever is late is told as late.
    async fn replicas_at(&self, epoch: u64) -> Vec<Replica> {
        let until = Instant::now() + REPLICAS;
        loop {
            let seen = timeout(until.saturating_duration_since(Instant::now()), self.replicas()).await;
            match seen {
                Ok(Ok(all)) if Instant::now() >= until || all.iter().all(|one| one.epoch >= epoch) => {
                    return all;
                }
                Ok(Ok(_)) => sleep(LOOK).await,
                Ok(Err(_)) | Err(_) => return vec![self.itself()],
            }
        }
    }
}

impl Kill {
    /// The next table, with this kill in it.
    pub(crate) fn on(&self, table: &Table) -> Table {
        let last = LastChange {
            at: self.at,
            by: self.by.clone(),
            action: "switch.killed".to_owned(),
            reason: self.reason.clone(),
            epoch: 0,
        };
        let next = table.killed(self.module.as_deref(), self.at);
        let stopped = changed(table, &next);
        stopped.iter().fold(next, |next, name| next.signed(name, &last))
    }

    fn change(&self, before: &Table, after: &Table) -> Change {
        let difference =
            |name: &String| Difference::of(name, before.bindings.get(&**name), after.bindings.get(&**name));
        let detail =
            Detail { changes: changed(before, after).iter().map(difference).collect(), ..Detail::default() };
        let subject = self.module.as_deref().unwrap_or("all");
        Change {
            actor: self.by.clone(),
            request_id: self.request_id.clone(),
            ..change(&Ctx::system("switch"), "switch.killed", subject, &self.reason, &detail)
        }
    }
}

/// Offers the store what it has not taken until it has.
async fn store_all(database: Database, force: Arc<Force>, settled: watch::Sender<()>) {
    let mut was_told = false;
    while let Some(kills) = force.next_to_store() {
        let base = force.stored_table();
        let ctx = Ctx::system("switch.kill");
        let take = move |tx: &mut Tx<'_>| take(tx, &base, &kills);
        // Not bounded: while the store hangs, one offer waits in its queue, not many.
        let taken = match database.db() {
            Ok(db) => db.write(&ctx, take).await,
            Err(error) => Err(error.into()),
        };
        match taken {
            Ok(stored) => {
                tracing::warn!(epoch = stored.table.epoch, "a kill is stored");
                force.put(stored);
                settled.send_replace(());
            }
            Err(error) => {
                if !was_told && !is_race(&error) {
                    was_told = true;
                    tracing::error!(%error, "a kill is in force in this process only: the store did not take it yet");
                }
                sleep(AGAIN).await;
            }
        }
    }
}

/// Stores kills on top of whatever is the latest table; one that it has already is not stored twice.
fn take(tx: &mut Tx<'_>, base: &Arc<Table>, kills: &[Kill]) -> Result<Stored, CockpitError> {
    let at = tx.now().into();
    let conn = tx.conn();
    let newer = rows::newer_than(conn, base.epoch)?;
    let mut table = newer.map_or_else(|| Table::clone(base), |stored| stored.table);
    for kill in kills {
        if !rows::is_kill_taken(conn, &kill.id)? {
            let next = kill.on(&table);
            rows::insert(conn, &next, kill.change(&table, &next), at)?;
            rows::take_kill(conn, &kill.id, next.epoch)?;
            table = next;
        }
    }
    let mut known = rows::kills_between(conn, base.epoch, table.epoch)?;
    known.extend(kills.iter().map(|kill| kill.id.clone()));
    Ok(Stored { table, known })
}

fn check(table: &Table, module: Option<&str>) -> Result<(), CockpitError> {
    let Some(name) = module else { return Ok(()) };
    match table.bindings.get(name) {
        None => Err(no_binding(table, name)),
        Some(binding) if binding.state == State::Retired => Err(CockpitError::NoWayBack(name.to_owned())),
        Some(_) => Ok(()),
    }
}

fn left(table: &Table, module: Option<&str>) -> Vec<String> {
    let retired = table.bindings.iter().filter(|(_, binding)| binding.state == State::Retired);
    if module.is_some() { Vec::new() } else { retired.map(|(name, _)| name.to_string()).collect() }
}

fn changed(before: &Table, after: &Table) -> Vec<String> {
    let is_other = |name: &&Arc<str>| before.bindings.get(*name) != after.bindings.get(*name);
    after.bindings.keys().filter(is_other).map(ToString::to_string).collect()
}

fn moved(before: &Table, after: &Table) -> Vec<Move> {
    let pairs = after.bindings.iter().filter_map(|(name, now)| Some((before.bindings.get(name)?, now)));
    pairs.flat_map(|(was, now)| moves(&was.ranges, &now.ranges)).collect()
}
