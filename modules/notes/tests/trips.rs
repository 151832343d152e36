//! The projection of booking's feed: titles appear, change, survive a rebuild, and are shown to the trip's owner only.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod suite;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use booking_api::{OrderState, events::OrderFact};
use jiff::Timestamp;
use kernel::{
    Ctx, Currency, Event, Fault, FeedBatch, Money, Op, Outside, PersonId, ReadersAsk, Remote, ReplayReader,
    Transport,
};
use notes::{Parts, Running};
use notes_api::{NoteOf, Notes};
use tokio::sync::watch;
use uuid::Uuid;

/// A booking module that answers nothing but its feed, from a list that the test keeps.
#[derive(Clone)]
struct Log {
    log_id: Uuid,
    events: Arc<Mutex<Vec<Event>>>,
}

#[async_trait]
impl Transport for Log {
    async fn carry(&self, _: &Ctx, op: &'static Op, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        assert_eq!(op.name, "feed");
        let call: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let after = call["question"]["after"].as_i64().unwrap();
        let events = self.events.lock().unwrap().clone();
        let head = i64::try_from(events.len()).unwrap();
        let events: Vec<_> = events.into_iter().filter(|event| event.seq > after).collect();
        if events.is_empty() {
            tokio::task::yield_now().await;
        }
        let batch = FeedBatch { log_id: self.log_id, head, events, next: head };
        Ok(serde_json::to_vec(&Ok::<_, Fault>(batch)).unwrap())
    }
}

impl Log {
    fn new() -> Self {
        Self { log_id: Outside::system().uuid(), events: Arc::default() }
    }

    fn tell(&self, kind: &str, owner: Option<PersonId>, title: &str) {
        let fact = OrderFact {
            locator: "7Q4ZK2".parse().unwrap(),
            owner,
            state: OrderState::Confirmed,
            title: title.into(),
            departs: Timestamp::UNIX_EPOCH,
            total: Money::new(100, Currency::EUR),
        };
        let mut events = self.events.lock().unwrap();
        let seq = i64::try_from(events.len()).unwrap() + 1;
        events.push(Event {
            seq,
            event_id: Outside::system().uuid(),
            stream: "order/7Q4ZK2".into(),
            stream_version: seq,
            kind: kind.into(),
            v: 1,
            payload: serde_json::to_value(fact).unwrap(),
            actor: String::new(),
            request_id: String::new(),
            causation_id: None,
            origin: String::new(),
            epoch: 0,
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
        });
    }

    fn head(&self) -> i64 {
        i64::try_from(self.events.lock().unwrap().len()).unwrap()
    }
}

fn modules(log: &Log) -> Vec<Arc<Running>> {
    let schedule: Arc<dyn booking_api::Schedule> = Arc::new(Remote::new(log.clone()));
    store::testing::databases("notes", &notes::migrations())
        .into_iter()
        .map(|(_, db)| {
            notes::start(Parts { db, outside: Outside::system(), schedule: Some(schedule.clone()) })
        })
        .collect()
}

#[tokio::test]
async fn a_trip_has_its_title_for_its_owner() {
    let (owner, other) = (suite::somebody(), suite::somebody());
    let log = Log::new();
    log.tell("order.confirmed", owner.actor.person(), "Amsterdam to London");
    log.tell("schedule.loaded", None, "of no interest");
    for module in modules(&log) {
        let (stop, stopped) = watch::channel(false);
        let following = tokio::spawn(module.clone().follow(stopped));
        let trips = module.trips().unwrap();
        let trip = "7Q4ZK2".parse().unwrap();
        let mine = module.add(&owner, suite::on_trip("mine", trip)).await.unwrap();
        let theirs = module.add(&other, suite::on_trip("theirs", trip)).await.unwrap();
        assert!(trips.has_passed(log.head(), Duration::from_secs(20)).await);
        let title = async |ctx: &Ctx, id| {
            let note = module.note(ctx, NoteOf { id, version: None }).await.unwrap();
            note.trip.unwrap().title
        };
        let first = title(&owner, mine.id).await;
        assert!(first.is_some());
        assert_eq!(title(&other, theirs.id).await, None, "knowing a locator gives no right to the journey");

        log.tell("order.changed", owner.actor.person(), "Amsterdam to Paris");
        assert!(trips.has_passed(log.head(), Duration::from_secs(20)).await);
        assert_eq!(title(&owner, mine.id).await.as_deref(), Some("Amsterdam to Paris"));

        stop.send(true).unwrap();
        following.await.unwrap();
    }
}

#[tokio::test]
async fn a_replay_makes_the_same_again_and_its_lag_is_known() {
    let owner = suite::somebody();
    let log = Log::new();
    log.tell("order.confirmed", owner.actor.person(), "Amsterdam to London");
    for module in modules(&log) {
        let service = Ctx::system("test");
        let ask = ReplayReader { reader: "notes.trips".into(), reason: "a test".into() };
        module.replay(&service, ask.clone()).await.unwrap();
        let note = module.add(&owner, suite::on_trip("mine", "7Q4ZK2".parse().unwrap())).await.unwrap();
        assert_eq!(note.trip.unwrap().title.as_deref(), Some("Amsterdam to London"));
        log.tell("order.cancelled", owner.actor.person(), "Amsterdam to London, cancelled");
        let readers = module.readers(&service, ReadersAsk {}).await.unwrap();
        assert_eq!((readers.len(), readers[0].name.as_str(), readers[0].lag()), (1, "notes.trips", Some(1)));
        module.replay(&service, ask).await.unwrap();
        let readers = module.readers(&service, ReadersAsk {}).await.unwrap();
        assert_eq!(readers[0].lag(), Some(0));
        log.events.lock().unwrap().truncate(1);
    }
}
