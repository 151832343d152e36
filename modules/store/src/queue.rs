//! The way to the writer: bounded, and patient for a moment only.

use std::thread::JoinHandle;

use tokio::{sync::mpsc, time::timeout};

use crate::{DbError, connect::PATIENCE, job::Job};

/// The others' side: dropping it lets the thread finish what waits and close the database.
pub(crate) struct Queue {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    pub(crate) fn new(jobs: mpsc::Sender<Box<dyn Job>>, thread: JoinHandle<()>) -> Self {
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    /// Waits for a place, but not for long.
    pub(crate) async fn put(&self, job: Box<dyn Job>) -> Result<(), DbError> {
        let place = timeout(PATIENCE, self.jobs()?.reserve())
            .await
            .map_err(|_| DbError::Busy("too many writes wait".to_owned()))?
            .map_err(|_| ended())?;
        place.send(job);
        Ok(())
    }

    /// Waits for a place, on a plain thread.
    pub(crate) fn put_blocking(&self, job: Box<dyn Job>) -> Result<(), DbError> {
        self.jobs()?.blocking_send(job).map_err(|_| ended())
    }

    fn jobs(&self) -> Result<&mpsc::Sender<Box<dyn Job>>, DbError> {
        self.jobs.as_ref().ok_or_else(ended)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            // A job may have held the last clone of its own database.
            && thread.thread().id() != std::thread::current().id()
        {
            // A panic of the writer has been told to whoever waited for it.
            let _ = thread.join();
        }
    }
}

pub(crate) fn ended() -> DbError {
    DbError::Busy("the writer has ended".to_owned())
}
