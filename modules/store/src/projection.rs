//! Durable projections: rows made from events, and the position that moves with them in the same transaction.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use kernel::{Ctx, Event, Fault, FeedAfter, FeedBatch, ReaderState, ReaderStatus};
use tokio::sync::watch;

use crate::{
    Db, DbError, Lease, Tx, dead_letter,
    position::{self, Place},
    reader::{Backoff, ReaderHandle, Source, stopped, stopped_within},
    writer::caught,
};

/// A function from events to rows. Its tables are its own and named `<view>_v<version>`.
pub trait Projection: Send + Sync + 'static {
    /// Such as `notes.trips`.
    fn name(&self) -> &'static str;
    /// A new version starts from the beginning, with tables of its own.
    fn version(&self) -> i32;
    fn wants(&self, kind: &str) -> bool;
    /// Runs once for each event, in order. May be run again after a rollback.
    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), DbError>;
    /// Deletes all that `apply` ever made.
    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), DbError>;
}

/// Runs one projection over one source. Any number of processes may hold one: the lease lets one work, and the position
/// decides should two think that they have it.
pub struct Projector {
    db: Db,
    source: Arc<dyn Source>,
    projection: Arc<dyn Projection>,
    handle: ReaderHandle,
    holder: String,
    /// The epoch of our lease; -1 while we have none and only the position guards us.
    epoch: AtomicI64,
}

const TRIES: i32 = 5;
const MOST_DEAD_LETTERS: i64 = 1_000;
const LEASE: SignedDuration = SignedDuration::from_secs(15);
const RENEW: Duration = Duration::from_secs(4);
const WAIT_MS: u64 = 4_000;
/// How soon a process without the lease looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Why a batch did not go in.
enum Stuck {
    /// The event at this place of the batch, whatever it is.
    At(usize, DbError),
    Whole(DbError),
}

impl From<DbError> for Stuck {
    fn from(error: DbError) -> Self {
        Self::Whole(error)
    }
}

impl Projector {
    pub fn new(db: Db, source: Arc<dyn Source>, projection: Arc<dyn Projection>) -> Self {
        let handle = ReaderHandle::new(projection.name(), source.module());
        let holder = db.outside().uuid().to_string();
        Self { db, source, projection, handle, holder, epoch: AtomicI64::new(-1) }
    }

