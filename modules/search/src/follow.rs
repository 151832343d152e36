//! Follows booking's feed. A first reading, a replay, a gap and another history are the same thing: a new timetable is
//! read to the end beside the old one, which goes on answering.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use booking_api::{AllAirports, BookingError, Schedule};
use kernel::{
    Ctx, Event, Fault, FeedAfter, FeedBatch, FeedError, InterfaceError, Outside, ReaderState, ReaderStatus,
};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    apply::{Changes, apply},
    timetable::Timetable,
    view::Views,
};

/// The reader's name.
pub(crate) const READER: &str = "search.timetable";
/// How long the source may hold an empty answer.
const WAIT: Duration = Duration::from_secs(10);
/// While there is more to read, the view is shown no more often than this.
const SELDOM: Duration = Duration::from_secs(2);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Where the reader is, for whoever asks.
pub(crate) struct Progress {
    status: Mutex<ReaderStatus>,
    pub(crate) again: Notify,
}

pub(crate) struct Follower {
    pub(crate) schedule: Arc<dyn Schedule>,
    pub(crate) outside: Outside,
    pub(crate) views: Arc<Views>,
    pub(crate) progress: Arc<Progress>,
}

/// Why following ended.
enum End {
    /// Another history, a gap, or somebody's wish: from the beginning.
    Again(Option<String>),
    /// The source does not answer.
    Fault(Fault),
}

impl Follower {
    /// Reads for ever; whoever wants it to end drops it.
    pub(crate) async fn run(&self) {
        let mut pause = SHORTEST_PAUSE;
        loop {
            match self.rebuild().await {
                Ok(mut place) => {
                    pause = SHORTEST_PAUSE;
                    let why = self.stay(&mut place).await;
                    self.progress.change(|status| {
                        status.state = ReaderState::Rebuilding;
                        status.trouble = why;
                    });
                }
                Err(fault) => {
                    tracing::warn!(reader = READER, "waits for its source: {fault}");
                    self.progress.waits(&fault);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Reads everything into a timetable of its own, and shows it when it is whole.
    async fn rebuild(&self) -> Result<Place, Fault> {
        let airports = self.schedule.airports(&Ctx::system(READER), AllAirports {}).await;
        let mut fresh = Timetable::new(airports.map_err(fault_of)?);
        self.progress.change(|status| status.dead_letters = 0);
        let mut place = Place::default();
        loop {
            let batch = self.ask(place.position, Duration::ZERO).await?;
            if place.log_id.is_some_and(|known| known != batch.log_id) {
                return Err(Fault::malformed("the log was replaced while it was read"));
            }
            place.check(&batch).map_err(Fault::malformed)?;
            self.take(&mut fresh, &batch.events, &mut Changes::default());
            place.move_to(&batch);
            if batch.next >= batch.head {
                self.views.replace(fresh);
                self.progress.stands(&batch, &self.outside);
                return Ok(place);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Follows from where the rebuilding ended; answers why it has to begin again.
    async fn stay(&self, place: &mut Place) -> Option<String> {
        let mut pause = SHORTEST_PAUSE;
        let mut pending = Pending::default();
        loop {
            match self.step(place, &mut pending).await {
                Ok(()) => pause = SHORTEST_PAUSE,
                Err(End::Again(why)) => return why,
                Err(End::Fault(fault)) => {
                    tracing::warn!(reader = READER, "waits for its source: {fault}");
                    self.progress.waits(&fault);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn step(&self, place: &mut Place, pending: &mut Pending) -> Result<(), End> {
        let batch = tokio::select! {
            () = self.progress.again.notified() => return Err(End::Again(None)),
            batch = self.ask(place.position, WAIT) => batch.map_err(End::Fault)?,
        };
        if place.log_id != Some(batch.log_id) {
            return Err(End::Again(Some(
                "another log has taken the place of the one that was read".to_owned(),
            )));
        }
        place.check(&batch).map_err(|gap| End::Again(Some(gap)))?;
        self.views.change(|timetable| self.take(timetable, &batch.events, &mut pending.changes));
        place.move_to(&batch);
        if pending.is_due(batch.next >= batch.head) {
            self.views.publish(&std::mem::take(pending).changes);
        }
        self.progress.stands(&batch, &self.outside);
        Ok(())
    }

    async fn ask(&self, after: i64, wait: Duration) -> Result<FeedBatch, Fault> {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(0);
        let ask = FeedAfter { after, limit: FeedAfter::MOST, wait_ms };
        self.schedule.feed(&Ctx::system(READER), ask).await.map_err(|why| match why {
            FeedError::Fault(fault) => fault,
            FeedError::Forbidden => Fault::Refused(why.to_string()),
        })
    }

    /// An event that cannot be read is told and left out: one bad flight must not hide all others.
    fn take(&self, timetable: &mut Timetable, events: &[Event], changes: &mut Changes) {
        for event in events {
            if let Err(why) = apply(timetable, event, changes) {
                tracing::error!(
                    reader = READER,
                    seq = event.seq,
                    kind = event.kind,
                    "an event cannot be read: {why}"
                );
                self.progress.change(|status| {
                    status.dead_letters = status.dead_letters.saturating_add(1);
                });
            }
        }
    }
}

/// A place in one history.
#[derive(Default)]
struct Place {
    log_id: Option<Uuid>,
    position: i64,
}

impl Place {
    /// Numbers follow each other without a gap.
    fn check(&self, batch: &FeedBatch) -> Result<(), String> {
        let gap = (self.position + 1..).zip(&batch.events).find(|(expected, event)| *expected != event.seq);
        gap.map_or(Ok(()), |(expected, event)| {
            Err(format!("the log has a gap: {} came where {expected} was expected", event.seq))
        })
    }

    fn move_to(&mut self, batch: &FeedBatch) {
        self.log_id = Some(batch.log_id);
        self.position = batch.next;
    }
}

/// What is applied and not yet shown.
#[derive(Default)]
struct Pending {
    changes: Changes,
    since: Option<Instant>,
}

impl Pending {
    fn is_due(&mut self, at_the_end: bool) -> bool {
        if !self.changes.any {
            return false;
        }
        let since = *self.since.get_or_insert_with(Instant::now);
        at_the_end || since.elapsed() >= SELDOM
    }
}

impl Progress {
    pub(crate) fn new() -> Self {
        let status = ReaderStatus {
            name: READER.to_owned(),
            source: "booking".to_owned(),
            log_id: None,
            position: 0,
            head: None,
            moved_at: None,
            dead_letters: 0,
            state: ReaderState::Starting,
            trouble: None,
        };
        Self { status: Mutex::new(status), again: Notify::new() }
    }

    pub(crate) fn status(&self) -> ReaderStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut ReaderStatus)) {
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn stands(&self, batch: &FeedBatch, outside: &Outside) {
        let now = outside.now();
        self.change(|status| {
            if status.position != batch.next || status.log_id != Some(batch.log_id) {
                status.moved_at = Some(now);
            }
            status.log_id = Some(batch.log_id);
            status.position = batch.next;
            status.head = Some(batch.head.max(batch.next));
            status.state = ReaderState::Following;
            status.trouble = None;
        });
    }

    fn waits(&self, fault: &Fault) {
        self.change(|status| {
            status.state = ReaderState::Waiting;
            status.trouble = Some(fault.to_string());
        });
    }
}

fn fault_of(why: BookingError) -> Fault {
    why.fault().cloned().unwrap_or_else(|| Fault::Refused(why.to_string()))
}
