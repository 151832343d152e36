//! A memory view that is usable both ways: followed by a task of its own in a process that serves, or read up to date
//! by each question where there is no such task.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kernel::{Fault, Position, ReaderStatus};
use store::{MemoryReader, ReaderHandle, View};
use tokio::sync::{Mutex, watch};

/// A view that grows out of sight while it is read from the beginning.
pub(crate) trait Settles {
    /// Everything up to `position` was read, and that is all there is: what has grown may be shown.
    fn settle(&self, position: i64);
}

pub(crate) struct Follower<V> {
    view: V,
    /// Gone once a task follows.
    idle: Mutex<Option<(MemoryReader, V)>>,
    handle: ReaderHandle,
    /// The view was whole at some time; since then it is at worst old.
    complete: AtomicBool,
}

/// How long a question waits for the first answer of a source.
const PATIENCE: Duration = Duration::from_secs(2);

impl<V: View + Settles + Clone> Follower<V> {
    pub(crate) fn new(reader: MemoryReader, view: V) -> Self {
        Self {
            view: view.clone(),
            handle: reader.handle(),
            idle: Mutex::new(Some((reader, view))),
            complete: AtomicBool::new(false),
        }
    }

    /// There is something to answer from: the whole log has been read at least once.
    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        let read = self.read().await;
        let status = self.handle.status();
        if status.lag() == Some(0) {
            self.view.settle(status.position);
        }
        read
    }

    async fn read(&self) -> Result<(), Fault> {
        if let Some((reader, view)) = self.idle.lock().await.as_mut() {
            return match reader.catch_up(view).await {
                Err(_) if self.complete.load(Ordering::Relaxed) => Ok(()),
                read => read.map(|_| self.complete.store(true, Ordering::Relaxed)),
            };
        }
        if self.complete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut status = self.handle.watch();
        let whole = status.wait_for(|status| status.log_id.is_some() && status.lag() == Some(0));
        if tokio::time::timeout(PATIENCE, whole).await.is_ok_and(|found| found.is_ok()) {
            self.complete.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let status = self.handle.status();
        let why = status.trouble.unwrap_or_else(|| "still reading".to_owned());
        Err(Fault::unavailable(format!("{} waits for {}: {why}", status.name, status.source)))
    }

    /// Everything up to `head` is in the view; as far as that can be had soon.
    pub(crate) async fn has_read(&self, head: i64, within: Duration) -> Result<bool, Fault> {
        self.ready().await?;
        Ok(self.handle.has_passed(head, within).await)
    }

    /// Follows until it is told to stop. A second call has nothing to do.
    pub(crate) async fn follow(&self, stop: watch::Receiver<bool>) {
        let idle = self.idle.lock().await.take();
        if let Some((reader, view)) = idle {
            reader.follow(view, stop).await;
        }
    }

    /// Forgets everything and reads it again.
    pub(crate) async fn replay(&self) {
        let mut idle = self.idle.lock().await;
        match (idle.take(), self.handle.status().log_id) {
            (Some((reader, mut view)), Some(log_id)) => {
                view.clear();
                *idle = Some((reader.starting_at(Position { log_id, seq: 0 }), view));
            }
            (not_read_yet, _) => {
                *idle = not_read_yet;
                self.handle.replay();
            }
        }
    }

    pub(crate) fn status(&self) -> ReaderStatus {
        self.handle.status()
    }
}
