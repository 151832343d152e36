//! What every reader of a feed has in common: a source, a public status, and patience with faults.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Fault, FeedAfter, FeedBatch, ReaderState, ReaderStatus};
use tokio::sync::watch;
use uuid::Uuid;

use crate::Db;

/// A log to read: a module's interface, near or far, or a [`Db`] of one's own.
#[async_trait]
pub trait Source: Send + Sync {
    /// Whose log it is.
    fn module(&self) -> &str;
    async fn feed(&self, ask: FeedAfter) -> Result<FeedBatch, Fault>;
}

#[async_trait]
impl Source for Db {
    fn module(&self) -> &str {
        Self::module(self)
    }

    async fn feed(&self, ask: FeedAfter) -> Result<FeedBatch, Fault> {
        Ok(Self::feed(self, ask).await?)
    }
}

/// A running reader as others see it: its status, and a bell to ring for a rebuild. Cheap to clone.
#[derive(Clone)]
pub struct ReaderHandle {
    status: Arc<watch::Sender<ReaderStatus>>,
    replay: Arc<watch::Sender<u64>>,
}

impl ReaderHandle {
    pub(crate) fn new(name: &str, source: &str) -> Self {
        let status = ReaderStatus {
            name: name.to_owned(),
            source: source.to_owned(),
            log_id: None,
            position: 0,
            head: None,
            moved_at: None,
            dead_letters: 0,
            state: ReaderState::Starting,
            trouble: None,
        };
        Self { status: Arc::new(watch::Sender::new(status)), replay: Arc::new(watch::Sender::new(0)) }
    }

    pub fn status(&self) -> ReaderStatus {
        self.status.borrow().clone()
    }

    pub fn name(&self) -> String {
        self.status.borrow().name.clone()
    }

    /// Changes of the status, for those who wait.
    pub fn watch(&self) -> watch::Receiver<ReaderStatus> {
        self.status.subscribe()
    }

    /// Asks the reader to rebuild from the beginning as soon as it looks up.
    pub fn replay(&self) {
        self.replay.send_modify(|times| *times += 1);
    }

    /// Waits until the reader has passed a number, but not longer than `within`; says whether it has.
    pub async fn has_passed(&self, seq: i64, within: Duration) -> bool {
        let mut status = self.watch();
        tokio::time::timeout(within, status.wait_for(|now| now.log_id.is_some() && now.position >= seq))
            .await
            .is_ok_and(|found| found.is_ok())
    }

    pub(crate) fn bell(&self) -> watch::Receiver<u64> {
        self.replay.subscribe()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut ReaderStatus)) {
        self.status.send_modify(change);
    }

    /// The reader stands at `position` of a log whose head was `head` just now.
    pub(crate) fn stands(&self, log_id: Uuid, position: i64, head: i64, now: Timestamp) {
        self.change(|status| {
            if status.position != position || status.log_id != Some(log_id) {
                status.moved_at = Some(now);
            }
            status.log_id = Some(log_id);
            status.position = position;
            status.head = Some(head);
            status.trouble = None;
            let behind = position < head;
            if status.state != ReaderState::Rebuilding || !behind {
                status.state = ReaderState::Following;
            }
        });
        self.measure();
    }

    pub(crate) fn waits(&self, why: &Fault) {
        self.change(|status| {
            status.state = ReaderState::Waiting;
            status.trouble = Some(why.to_string());
        });
    }

    pub(crate) fn has_set_aside(&self, events: i64) {
        self.change(|status| status.dead_letters = u32::try_from(events).unwrap_or(u32::MAX));
    }

    pub(crate) fn starts_again(&self) {
        self.change(|status| {
            status.position = 0;
            status.state = ReaderState::Rebuilding;
        });
    }

    pub(crate) fn is(&self, state: ReaderState) {
        self.change(|status| status.state = state);
    }

    fn measure(&self) {
        let status = self.status();
        let labels = [("module", status.source.clone()), ("reader", status.name.clone())];
        metrics::gauge!("banyan_feed_position", &labels).set(gauge(status.position));
        metrics::gauge!("banyan_feed_lag_events", &labels).set(gauge(status.lag().unwrap_or(0)));
        metrics::gauge!("banyan_feed_dead_letters", &labels).set(status.dead_letters);
    }
}

fn gauge(number: i64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Longer and longer pauses, up to half a minute, until something works again.
#[derive(Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    pub(crate) fn worked(&mut self) {
        self.0 = 0;
    }

    /// Sleeps; `true` says that it is time to stop.
    pub(crate) async fn pause(&mut self, stop: &mut watch::Receiver<bool>) -> bool {
        let pause = Duration::from_millis(100 << self.0.min(9)).min(Duration::from_secs(30));
        self.0 += 1;
        stopped_within(stop, pause).await
    }
}

/// Waits for the stop sign, at most so long. A dropped sender is a stop sign.
pub(crate) async fn stopped_within(stop: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::time::timeout(time, stop.wait_for(|stop| *stop)).await.is_ok()
}

pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone, and with it everybody who could stop us properly.
    let _ = stop.wait_for(|stop| *stop).await;
}
