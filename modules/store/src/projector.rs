//! The runner of a projection: reads a source, applies what comes, and shares the work between processes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use kernel::{Fault, FeedAfter, FeedBatch, ReaderState, ReaderStatus};
use tokio::sync::watch;

use crate::{
    Db, DbError, Lease, Projection,
    applier::Applier,
    dead_letter,
    position::{self, Place},
    reader::{Backoff, ReaderHandle, Source, stopped, stopped_within},
};

/// Runs one projection over one source. Any number of processes may hold one: the lease lets one work, and the position
/// decides should two think that they have it.
pub struct Projector {
    source: Arc<dyn Source>,
    applier: Applier,
    holder: String,
    /// The epoch of our lease; -1 while we have none and only the position guards us.
    epoch: AtomicI64,
}

const LEASE: SignedDuration = SignedDuration::from_secs(15);
const RENEW: Duration = Duration::from_secs(4);
const WAIT_MS: u64 = 4_000;
/// How soon a process without the lease looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

impl Projector {
    pub fn new(db: Db, source: Arc<dyn Source>, projection: Arc<dyn Projection>) -> Self {
        let handle = ReaderHandle::new(projection.name(), source.module());
        let holder = db.outside().uuid().to_string();
        Self { source, applier: Applier { db, projection, handle }, holder, epoch: AtomicI64::new(-1) }
    }

    pub fn handle(&self) -> ReaderHandle {
        self.applier.handle.clone()
    }

    /// Applies everything up to the head as it is now, and answers the position.
    pub async fn catch_up(&self) -> Result<i64, Fault> {
        loop {
            let (position, head) = self.step(0).await?;
            if position >= head {
                return Ok(position);
            }
        }
    }

