//! Booking's feed as status reads it: the timetable in memory, and what booking itself did to single dated legs.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use booking_api::{
    LegKey, Schedule,
    events::{LegCancelled, LegRetimed, SeasonFlight, SeasonFlightWithdrawn},
};
use jiff::Timestamp;
use kernel::{Ctx, Event, Fault, FeedAfter, FeedBatch, FeedError};
use serde::de::DeserializeOwned;
use status_api::Times;
use store::{Source, View};
use tokio::sync::Notify;

use crate::{
    facts::What,
    follower::Settles,
    timetable::{Seasons, Timetable},
};

/// Who status is when it calls booking. What booking does on our word comes back in its feed under this name.
pub(crate) const JOB: &str = "status";

/// Booking's log, near or far.
pub(crate) struct BookingLog(pub(crate) Arc<dyn Schedule>);

#[async_trait]
impl Source for BookingLog {
    fn module(&self) -> &'static str {
        "booking"
    }

    async fn feed(&self, ask: FeedAfter) -> Result<FeedBatch, Fault> {
        let ctx = Ctx::system(JOB).with_time(Duration::from_millis(ask.wait_ms) + Duration::from_secs(10));
        self.0.feed(&ctx, ask).await.map_err(|error| match error {
            FeedError::Fault(fault) => fault,
            FeedError::Forbidden => Fault::Refused("booking's feed".to_owned()),
        })
    }
}

/// Something that booking did to one dated leg, of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookingNews {
    pub(crate) id: String,
    pub(crate) leg: LegKey,
    pub(crate) at: Timestamp,
    pub(crate) what: What,
}

/// The timetable as it is read from booking's log. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct SharedSchedule(Arc<Inner>);

#[derive(Default)]
struct Inner {
    seasons: Mutex<Seasons>,
    current: ArcSwap<Timetable>,
    /// The seasons have changed since the timetable was made.
    changed: AtomicBool,
    /// They are being read from the beginning; until they are whole, the timetable stays as it is.
    reading: AtomicBool,
    news: Mutex<Vec<BookingNews>>,
    bell: Notify,
}

impl SharedSchedule {
    /// The timetable, made anew if the schedule has changed.
    pub(crate) fn timetable(&self) -> Arc<Timetable> {
        if self.0.changed.load(Ordering::Acquire) && !self.0.reading.load(Ordering::Acquire) {
            let seasons = held(&self.0.seasons);
            if self.0.changed.swap(false, Ordering::AcqRel) {
                self.0.current.store(Arc::new(seasons.timetable()));
            }
        }
        self.0.current.load_full()
    }

    /// What booking did since this was last asked.
    pub(crate) fn take_news(&self) -> Vec<BookingNews> {
        std::mem::take(&mut *held(&self.0.news))
    }

    /// It could not be written down; it comes first next time.
    pub(crate) fn give_back(&self, mut news: Vec<BookingNews>) {
        let mut waiting = held(&self.0.news);
        news.append(&mut waiting);
        *waiting = news;
    }

    /// Waits until there is news.
    pub(crate) async fn rings(&self) {
        self.0.bell.notified().await;
    }
}

impl Settles for SharedSchedule {
    fn settle(&self, position: i64) {
        // Straight after a rebuild was begun, the position is still that of the old seasons.
        if position == 0 || held(&self.0.seasons).last >= position {
            self.0.reading.store(false, Ordering::Release);
        }
    }
}

impl View for SharedSchedule {
    fn clear(&mut self) {
        self.0.reading.store(true, Ordering::Release);
        held(&self.0.seasons).clear();
    }

    fn apply(&mut self, events: &[Event]) {
        let mut seasons = held(&self.0.seasons);
        let mut news = Vec::new();
        for event in events {
            match event.kind.as_str() {
                "schedule.loaded" => {
                    if let Some(flight) = payload::<SeasonFlight>(event) {
                        seasons.load(flight);
                        self.0.changed.store(true, Ordering::Release);
                    }
                }
                "schedule.withdrawn" => {
                    if let Some(SeasonFlightWithdrawn { key }) = payload(event) {
                        seasons.withdraw(&key);
                        self.0.changed.store(true, Ordering::Release);
                    }
                }
                _ => news.extend(booking_news(event)),
            }
        }
        seasons.last = events.last().map_or(seasons.last, |event| event.seq);
        drop(seasons);
        if !news.is_empty() {
            held(&self.0.news).extend(news);
            self.0.bell.notify_one();
        }
    }
}

/// What booking did by itself; what it did on our word is known already.
fn booking_news(event: &Event) -> Option<BookingNews> {
    let (leg, what) = match event.kind.as_str() {
        "flight.cancelled" => {
            let LegCancelled { leg, reason } = payload(event)?;
            (leg, What::Cancelled { reason })
        }
        "flight.reinstated" => (payload::<LegCancelled>(event)?.leg, What::Reinstated),
        "flight.schedule_changed" => {
            let LegRetimed { leg, departs, arrives } = payload(event)?;
            (leg, What::Retimed(Times { departure: departs, arrival: arrives }))
        }
        _ => return None,
    };
    let ours = event.actor == kernel::Actor::system(JOB).label();
    (!ours).then(|| BookingNews {
        id: format!("booking/{}", event.event_id),
        leg,
        at: event.recorded_at,
        what,
    })
}

fn payload<T: DeserializeOwned>(event: &Event) -> Option<T> {
    T::deserialize(&event.payload)
        .inspect_err(|why| {
            tracing::warn!(seq = event.seq, kind = event.kind, "an event cannot be read: {why}");
        })
        .ok()
}

/// A panic elsewhere leaves these values whole.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
