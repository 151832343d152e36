//! One writer for each database: a thread that drains what waits, gives every job a savepoint, numbers all their events
//! in one stroke, commits once, and answers after that.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use diesel::{
    Connection, QueryResult,
    connection::{
        AnsiTransactionManager, InstrumentationEvent, TransactionManager, TransactionManagerStatus,
    },
    result::{DatabaseErrorKind, Error},
};
use kernel::{Actor, Ctx, Outside};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::timeout,
};

use crate::{
    Conn, DbError, Tx,
    connect::{Connect, PATIENCE},
    error::is_worth_again,
    log,
    tx::{Appended, Asker},
};

/// Jobs that may wait for the writer; more are told that the database is busy.
pub(crate) const QUEUE: usize = 1024;
/// Jobs in one commit.
const GROUP: usize = 64;
/// How often work is run again that another process got in the way of.
const TRIES: usize = 5;

/// The thread's side of the queue.
pub(crate) struct Writer {
    connect: Connect,
    outside: Outside,
    conn: Option<Conn>,
    head: watch::Sender<i64>,
    collided: Arc<AtomicBool>,
}

/// The others' side: dropping it lets the thread finish what waits and close the database.
pub(crate) struct Queue {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
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
    conn: &'a mut Conn,
    outside: &'a Outside,
    log: Appended,
    collided: &'a AtomicBool,
}

/// The whole transaction is lost, not just a job's savepoint.
pub(crate) struct Broken;

/// Why a group did not commit.
enum Failed {
    /// Nothing was done, and trying at once is useless.
    NotNow(DbError),
    /// Nothing was done; it may work again, or with fewer jobs.
    Again(DbError),
    /// Nobody knows.
    Unknown(DbError),
}

impl Writer {
    /// Starts the thread. It ends with the queue.
    pub(crate) fn start(
        connect: Connect,
        outside: Outside,
        conn: Conn,
        head: watch::Sender<i64>,
    ) -> Result<Queue, DbError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let name = format!("write-{}", connect.module);
        let mut writer = Self { connect, outside, conn: None, head, collided: Arc::default() };
        writer.adopt(conn);
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || writer.serve(jobs))
            .map_err(|e| DbError::Busy(format!("no thread for the writer: {e}")))?;
        Ok(Queue { jobs: Some(queue), thread: Some(thread) })
    }

    fn serve(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = jobs.try_recv()
            {
                group.push(next);
            }
            let (late, group): (Vec<_>, Vec<_>) = group.into_iter().partition(|job| job.is_too_late());
            for job in late {
                job.refuse(DbError::Busy("its time ran out while it waited".to_owned()));
            }
            if !group.is_empty() {
                self.run(group);
            }
        }
    }

    /// Together if possible. If that fails, each alone, so that one bad job cannot spoil its neighbours.
    fn run(&mut self, mut group: Vec<Box<dyn Job>>) {
        metrics::histogram!("banyan_store_group_jobs", "module" => self.connect.module)
            .record(u32::try_from(group.len()).unwrap_or(u32::MAX));
        match self.commit(&mut group, false) {
            Ok(()) => group.into_iter().for_each(Job::settle),
            Err(Failed::Again(_)) => group.into_iter().for_each(|job| self.run_alone(job)),
            Err(Failed::NotNow(why) | Failed::Unknown(why)) => refuse_all(group, &why),
        }
    }

    fn run_alone(&mut self, job: Box<dyn Job>) {
        let mut one = vec![job];
        let mut why = DbError::Busy("others were always faster".to_owned());
        for tries in 0..TRIES {
            // After one more collision it takes the head row first: slower for others, but nobody can come in between.
            match self.commit(&mut one, tries > 0) {
                Ok(()) => return one.into_iter().for_each(Job::settle),
                Err(Failed::Again(reason)) => why = reason,
                Err(Failed::NotNow(reason) | Failed::Unknown(reason)) => return refuse_all(one, &reason),
            }
        }
        refuse_all(one, &why);
    }

    fn commit(&mut self, group: &mut [Box<dyn Job>], head_first: bool) -> Result<(), Failed> {
        let started = std::time::Instant::now();
        let mut conn = self.begin()?;
        let locked = if head_first { log::lock_head(&mut conn) } else { Ok(()) };
        let result = match locked {
            Ok(()) => self.fill_and_commit(&mut conn, group),
            Err(why) => {
                roll_back(&mut conn);
                Err(Failed::Again(why))
            }
        };
        if is_sound(&mut conn) {
            self.conn = Some(conn);
        }
        metrics::histogram!("banyan_store_commit_seconds", "module" => self.connect.module)
            .record(started.elapsed());
        if let Some(head) = result? {
            metrics::gauge!("banyan_feed_head", "module" => self.connect.module)
                .set(f64::from(u32::try_from(head).unwrap_or(u32::MAX)));
            self.head.send_replace(head);
        }
        Ok(())
    }

    /// The new head of the log, if anything was appended.
    fn fill_and_commit(&self, conn: &mut Conn, group: &mut [Box<dyn Job>]) -> Result<Option<i64>, Failed> {
        let mut turn =
            Turn { conn, outside: &self.outside, log: Appended::default(), collided: &self.collided };
        for job in group {
            if job.attempt(&mut turn).is_err() {
                roll_back(turn.conn);
                return Err(Failed::Again(DbError::Busy("the transaction was lost".to_owned())));
            }
        }
        let events = turn.log.events;
        let head = if events.is_empty() { None } else { Some(number_or_roll_back(conn, events)?) };
        close(conn).map(|()| head)
    }

    /// A connection with a transaction begun; a dead one is replaced once.
    fn begin(&mut self) -> Result<Conn, Failed> {
        if let Some(mut conn) = self.conn.take() {
            match begin(&mut conn) {
                Ok(()) => return Ok(conn),
                Err(error) => {
                    let why = DbError::from(error).at(&self.connect.url);
                    if matches!(why, DbError::Busy(_) | DbError::Corrupt { .. }) {
                        self.conn = is_sound(&mut conn).then_some(conn);
                        return Err(Failed::NotNow(why));
                    }
                }
            }
        }
        let conn = self.connect.open().map_err(Failed::NotNow)?;
        self.adopt(conn);
        let mut conn =
            self.conn.take().ok_or_else(|| Failed::NotNow(DbError::Busy("no connection".to_owned())))?;
        begin(&mut conn).map_err(|e| Failed::NotNow(DbError::from(e).at(&self.connect.url)))?;
        Ok(conn)
    }

    /// Listens to the connection's errors: a collision stays visible even where a job turned it into its own error.
    fn adopt(&mut self, mut conn: Conn) {
        let collided = self.collided.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::FinishQuery { error: Some(error), .. } = event
                && (is_worth_again(error) || is_key_race(error))
            {
                collided.store(true, Ordering::Relaxed);
            }
        });
        self.conn = Some(conn);
    }
}

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
        for _ in 0..TRIES {
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

fn begin(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
    }
}