    pub fn handle(&self) -> ReaderHandle {
        self.handle.clone()
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
        let mut bell = self.handle.bell();
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
                    tracing::warn!(reader = self.projection.name(), "a projection waits: {why}");
                    self.handle.waits(&why);
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
            Err(why) => self.handle.change(|status| status.trouble = Some(why.to_string())),
        }
        self.handle.status()
    }

    /// One batch under the lease, which is renewed now and then; without it, only a look.
    async fn turn(&self, renewed: &mut Option<Instant>) -> Result<(), Fault> {
        let is_fresh = renewed.is_some_and(|at| at.elapsed() < RENEW);
        if is_fresh && self.epoch.load(Ordering::Relaxed) >= 0 {
            return self.step(WAIT_MS).await.map(|_| ());
        }
        let lease = Lease::take(&self.db, &self.lease_name(), &self.holder, LEASE).await?;
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
        self.take(place, batch).await?;
        metrics::histogram!("banyan_feed_apply_seconds", "reader" => self.projection.name())
            .record(started.elapsed());
        self.handle.stands(log_id, next, head, self.db.outside().now());
        Ok((next, head))
    }

    /// The batch as a whole if possible; else up to what is stuck, that alone, and the rest.
    async fn take(&self, mut place: Place, batch: FeedBatch) -> Result<(), DbError> {
        let mut rest: Arc<[Event]> = batch.events.into();
        while !rest.is_empty() {
            match self.apply(place, rest.clone()).await {
                Ok(()) => return Ok(()),
                Err(Stuck::Whole(why)) => return Err(why),
                Err(Stuck::At(_, why)) if why.is_transient() => return Err(why),
                Err(Stuck::At(0, why)) => {
                    let first: Arc<[Event]> = rest.iter().take(1).cloned().collect();
                    place = self.insist(place, first, why).await?;
                    rest = rest.iter().skip(1).cloned().collect();
                }
                Err(Stuck::At(before, _)) => {
                    let good: Arc<[Event]> = rest.iter().take(before).cloned().collect();
                    let next = place.moved_to(&good);
                    match self.apply(place, good).await {
                        Ok(()) => {
                            place = next;
                            rest = rest.iter().skip(before).cloned().collect();
                        }
                        Err(Stuck::At(_, why)) if !why.is_transient() => {}
                        Err(Stuck::At(_, why) | Stuck::Whole(why)) => return Err(why),
                    }
                }
            }
        }
        Ok(())
    }

    /// Tries one event a few times, then sets it aside.
    async fn insist(&self, place: Place, event: Arc<[Event]>, first: DbError) -> Result<Place, DbError> {
        let mut why = first;
        for _ in 1..TRIES {
            match self.apply(place, event.clone()).await {
                Ok(()) => return Ok(place.moved_to(&event)),
                Err(Stuck::At(_, next)) if !next.is_transient() => why = next,
                Err(Stuck::At(_, next) | Stuck::Whole(next)) => return Err(next),
            }
        }
        self.set_aside(place, event.clone(), why.to_string()).await?;
        Ok(place.moved_to(&event))
    }

    /// Moves the position and makes the rows, or does neither.
    async fn apply(&self, place: Place, events: Arc<[Event]>) -> Result<(), Stuck> {
        let projection = self.projection.clone();
        let next = place.moved_to(&events);
        self.db
            .write(&self.ctx(), move |tx| {
                position::step(tx, &*projection, place, next.position)?;
                let waiting = dead_letter::streams(tx, projection.name())?;
                for (at, event) in
                    events.iter().enumerate().filter(|(_, event)| projection.wants(&event.kind))
                {
                    caught(|| apply_one(tx, &*projection, &waiting, place, event))
                        .map_err(|why| Stuck::At(at, why))?;
                }
                Ok(())
            })
            .await
    }

    async fn set_aside(&self, place: Place, event: Arc<[Event]>, why: String) -> Result<(), DbError> {
        let projection = self.projection.clone();
        let next = place.moved_to(&event);
        tracing::error!(reader = projection.name(), seq = next.position, "an event was set aside: {why}");
        let open = self
            .db
            .write(&self.ctx(), move |tx| {
                position::step(tx, &*projection, place, next.position)?;
                for event in event.iter() {
                    dead_letter::store(tx, projection.name(), place.log_id, event, &why, TRIES)?;
                }
                match dead_letter::count(tx.conn(), projection.name())? {
                    open if open > MOST_DEAD_LETTERS => Err(DbError::Encoding(format!(
                        "{} would have {open} events set aside, which is a bug and not poison: {why}",
                        projection.name()
                    ))),
                    open => Ok(open),
                }
            })
            .await?;
        self.handle.change(|status| status.dead_letters = u32::try_from(open).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Another history, or the first: nothing of the old one counts.
    async fn begin_again(&self, place: Place, batch: &FeedBatch) -> Result<(), DbError> {
        self.handle.starts_again();
        let (projection, log_id) = (self.projection.clone(), batch.log_id);
        self.db.write(&self.ctx(), move |tx| position::begin_again(tx, &*projection, place, log_id)).await
    }

    async fn reset(&self) -> Result<(), DbError> {
        let place = self.place().await?;
        self.handle.starts_again();
        let projection = self.projection.clone();
        self.db
            .write(&self.ctx(), move |tx| position::begin_again(tx, &*projection, place, place.log_id))
            .await
    }

    /// The stored place, made if missing. Under a lease it must still carry our epoch.
    async fn place(&self) -> Result<Place, DbError> {
        let projection = self.projection.clone();
        let found = self.db.read(move |conn| position::find(conn, &*projection)).await?;
        let place = if let Some(place) = found {
            place
        } else {
            let projection = self.projection.clone();
            self.db.write(&self.ctx(), move |tx| position::declare(tx, &*projection)).await?
        };
        let mine = self.epoch.load(Ordering::Relaxed);
        if mine >= 0 && place.lease_epoch != mine {
            self.epoch.store(-1, Ordering::Relaxed);
            return Err(DbError::Raced(self.projection.name().to_owned()));
        }
        Ok(place)
    }

    async fn fence(&self, epoch: i64) -> Result<(), DbError> {
        let projection = self.projection.clone();
        self.db
            .write(&self.ctx(), move |tx| {
                position::declare(tx, &*projection)?;
                position::fence(tx.conn(), &*projection, epoch)
            })
            .await
    }

    async fn look(&self) -> Result<(), Fault> {
        let projection = self.projection.clone();
        let (place, open) = self
            .db
            .read(move |conn| {
                let open = dead_letter::count(conn, projection.name())?;
                Ok((position::find(conn, &*projection)?, open))
            })
            .await?;
        let Some(place) = place else { return Ok(()) };
        self.handle.change(|status| status.dead_letters = u32::try_from(open).unwrap_or(u32::MAX));
        let batch = self.source.feed(FeedAfter { after: place.position, limit: 1, wait_ms: 0 }).await?;
        if batch.log_id == place.log_id {
            self.handle.stands(place.log_id, place.position, batch.head, place.moved_at);
            self.handle.change(|status| status.moved_at = Some(place.moved_at));
        } else {
            self.handle.change(|status| status.head = Some(batch.head));
        }
        Ok(())
    }

    async fn let_go(&self) {
        let epoch = self.epoch.swap(-1, Ordering::Relaxed);
        if epoch >= 0 {
            let lease = Lease { name: self.lease_name(), holder: self.holder.clone(), epoch };
            if let Err(why) = lease.release(&self.db).await {
                tracing::debug!("a lease is left to run out: {why}");
            }
        }
        self.handle.is(ReaderState::Stopped);
    }

    fn lease_name(&self) -> String {
        format!("projection/{}/{}", self.projection.name(), self.projection.version())
    }

    fn ctx(&self) -> Ctx {
        Ctx::system(self.projection.name())
    }
}

/// Later events of a stream wait behind the one that was set aside; other streams go on.
fn apply_one(
    tx: &mut Tx<'_>,
    projection: &dyn Projection,
    waiting: &BTreeSet<String>,
    place: Place,
    event: &Event,
) -> Result<(), DbError> {
    if waiting.contains(&event.stream) {
        return dead_letter::park(tx, projection.name(), place.log_id, event);
    }
    tx.caused_by(event.event_id);
    projection.apply(tx, event)
}
