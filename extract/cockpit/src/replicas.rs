//! Who else is there: every process says now and then which epoch it has in force, and follows what others store.

use std::{sync::Arc, time::Duration};

use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};
use kernel::Ctx;
use serde::Serialize;
use store::{Conn, DbError, Micros, both};
use tokio::{sync::watch, time::sleep};

use crate::{Cockpit, CockpitError, rows, schema::replica};

/// A process, and the epoch that it has in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replica {
    pub name: String,
    pub epoch: u64,
    pub seen_at: Timestamp,
}

/// How soon a change made elsewhere is in force here.
const POLL: Duration = Duration::from_millis(300);
/// How often a process says that it lives.
const BEAT: Duration = Duration::from_secs(2);
/// Who has not been seen for so long is not there.
const GONE: SignedDuration = SignedDuration::from_secs(5);
/// Who has not been seen for so long is forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);

impl Cockpit {
    /// Follows changes made by other processes and tells them of this one, until told to stop.
    pub async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        tokio::select! {
            () = self.read_along() => {}
            () = self.tell() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// The processes that were seen in the last seconds, by name.
    pub async fn replicas(&self) -> Result<Vec<Replica>, CockpitError> {
        let now = self.database.outside().now();
        let since = Micros(now.checked_sub(GONE).unwrap_or(now));
        let mut all = self.database.read(move |conn| seen_since(conn, since)).await?;
        all.retain(|one| one.name != self.name);
        all.push(self.itself());
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// This process, as it knows itself.
    pub(crate) fn itself(&self) -> Replica {
        let seen_at = self.database.outside().now();
        Replica { name: self.name.clone(), epoch: self.table().epoch, seen_at }
    }

    /// Not bounded: while the store hangs, one question waits for it, not many.
    async fn read_along(&self) {
        let mut away = false;
        loop {
            match self.look().await {
                Err(error) if !away => {
                    away = true;
                    tracing::warn!(%error, "the switch's database is away; the last good decision table serves");
                }
                Ok(()) if away => {
                    away = false;
                    tracing::info!("the switch's database is back");
                }
                _ => {}
            }
            self.force.publish();
            sleep(POLL).await;
        }
    }

    pub(crate) async fn look(&self) -> Result<(), DbError> {
        let epoch = self.force.stored_table().epoch;
        if let Some(stored) = self.database.db()?.read(move |conn| rows::newer_than(conn, epoch)).await? {
            self.force.put(stored);
        }
        Ok(())
    }

    async fn tell(&self) {
        let mut changes = self.force.changes();
        loop {
            changes.mark_unchanged();
            let (me, ctx) = (self.itself(), Ctx::system("switch.replica"));
            if let Ok(db) = self.database.db() {
                // Whoever does not hear from us counts us as gone: that is all there is to it.
                let told: Result<(), DbError> = db.write(&ctx, move |tx| seen(tx.conn(), &me)).await;
                if let Err(error) = told {
                    tracing::debug!(%error, "the other replicas could not be told");
                    sleep(POLL).await;
                }
            }
            // Either way there is something to tell.
            let _ = tokio::time::timeout(BEAT, changes.changed()).await;
        }
    }
}

fn seen(conn: &mut Conn, me: &Replica) -> Result<(), DbError> {
    let forgotten = Micros(me.seen_at.checked_sub(FORGOTTEN).unwrap_or(me.seen_at));
    let state = (replica::epoch.eq(rows::signed(me.epoch)), replica::seen_at.eq(Micros(me.seen_at)));
    let row = (replica::name.eq(&me.name), state);
    both!(conn, c => diesel::insert_into(replica::table)
        .values(row)
        .on_conflict(replica::name)
        .do_update()
        .set(state)
        .execute(c))?;
    diesel::delete(replica::table.filter(replica::seen_at.lt(forgotten))).execute(conn)?;
    Ok(())
}

fn seen_since(conn: &mut Conn, since: Micros) -> Result<Vec<Replica>, DbError> {
    let rows: Vec<(String, i64, Micros)> =
        replica::table.filter(replica::seen_at.ge(since)).order(replica::name).load(conn)?;
    let replica =
        |(name, epoch, Micros(seen_at))| Replica { name, epoch: u64::try_from(epoch).unwrap_or(0), seen_at };
    Ok(rows.into_iter().map(replica).collect())
}
