//! A memory view that is usable both ways: followed by a task of its own in a process that serves, or read up to date
//! by each question where there is no such task.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kernel::{Fault, Outside, Position, ReaderStatus};
use store::{MemoryReader, ReaderHandle, Source, View};
use tokio::sync::{Mutex, watch};

/// A view that grows out of sight while it is read from the beginning.
pub(crate) trait Settles {
    /// Everything up to `position` was read, and that is all there is: what has grown may be shown.
    fn settle(&self, position: i64);
}

pub(crate) struct Follower<V> {
    log: Log,
    view: V,
    /// Away while a task follows.
    idle: Mutex<Option<MemoryReader>>,
    handle: RwLock<ReaderHandle>,
    /// The view was whole at some time; since then it is at worst old.
    complete: AtomicBool,
}

/// What is read, and under which name.
pub(crate) struct Log {
    pub(crate) reader: &'static str,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) outside: Outside,
}

impl Log {
    fn reader(&self, position: Option<Position>) -> MemoryReader {
        let reader = MemoryReader::new(self.reader, self.source.clone(), self.outside.clone());
        match position {
            Some(position) => reader.starting_at(position),
            None => reader,
        }
    }
}

/// How long a question waits for the first answer of a source.
const PATIENCE: Duration = Duration::from_secs(2);

impl<V: View + Settles + Clone> Follower<V> {
    pub(crate) fn new(log: Log, view: V, position: Option<Position>) -> Self {
        let reader = log.reader(position);
        // A view that was given a position was given what lies before it too.
        let complete = AtomicBool::new(position.is_some());
        Self { log, view, handle: RwLock::new(reader.handle()), idle: Mutex::new(Some(reader)), complete }
    }

    /// There is something to answer from: the whole log has been read at least once.
    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        let read = self.read().await;
        let status = self.status();
        if status.lag() == Some(0) {
            self.view.settle(status.position);
        }
        read
    }

    async fn read(&self) -> Result<(), Fault> {
        if let Some(reader) = self.idle.lock().await.as_mut() {
            return match reader.catch_up(&mut self.view.clone()).await {
                Err(_) if self.complete.load(Ordering::Relaxed) => Ok(()),
                read => read.map(|_| self.complete.store(true, Ordering::Relaxed)),
            };
        }
        if self.complete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut status = self.handle().watch();
        let whole = status.wait_for(|status| status.log_id.is_some() && status.lag() == Some(0));
        if tokio::time::timeout(PATIENCE, whole).await.is_ok_and(|found| found.is_ok()) {
            self.complete.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let status = self.status();
        let why = status.trouble.unwrap_or_else(|| "still reading".to_owned());
        Err(Fault::unavailable(format!("{} waits for {}: {why}", status.name, status.source)))
    }

    /// Everything up to `head` is in the view; as far as that can be had soon.
    pub(crate) async fn has_read(&self, head: i64, within: Duration) -> Result<bool, Fault> {
        self.ready().await?;
        Ok(self.handle().has_passed(head, within).await)
    }

    /// Follows until it is told to stop; then questions read for themselves again. A second call beside the first has
    /// nothing to do.
    pub(crate) async fn follow(&self, mut stop: watch::Receiver<bool>) {
        let idle = self.idle.lock().await.take();
        if let Some(mut reader) = idle {
            // A quiet log answers a follower late; where it stands is known at once by looking.
            let mut view = self.view.clone();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                looked = reader.catch_up(&mut view) => drop(looked),
            }
            reader.follow(self.view.clone(), stop).await;
            let status = self.status();
            let mut idle = self.idle.lock().await;
            self.begin(&mut idle, status.log_id.map(|log_id| Position { log_id, seq: status.position }));
        }
    }

    /// Forgets everything and reads it again.
    pub(crate) async fn replay(&self) {
        let mut idle = self.idle.lock().await;
        match (idle.is_some(), self.status().log_id) {
            (true, Some(log_id)) => {
                self.view.clone().clear();
                self.begin(&mut idle, Some(Position { log_id, seq: 0 }));
            }
            _ => self.handle().replay(),
        }
    }

    pub(crate) fn status(&self) -> ReaderStatus {
        self.handle().status()
    }

    fn begin(&self, idle: &mut Option<MemoryReader>, position: Option<Position>) {
        let reader = self.log.reader(position);
        *self.handle.write().unwrap_or_else(PoisonError::into_inner) = reader.handle();
        *idle = Some(reader);
    }

    fn handle(&self) -> ReaderHandle {
        self.handle.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
