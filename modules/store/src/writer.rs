//! One writer for each database: a thread that drains what waits, gives every job a savepoint, numbers all their events
//! in one stroke, commits once, and answers after that.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use diesel::{
    Connection,
    connection::InstrumentationEvent,
    result::{DatabaseErrorKind, Error},
};
use kernel::Outside;
use tokio::sync::{mpsc, watch};

use crate::{
    Conn, DbError,
    connect::Connect,
    error::is_worth_again,
    job::{Job, Turn},
    log,
    queue::Queue,
    transaction::{Failed, begin, close, is_sound, roll_back},
    tx::Appended,
};

/// Jobs that may wait for the writer; more are told that the database is busy.
const QUEUE: usize = 1024;
/// Jobs in one commit.
const GROUP: usize = 64;
/// How often work is run again that another process got in the way of.
pub(crate) const TRIES: usize = 5;

/// The thread's side of the queue.
pub(crate) struct Writer {
    connect: Connect,
    outside: Outside,
    conn: Option<Conn>,
    head: watch::Sender<i64>,
    collided: Arc<AtomicBool>,
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
        Ok(Queue::new(queue, thread))
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
        let outside = &self.outside;
        let mut turn = Turn { conn, outside, log: Appended::default(), collided: &self.collided };
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
