//! One job of a group: it runs in a savepoint, may be run again, and is answered after the commit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use diesel::{Connection, result::Error};
use kernel::{Actor, Ctx, Outside};
use tokio::sync::oneshot;

use crate::{
    Conn, DbError, Tx,
    transaction::{is_at_depth, roll_back_to},
    tx::{Appended, Asker},
    writer::TRIES,
};

/// A job in the queue.
pub(crate) trait Job: Send {
    /// Nobody waits for it any more.
    fn is_too_late(&self) -> bool;
    /// Runs it in a savepoint of the open transaction and keeps its result.
    fn attempt(&mut self, turn: &mut Turn<'_>) -> Result<(), Broken>;
    /// Its commit is done: answer.
    fn settle(self: Box<Self>);
    /// It was rolled back.
    fn refuse(self: Box<Self>, why: DbError);
}

/// The open transaction, as the jobs of one group see it.
pub(crate) struct Turn<'a> {
    pub(crate) conn: &'a mut Conn,
    pub(crate) outside: &'a Outside,
    pub(crate) log: Appended,
    pub(crate) collided: &'a AtomicBool,
}

/// The whole transaction is lost, not just a job's savepoint.
pub(crate) struct Broken;

/// One job's work and where its answer goes.
pub(crate) struct Task<T, E, F> {
    ctx: Ctx,
    work: F,
    answer: oneshot::Sender<Result<T, E>>,
    result: Option<Result<T, E>>,
}

impl<T, E, F> Task<T, E, F> {
    pub(crate) fn new(ctx: Ctx, work: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (answer, receiver) = oneshot::channel();
        (Self { ctx, work, answer, result: None }, receiver)
    }
}

impl<T, E, F> Job for Task<T, E, F>
where
    T: Send,
    E: From<DbError> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn is_too_late(&self) -> bool {
        // Our own work has no asker who could stop waiting.
        !matches!(self.ctx.actor, Actor::System { .. }) && self.ctx.deadline.has_passed()
    }

    fn attempt(&mut self, turn: &mut Turn<'_>) -> Result<(), Broken> {
        turn.collided.store(false, Ordering::Relaxed);
        for tries in 0..TRIES {
            if tries > 0 {
                // Whoever won needs a moment to take what we have just let go.
                std::thread::park_timeout(Duration::from_millis(10 << tries));
            }
            self.result = Some(turn.savepoint(&self.ctx, &self.work)?);
            let collided = turn.collided.swap(false, Ordering::Relaxed);
            if !collided || self.result.as_ref().is_some_and(Result::is_ok) {
                break;
            }
        }
        Ok(())
    }

    fn settle(self: Box<Self>) {
        if let Some(result) = self.result {
            // Whoever asked may have gone.
            let _ = self.answer.send(result);
        }
    }

    fn refuse(self: Box<Self>, why: DbError) {
        let _ = self.answer.send(Err(why.into()));
    }
}

impl Turn<'_> {
    fn savepoint<T, E: From<DbError>>(
        &mut self,
        ctx: &Ctx,
        work: &impl Fn(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<Result<T, E>, Broken> {
        let asker = Asker { ctx, outside: self.outside };
        let before = &self.log.versions;
        let done = self.conn.transaction(|conn| {
            let done = caught(|| {
                let mut tx = Tx::new(conn, asker, before);
                work(&mut tx).map(|answer| (answer, tx.into_log()))
            });
            if done.is_err() {
                // It may have left transactions of its own open.
                roll_back_to(conn, 2);
            }
            done.map_err(Undone::Own)
        });
        if !is_at_depth(self.conn, 1) {
            return Err(Broken);
        }
        Ok(match done {
            Ok((answer, log)) => {
                self.log.extend(log);
                Ok(answer)
            }
            Err(Undone::Own(error)) => Err(error),
            Err(Undone::Database(error)) => Err(DbError::from(error).into()),
        })
    }
}

/// Why a savepoint was rolled back: the job's own error, or the savepoint's.
enum Undone<E> {
    Own(E),
    Database(Error),
}

impl<E> From<Error> for Undone<E> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// A panic is one job's failure, never the writer's.
pub(crate) fn caught<T, E: From<DbError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(DbError::Panicked(words_of(&*panic)).into()))
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
