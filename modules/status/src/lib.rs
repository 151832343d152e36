//! Status: what flights are really doing. Movement messages come in and are kept as facts of dated legs; boards
//! and flights are answered from memory, over the schedule that booking's feed tells.

mod messages;

use std::sync::Arc;

use async_trait::async_trait;
use booking_api::{Disruption, Schedule};
use kernel::{
    Ctx, Fault, FeedAfter, FeedBatch, FeedError, Outside, Page, PageAsk, ReaderStatus, ReadersAsk,
    ReplayReader,
};
use status_api::{
    Board, BoardAsk, DeadLetter, FlightOf, FlightStatus, IntakeReport, Movements, Status, StatusError,
};
use store::{Db, DbError, Migrations, embed_migrations};
use tokio::sync::watch;

/// What status needs from the house.
pub struct Parts {
    pub db: Db,
    pub outside: Outside,
    /// Booking, near or far: airports and the schedule come from it.
    pub schedule: Arc<dyn Schedule>,
    /// Booking again: who wants to know about cancellations and estimates.
    pub disruption: Arc<dyn Disruption>,
}

/// The status module of this process.
pub struct Operations {
    parts: Parts,
}

/// The module's tables, for `Db::open` and `banyan migrate`.
pub fn migrations() -> Migrations {
    const EMBEDDED: Migrations = Migrations {
        sqlite: embed_migrations!("../../migrations/status/sqlite"),
        postgres: embed_migrations!("../../migrations/status/postgres"),
    };
    EMBEDDED
}

/// Starts status with the legs that it has heard of. Call [`Operations::follow`] and [`Operations::tell`] on tasks of
/// their own in a process that serves; without them every question first reads what is new.
pub async fn start(parts: Parts) -> Result<Arc<Operations>, DbError> {
    Ok(Arc::new(Operations { parts }))
}

impl Operations {
    /// Keeps the schedule and the boards up to date until it is told to stop.
    pub async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Tells booking what the messages mean for it, again and again while booking is away, until it is told to stop.
    pub async fn tell(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let _ = stop.wait_for(|stop| *stop).await;
    }

    /// Tells booking once everything that waits: for the command line, which has no worker. Answers how much is left.
    pub async fn tell_now(&self) -> Result<u32, StatusError> {
        let _ = (&self.parts.db, &self.parts.outside, &self.parts.schedule, &self.parts.disruption);
        Ok(0)
    }
}

#[async_trait]
impl Status for Operations {
    async fn take(&self, _ctx: &Ctx, _messages: Movements) -> Result<IntakeReport, StatusError> {
        Err(Fault::unavailable("not yet").into())
    }

    async fn flight(&self, _ctx: &Ctx, _of: FlightOf) -> Result<Option<FlightStatus>, StatusError> {
        Err(Fault::unavailable("not yet").into())
    }

    async fn board(&self, _ctx: &Ctx, _ask: BoardAsk) -> Result<Board, StatusError> {
        Err(Fault::unavailable("not yet").into())
    }

    async fn dead_letters(&self, _ctx: &Ctx, _page: PageAsk) -> Result<Page<DeadLetter>, StatusError> {
        Err(Fault::unavailable("not yet").into())
    }

    async fn feed(&self, _ctx: &Ctx, _ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        Err(Fault::unavailable("not yet").into())
    }

    async fn readers(&self, _ctx: &Ctx, _ask: ReadersAsk) -> Result<Vec<ReaderStatus>, StatusError> {
        Ok(Vec::new())
    }

    async fn replay(&self, _ctx: &Ctx, ask: ReplayReader) -> Result<(), StatusError> {
        Err(StatusError::UnknownReader(ask.reader))
    }
}
