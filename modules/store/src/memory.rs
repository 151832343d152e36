//! Views in memory: they live in every process, start from nothing or a snapshot, and follow a feed.

use std::sync::Arc;

use kernel::{Event, Fault, FeedAfter, FeedBatch, Outside, Position, ReaderState};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    DbError,
    job::caught,
    reader::{Backoff, ReaderHandle, Source, stopped},
};

/// What a memory reader feeds. Typically it builds a new immutable value and swaps it in at the end of `apply`.
pub trait View: Send {
    /// Forgets everything: another history begins, or somebody asked for a replay.
    fn clear(&mut self);
    /// Events in order, never twice. Types that mean nothing here are passed over.
    fn apply(&mut self, events: &[Event]);
}

/// Keeps a [`View`] up to date with a source.
pub struct MemoryReader {
    source: Arc<dyn Source>,
    outside: Outside,
    handle: ReaderHandle,
    bell: watch::Receiver<u64>,
    log_id: Option<Uuid>,
    position: i64,
}

/// How long the source may hold an empty answer.
const WAIT_MS: u64 = 10_000;

impl MemoryReader {
    pub fn new(name: &str, source: Arc<dyn Source>, outside: Outside) -> Self {
        let handle = ReaderHandle::new(name, source.module());
        let bell = handle.bell();
        Self { source, outside, handle, bell, log_id: None, position: 0 }
    }

    /// Goes on from a snapshot that the view has already taken in.
    #[must_use]
    pub fn starting_at(mut self, position: Position) -> Self {
        self.log_id = Some(position.log_id);
        self.position = position.seq;
        self
    }

    pub fn handle(&self) -> ReaderHandle {
        self.handle.clone()
    }

    /// Reads to the head as it is now, and answers where that is.
    pub async fn catch_up(&mut self, view: &mut impl View) -> Result<i64, Fault> {
        loop {
            let batch = self.ask(0).await?;
            let head = batch.head;
            self.take(&batch, view)?;
            if self.position >= head {
                return Ok(self.position);
            }
        }
    }

    /// Follows the source until it is told to stop; faults are waited out.
    pub async fn follow(mut self, mut view: impl View, mut stop: watch::Receiver<bool>) {
        let mut backoff = Backoff::default();
        loop {
            let mut bell = self.bell.clone();
            let answer = tokio::select! {
                () = stopped(&mut stop) => break,
                _ = bell.changed() => {
                    self.bell = bell;
                    self.restart(&mut view, None);
                    continue;
                }
                answer = self.ask(WAIT_MS) => answer,
            };
            match answer.and_then(|batch| self.take(&batch, &mut view)) {
                Ok(()) => backoff.worked(),
                Err(why) => {
                    tracing::warn!(reader = self.handle.name(), "a reader waits: {why}");
                    self.handle.waits(&why);
                    if backoff.pause(&mut stop).await {
                        break;
                    }
                }
            }
        }
        self.handle.is(ReaderState::Stopped);
    }

    async fn ask(&self, wait_ms: u64) -> Result<FeedBatch, Fault> {
        self.source.feed(FeedAfter { after: self.position, limit: FeedAfter::MOST, wait_ms }).await
    }

    fn take(&mut self, batch: &FeedBatch, view: &mut impl View) -> Result<(), Fault> {
        if self.log_id != Some(batch.log_id) {
            let fresh = self.log_id.is_none() && self.position == 0;
            self.restart_at(batch.log_id, fresh, view);
            if !fresh {
                return Ok(());
            }
        }
        if !batch.events.is_empty() {
            let applied = caught(|| {
                view.apply(&batch.events);
                Ok::<_, DbError>(())
            });
            if let Err(why) = applied {
                // Half a batch may be in it.
                self.restart(view, None);
                return Err(Fault::malformed(why));
            }
        }
        self.position = batch.next;
        self.handle.stands(batch.log_id, self.position, batch.head, self.outside.now());
        Ok(())
    }

    fn restart_at(&mut self, log_id: Uuid, fresh: bool, view: &mut impl View) {
        if !fresh {
            self.restart(view, Some(log_id));
        }
        self.log_id = Some(log_id);
    }

    /// The numbers of two histories are never compared: from the beginning.
    fn restart(&mut self, view: &mut impl View, log_id: Option<Uuid>) {
        self.handle.starts_again();
        view.clear();
        self.log_id = log_id.or(self.log_id);
        self.position = 0;
    }
}
