//! Status: what flights are really doing. Movement messages come in and are kept as facts of dated legs; boards
//! and flights are answered from memory, over the schedule that booking's feed tells.

mod answers;
mod boards;
mod digest;
mod facts;
mod follower;
mod intake;
mod matching;
mod messages;
mod places;
mod reasons;
mod rows;
mod rules;
mod schedule;
mod schema;
mod show;
mod status;
mod tell;
mod timetable;

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use booking_api::{AllAirports, Disruption, Schedule};
use kernel::{Ctx, Fault, FeedAfter, Outside};
use status_api::StatusError;
use store::{Db, DbError, Migrations, Source, embed_migrations};
use tokio::sync::{Notify, watch};

use boards::SharedBoards;
use follower::{Follower, Log};
use intake::{Batch, World};
use places::Places;
use schedule::{BookingLog, JOB, SharedSchedule};
use tell::Teller;

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
    db: Db,
    outside: Outside,
    booking: Arc<dyn Schedule>,
    places: ArcSwapOption<Places>,
    schedule: SharedSchedule,
    schedule_reader: Follower<SharedSchedule>,
    boards: SharedBoards,
    board_reader: Follower<SharedBoards>,
    teller: Teller,
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
    let Parts { db, outside, schedule: booking, disruption } = parts;
    let position = db.head().await?;
    let boards = SharedBoards::with(db.read(rows::all).await?);
    let own_log = Log { reader: "status.board", source: Arc::new(db.clone()), outside: outside.clone() };
    let schedule = SharedSchedule::default();
    let booking_log = Arc::new(BookingLog(booking.clone()));
    let booking_log = Log { reader: "status.schedule", source: booking_log, outside: outside.clone() };
    Ok(Arc::new(Operations {
        board_reader: Follower::new(own_log, boards.clone(), Some(position)),
        schedule_reader: Follower::new(booking_log, schedule.clone(), None),
        teller: Teller { db: db.clone(), disruption, bell: Notify::new() },
        places: ArcSwapOption::empty(),
        db,
        outside,
        booking,
        schedule,
        boards,
    }))
}

/// How long an intake waits for the views to have read what it needs, or what it wrote.
const SOON: Duration = Duration::from_secs(5);

impl Operations {
    /// Keeps the schedule and the boards up to date until it is told to stop.
    pub async fn follow(self: Arc<Self>, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.schedule_reader.follow(stop.clone()),
            self.board_reader.follow(stop.clone()),
            self.absorb_until(stop),
        );
    }

    /// Tells booking what the messages mean for it, again and again while booking is away, until it is told to stop.
    pub async fn tell(self: Arc<Self>, stop: watch::Receiver<bool>) {
        self.teller.run(stop).await;
    }

    /// Tells booking everything that waits, once: for the command line, which has no worker. Answers how much was told.
    pub async fn tell_now(&self) -> Result<u32, StatusError> {
        Ok(self.teller.tell_all().await?)
    }

    /// Airports, asked of booking until it has answered once.
    async fn places(&self) -> Result<Arc<Places>, Fault> {
        if let Some(places) = self.places.load_full() {
            return Ok(places);
        }
        let airports = self.booking.airports(&Ctx::system(JOB), AllAirports {}).await;
        let airports = airports.map_err(|error| match error {
            booking_api::BookingError::Fault(fault) => fault,
            other => Fault::unavailable(other),
        })?;
        let places = Arc::new(Places::of(airports));
        self.places.store(Some(places.clone()));
        Ok(places)
    }

    /// Both views have been read, and what booking did of its own accord is written down.
    async fn ready(&self) -> Result<Arc<Places>, Fault> {
        self.schedule_reader.ready().await?;
        self.absorb().await?;
        self.board_reader.ready().await?;
        self.places().await
    }

    async fn world(&self) -> Result<World, Fault> {
        let places = self.places().await?;
        Ok(World { timetable: self.schedule.timetable(), places, boards: self.boards.clone() })
    }

    /// The timetable has everything that booking has said until now; if booking is away, what it has said before.
    async fn hear_booking_out(&self) -> Result<(), Fault> {
        self.schedule_reader.ready().await?;
        let after = self.schedule_reader.status().position;
        let ask = FeedAfter { after, limit: 1, wait_ms: 0 };
        if let Ok(batch) = BookingLog(self.booking.clone()).feed(ask).await {
            self.schedule_reader.has_read(batch.head, SOON).await?;
        }
        Ok(())
    }

    /// What was written here just now is on the boards.
    async fn show(&self) -> Result<(), Fault> {
        let head = self.db.head().await?;
        self.board_reader.has_read(head.seq, SOON).await.map(drop)
    }

    async fn absorb_until(&self, mut stop: watch::Receiver<bool>) {
        const PAUSE: Duration = Duration::from_secs(1);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.schedule.rings() => {}
            }
            while let Err(why) = self.absorb().await {
                tracing::warn!("what booking did waits to be written down: {why}");
                if tokio::time::timeout(PAUSE, stop.wait_for(|stop| *stop)).await.is_ok() {
                    return;
                }
            }
        }
    }

    /// Legs that booking cancelled, reinstated or retimed of its own accord become facts like any other, once: the
    /// event's number is the fact's name.
    async fn absorb(&self) -> Result<(), Fault> {
        let news = self.schedule.take_news();
        if news.is_empty() {
            return Ok(());
        }
        let absorbed = async {
            let batch = Batch::of_booking(self.world().await?, &news);
            self.db
                .write(&Ctx::system(JOB), move |tx| batch.apply(tx, false))
                .await
                .map_err(|e: DbError| Fault::from(e))
        };
        let result = absorbed.await;
        if result.is_err() {
            self.schedule.give_back(news);
        }
        result.map(drop)
    }
}
