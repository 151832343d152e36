//! The durable projection `notes.trips`: what booking's feed says of each order, so that a note can name its trip
//! without asking booking.

use std::sync::Arc;

use async_trait::async_trait;
use booking_api::{Schedule, events::OrderFact};
use diesel::prelude::*;
use kernel::{Ctx, Event, Fault, FeedAfter, FeedBatch, FeedError, ReaderStatus};
use store::{AsText, Db, DbError, Projection, Projector, ReaderHandle, Source, Tx, both};
use tokio::sync::{Mutex, watch};

use crate::schema::trips_v1 as trips;

/// The projection as this process has it: not yet followed, or running on a task of its own.
pub(crate) struct Trips {
    handle: ReaderHandle,
    idle: Mutex<Option<Projector>>,
}

impl Trips {
    pub(crate) fn new(db: Db, schedule: Arc<dyn Schedule>) -> Self {
        let projector = Projector::new(db, Arc::new(BookingFeed(schedule)), Arc::new(TripTitles));
        Self { handle: projector.handle(), idle: Mutex::new(Some(projector)) }
    }

    pub(crate) fn handle(&self) -> ReaderHandle {
        self.handle.clone()
    }

    /// Follows until it is told to stop. A second follower has nothing to do.
    pub(crate) async fn follow(&self, stop: watch::Receiver<bool>) {
        let projector = self.idle.lock().await.take();
        if let Some(projector) = projector {
            projector.run(stop).await;
        }
    }

    /// Where it is: as its runner here knows, else as the stored position says.
    pub(crate) async fn status(&self) -> ReaderStatus {
        match &*self.idle.lock().await {
            Some(projector) => projector.status().await,
            None => self.handle.status(),
        }
    }

    /// Rebuilds: the runner as soon as it looks up, else here and now.
    pub(crate) async fn replay(&self) -> Result<(), Fault> {
        if let Some(projector) = &*self.idle.lock().await {
            projector.replay().await?;
        } else {
            self.handle.replay();
        }
        Ok(())
    }
}

struct TripTitles;

impl Projection for TripTitles {
    fn name(&self) -> &'static str {
        "notes.trips"
    }

    fn version(&self) -> i32 {
        1
    }

    fn wants(&self, kind: &str) -> bool {
        kind.starts_with("order.")
    }

    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), DbError> {
        let fact: OrderFact = serde_json::from_value(event.payload.clone())
            .map_err(|why| DbError::Encoding(why.to_string()))?;
        let (owner, title) = (trips::owner.eq(fact.owner.map(AsText)), trips::title.eq(fact.title));
        let row = (trips::locator.eq(AsText(fact.locator)), owner, title.clone());
        both!(tx.conn(), c => diesel::insert_into(trips::table)
            .values(row)
            .on_conflict(trips::locator)
            .do_update()
            .set((owner, title))
            .execute(c))?;
        Ok(())
    }

    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        diesel::delete(trips::table).execute(tx.conn())?;
        Ok(())
    }
}

/// Booking's log, near or far.
struct BookingFeed(Arc<dyn Schedule>);

#[async_trait]
impl Source for BookingFeed {
    fn module(&self) -> &'static str {
        "booking"
    }

    async fn feed(&self, ask: FeedAfter) -> Result<FeedBatch, Fault> {
        let answer = self.0.feed(&Ctx::system("notes.trips"), ask).await;
        answer.map_err(|error| match error {
            FeedError::Fault(fault) => fault,
            FeedError::Forbidden => Fault::Refused(error.to_string()),
        })
    }
}
