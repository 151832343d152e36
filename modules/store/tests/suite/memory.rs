//! Views in memory follow, start again in another history, and say how far they are.

use std::sync::{Arc, Mutex};

use kernel::{Event, Outside, ReaderState};
use store::{Db, MemoryReader, ReaderHandle, View};
use tokio::sync::watch;

use crate::world::{append, databases};

#[derive(Clone, Default)]
struct Kinds {
    seen: Arc<Mutex<Vec<String>>>,
    cleared: watch::Sender<u32>,
}

impl View for Kinds {
    fn clear(&mut self) {
        self.seen.lock().unwrap().clear();
        self.cleared.send_modify(|times| *times += 1);
    }
    fn apply(&mut self, events: &[Event]) {
        self.seen.lock().unwrap().extend(events.iter().map(|event| event.kind.clone()));
    }
}

impl Kinds {
    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn reader(db: &Db) -> MemoryReader {
    MemoryReader::new("probe.kinds", Arc::new(db.clone()), Outside::system())
}

async fn reached(handle: &ReaderHandle, seq: i64) {
    handle
        .watch()
        .wait_for(|status| status.position == seq && status.state == ReaderState::Following)
        .await
        .unwrap();
}

#[tokio::test]
async fn it_follows_replays_and_stops() {
    for (engine, db) in databases() {
        append(&db, "a", "one").await.unwrap();
        let (view, reader) = (Kinds::default(), reader(&db));
        let handle = reader.handle();
        assert_eq!(handle.status().lag(), None, "{engine}: unknown is not fresh");
        let (stop, stopped) = watch::channel(false);
        let running = tokio::spawn(reader.follow(view.clone(), stopped));
        reached(&handle, 1).await;
        append(&db, "a", "two").await.unwrap();
        assert!(handle.has_passed(2, std::time::Duration::from_secs(10)).await, "{engine}");
        assert_eq!(view.seen(), ["one", "two"], "{engine}");
        view.seen.lock().unwrap().push("dirt".to_owned());
        handle.replay();
        view.cleared.subscribe().wait_for(|times| *times == 1).await.unwrap();
        reached(&handle, 2).await;
        assert_eq!(view.seen(), ["one", "two"], "{engine}: rebuilt");
        stop.send(true).unwrap();
        running.await.unwrap();
        assert_eq!(handle.status().state, ReaderState::Stopped, "{engine}");
    }
}

#[tokio::test]
async fn another_history_starts_from_nothing() {
    for (engine, db) in databases() {
        for kind in ["one", "two"] {
            append(&db, "a", kind).await.unwrap();
        }
        let (mut view, mut reader) = (Kinds::default(), reader(&db));
        assert_eq!(reader.catch_up(&mut view).await.unwrap(), 2, "{engine}");
        db.new_history().await.unwrap();
        append(&db, "a", "three").await.unwrap();
        assert_eq!(reader.catch_up(&mut view).await.unwrap(), 3, "{engine}");
        assert_eq!(view.seen(), ["one", "two", "three"], "{engine}");
        let from = db.head().await.unwrap();
        let mut late = self::reader(&db).starting_at(from);
        let mut fresh = Kinds::default();
        assert_eq!(late.catch_up(&mut fresh).await.unwrap(), 3, "{engine}");
        assert_eq!(fresh.seen(), [""; 0], "{engine}: a snapshot is not read again");
    }
}

/// Fails once, in the middle.
struct Clumsy {
    inner: Kinds,
    falls: bool,
}

impl View for Clumsy {
    fn clear(&mut self) {
        self.inner.clear();
    }
    fn apply(&mut self, events: &[Event]) {
        let (first, rest) = events.split_at(1);
        self.inner.apply(first);
        assert!(!std::mem::take(&mut self.falls), "on purpose");
        self.inner.apply(rest);
    }
}

#[tokio::test]
async fn a_view_that_falls_starts_again() {
    for (engine, db) in databases() {
        db.write(&crate::world::ctx(), |tx| {
            let news = ["one", "two"].map(|kind| ("a".to_owned(), crate::world::event(tx, kind)));
            tx.append_all(news.into())
        })
        .await
        .unwrap();
        let view = Kinds::default();
        let (stop, stopped) = watch::channel(false);
        let reader = reader(&db);
        let handle = reader.handle();
        let running = tokio::spawn(reader.follow(Clumsy { inner: view.clone(), falls: true }, stopped));
        assert!(handle.has_passed(2, std::time::Duration::from_secs(10)).await, "{engine}");
        assert_eq!(view.seen(), ["one", "two"], "{engine}");
        stop.send(true).unwrap();
        running.await.unwrap();
    }
}