    /// Follows the source until it is told to stop, while this process has the lease.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::default();
        let mut bell = self.applier.handle.bell();
        let mut renewed = None;
        loop {
            let worked = tokio::select! {
                () = stopped(&mut stop) => break,
                _ = bell.changed() => self.reset().await.map_err(Fault::from),
                worked = self.turn(&mut renewed) => worked,
            };
            match worked {
                Ok(()) => backoff.worked(),
                Err(why) => {
                    tracing::warn!(reader = self.applier.projection.name(), "a projection waits: {why}");
                    self.applier.handle.waits(&why);
                    if backoff.pause(&mut stop).await {
                        break;
                    }
                }
            }
            if self.epoch.load(Ordering::Relaxed) < 0 && stopped_within(&mut stop, LOOK_AGAIN).await {
                break;
            }
        }
        self.let_go().await;
    }

    /// Rebuilds from the beginning, here and now.
    pub async fn replay(&self) -> Result<i64, Fault> {
        self.reset().await?;
        self.catch_up().await
    }

    /// Where the stored position is and how far behind the source; unknown stays unknown.
    pub async fn status(&self) -> ReaderStatus {
        match self.look().await {
            Ok(()) => {}
            Err(why) => self.applier.handle.change(|status| status.trouble = Some(why.to_string())),
        }
        self.applier.handle.status()
    }

    /// One batch under the lease, which is renewed now and then; without it, only a look.
    async fn turn(&self, renewed: &mut Option<Instant>) -> Result<(), Fault> {
        let is_fresh = renewed.is_some_and(|at| at.elapsed() < RENEW);
        if is_fresh && self.epoch.load(Ordering::Relaxed) >= 0 {
            return self.step(WAIT_MS).await.map(|_| ());
        }
        let lease = Lease::take(&self.applier.db, &self.lease_name(), &self.holder, LEASE).await?;
        let Some(lease) = lease else {
            self.epoch.store(-1, Ordering::Relaxed);
            return self.look().await;
        };
        if self.epoch.swap(lease.epoch, Ordering::Relaxed) != lease.epoch {
            self.fence(lease.epoch).await?;
        }
        *renewed = Some(Instant::now());
        self.step(WAIT_MS).await.map(|_| ())
    }

    /// One batch. Answers the new position and the head.
    async fn step(&self, wait_ms: u64) -> Result<(i64, i64), Fault> {
        let place = self.place().await?;
        let ask = FeedAfter { after: place.position, limit: FeedAfter::MOST, wait_ms };
        let batch = self.source.feed(ask).await?;
        if batch.log_id != place.log_id {
            self.begin_again(place, &batch).await?;
            return Ok((0, batch.head.max(1)));
        }
        let (next, head, log_id) = (batch.next, batch.head, batch.log_id);
        let started = Instant::now();
        self.applier.take(place, batch.events).await?;
        metrics::histogram!("banyan_feed_apply_seconds", "reader" => self.applier.projection.name())
            .record(started.elapsed());
        self.applier.handle.stands(log_id, next, head, self.applier.db.outside().now());
        Ok((next, head))
    }

    /// Another history, or the first: nothing of the old one counts.
    async fn begin_again(&self, place: Place, batch: &FeedBatch) -> Result<(), DbError> {
        self.applier.handle.starts_again();
        let (projection, log_id) = (self.applier.projection.clone(), batch.log_id);
        self.applier
            .db
            .write(&self.applier.ctx(), move |tx| position::begin_again(tx, &*projection, place, log_id))
            .await
    }

    async fn reset(&self) -> Result<(), DbError> {
        let place = self.place().await?;
        self.applier.handle.starts_again();
        let projection = self.applier.projection.clone();
        self.applier
            .db
            .write(&self.applier.ctx(), move |tx| {
                position::begin_again(tx, &*projection, place, place.log_id)
            })
            .await
    }

    /// The stored place, made if missing. Under a lease it must still carry our epoch.
    async fn place(&self) -> Result<Place, DbError> {
        let projection = self.applier.projection.clone();
        let found = self.applier.db.read(move |conn| position::find(conn, &*projection)).await?;
        let place = if let Some(place) = found {
            place
        } else {
            let projection = self.applier.projection.clone();
            self.applier.db.write(&self.applier.ctx(), move |tx| position::declare(tx, &*projection)).await?
        };
        let mine = self.epoch.load(Ordering::Relaxed);
        if mine >= 0 && place.lease_epoch != mine {
            self.epoch.store(-1, Ordering::Relaxed);
            return Err(DbError::Raced(self.applier.projection.name().to_owned()));
        }
        Ok(place)
    }

    async fn fence(&self, epoch: i64) -> Result<(), DbError> {
        let projection = self.applier.projection.clone();
        self.applier
            .db
            .write(&self.applier.ctx(), move |tx| {
                position::declare(tx, &*projection)?;
                position::fence(tx.conn(), &*projection, epoch)
            })
            .await
    }

    async fn look(&self) -> Result<(), Fault> {
        let projection = self.applier.projection.clone();
        let (place, open) = self
            .applier
            .db
            .read(move |conn| {
                let open = dead_letter::count(conn, projection.name())?;
                Ok((position::find(conn, &*projection)?, open))
            })
            .await?;
        let Some(place) = place else { return Ok(()) };
        self.applier.handle.has_set_aside(open);
        let batch = self.source.feed(FeedAfter { after: place.position, limit: 1, wait_ms: 0 }).await?;
        if batch.log_id == place.log_id {
            self.applier.handle.stands(place.log_id, place.position, batch.head, place.moved_at);
            self.applier.handle.change(|status| status.moved_at = Some(place.moved_at));
        } else {
            self.applier.handle.change(|status| status.head = Some(batch.head));
        }
        Ok(())
    }

    async fn let_go(&self) {
        let epoch = self.epoch.swap(-1, Ordering::Relaxed);
        if epoch >= 0 {
            let lease = Lease { name: self.lease_name(), holder: self.holder.clone(), epoch };
            if let Err(why) = lease.release(&self.applier.db).await {
                tracing::debug!("a lease is left to run out: {why}");
            }
        }
        self.applier.handle.is(ReaderState::Stopped);
    }

    fn lease_name(&self) -> String {
        format!("projection/{}/{}", self.applier.projection.name(), self.applier.projection.version())
    }
}