fn number_or_roll_back(conn: &mut Conn, events: Vec<log::Pending>) -> Result<i64, Failed> {
    log::number(conn, events).map_err(|why| {
        roll_back(conn);
        match why {
            // Another process took the same place in a stream first: the jobs must look again.
            DbError::Other(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Failed::Again(DbError::Busy("others kept changing the same stream".to_owned()))
            }
            // The lock was waited for as long as it may be. A deadlock is over at once.
            DbError::Busy(message) if !message.contains("deadlock") => Failed::NotNow(DbError::Busy(message)),
            other => Failed::Again(other),
        }
    })
}

fn close(conn: &mut Conn) -> Result<(), Failed> {
    <Conn as Connection>::TransactionManager::commit_transaction(conn).map_err(|error| {
        let lost = !is_alive(conn);
        roll_back(conn);
        let why = DbError::from(error);
        if lost { Failed::Unknown(DbError::Lost(why.to_string())) } else { Failed::Again(why) }
    })
}

fn roll_back(conn: &mut Conn) {
    roll_back_to(conn, 0);
}

fn roll_back_to(conn: &mut Conn, depth: u32) {
    while !is_at_depth(conn, depth) {
        if <Conn as Connection>::TransactionManager::rollback_transaction(conn).is_err() {
            break;
        }
    }
}

fn is_at_depth(conn: &mut Conn, depth: u32) -> bool {
    let status: &TransactionManagerStatus =
        <Conn as Connection>::TransactionManager::transaction_manager_status_mut(conn);
    status.transaction_depth().is_ok_and(|found| found.map_or(0, u32::from) == depth)
}

fn is_alive(conn: &mut Conn) -> bool {
    match conn {
        Conn::Sqlite(_) => true,
        Conn::Postgres(c) => {
            !diesel::r2d2::R2D2Connection::is_broken(c) && diesel::r2d2::R2D2Connection::ping(c).is_ok()
        }
    }
}

/// Fit for the next group: no transaction is left open and the server still listens.
fn is_sound(conn: &mut Conn) -> bool {
    is_at_depth(conn, 0) && !diesel::r2d2::R2D2Connection::is_broken(conn)
}

/// Two processes met at one idempotency key; the second must look again and will find the answer.
fn is_key_race(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info)
        if info.message().contains("idempotency"))
}

fn refuse_all(jobs: Vec<Box<dyn Job>>, why: &DbError) {
    tracing::warn!(jobs = jobs.len(), "a commit failed: {why}");
    for job in jobs {
        job.refuse(why.copy());
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
