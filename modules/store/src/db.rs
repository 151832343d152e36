//! A module's database: readers in a bounded pool, one writer with group commit, and the feed.

use std::{sync::Arc, time::Duration};

use kernel::{Ctx, Fault, FeedAfter, FeedBatch, Outside, Position};
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout},
};

use crate::{
    Conn, DbError, Engine, Migrations, Tx, TxError,
    connect::{Connect, PATIENCE, Purpose, prepare_file},
    job::Task,
    log, migrate,
    queue::{Queue, ended},
    writer::Writer,
};

/// Where a module's database is and how it is used.
pub struct DbOptions {
    /// A path to a SQLite file, or `postgres://…`.
    pub url: String,
    pub module: &'static str,
    /// Reads at the same time; more wait for at most two seconds.
    pub readers: u32,
    pub outside: Outside,
}

/// The pools of one module's database. Cheap to clone; the writer ends with the last clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    url: String,
    module: &'static str,
    outside: Outside,
    readers: r2d2::Pool<Connect>,
    gate: Arc<Semaphore>,
    writer: Queue,
    head: watch::Receiver<i64>,
    /// What a test wants to live exactly as long.
    keep: Option<Box<dyn std::any::Any + Send + Sync>>,
}

/// How often other processes' commits are looked for while a feed waits.
const POLL: Duration = Duration::from_millis(250);
/// The longest that a feed holds an empty answer.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

impl Db {
    /// Opens the database. A SQLite file is made (with its folder) and migrated here; a PostgreSQL schema must have
    /// been migrated before. Damaged and newer databases are refused and left as they are.
    pub fn open(options: DbOptions, migrations: &Migrations) -> Result<Self, DbError> {
        let DbOptions { url, module, readers, outside } = options;
        let engine = Engine::of(&url);
        match engine {
            Engine::Sqlite => drop(migrate::up(&url, module, migrations)?),
            Engine::Postgres => expect_migrated(&url, module, migrations)?,
        }
        let connect = Connect::new(&url, module, Purpose::Write);
        let mut conn = connect.open()?;
        let (sender, head) = watch::channel(log::head(&mut conn).map_err(|e| e.at(&url))?.seq);
        let readers = readers.max(1);
        let pool = r2d2::Pool::builder()
            .max_size(readers)
            .min_idle(Some(0))
            .test_on_check_out(engine == Engine::Postgres)
            .connection_timeout(PATIENCE)
            .build_unchecked(Connect::new(&url, module, Purpose::Read));
        let writer = Writer::start(connect, outside.clone(), conn, sender)?;
        let gate = Arc::new(Semaphore::new(usize::try_from(readers).unwrap_or(1)));
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                url,
                module,
                outside,
                readers: pool,
                gate,
                writer,
                head,
                keep: None,
            }),
        })
    }

    /// Applies missing migrations and answers their names. See `banyan migrate up`.
    pub fn migrate_up(
        url: &str,
        module: &'static str,
        migrations: &Migrations,
    ) -> Result<Vec<String>, DbError> {
        migrate::up(url, module, migrations)
    }

    /// The names of migrations that are still to be applied. A SQLite file that is not there lacks them all.
    pub fn pending(url: &str, module: &'static str, migrations: &Migrations) -> Result<Vec<String>, DbError> {
        migrate::pending(&mut look(url, module)?, migrations).map_err(|e| e.at(url))
    }

    /// The versions that the database has.
    pub fn applied(url: &str, module: &'static str) -> Result<Vec<String>, DbError> {
        migrate::applied(&mut look(url, module)?).map_err(|e| e.at(url))
    }

    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    pub fn module(&self) -> &'static str {
        self.inner.module
    }

    pub fn url(&self) -> &str {
        &self.inner.url
    }

    pub fn outside(&self) -> &Outside {
        &self.inner.outside
    }

    /// Runs a question on a reading connection of the blocking pool. A write in here is refused by the engine.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let permit = timeout(PATIENCE, self.inner.gate.clone().acquire_owned())
            .await
            .map_err(|_| DbError::Busy(format!("all readers of {} are taken", self.inner.module)))?
            .map_err(|_| DbError::Busy("closing".to_owned()))?;
        let db = self.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            db.read_blocking(f)
        })
        .await
        .map_err(|panic| DbError::Panicked(panic.to_string()))?
    }

    /// The same on the calling thread, for importers and workers outside of async code.
    pub fn read_blocking<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T, DbError>) -> Result<T, DbError> {
        let mut conn = self
            .inner
            .readers
            .get()
            .map_err(|e| DbError::Unreachable(format!("the database of {}: {e}", self.inner.module)))?;
        f(&mut conn).map_err(|e| e.at(&self.inner.url))
    }

    /// Runs a job in the writer's next commit. `f` may run more than once when another process got in the way; an error
    /// of its own rolls back only what it did. Once queued it is done even if the caller goes away.
    pub async fn write<T, E>(
        &self,
        ctx: &Ctx,
        f: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (task, answer) = Task::new(ctx.clone(), f);
        self.inner.writer.put(Box::new(task)).await?;
        answer.await.map_err(|_| ended())?
    }

    /// The same on the calling thread; waits for a place in the queue. Not for async code.
    pub fn write_blocking<T, E>(
        &self,
        ctx: &Ctx,
        f: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (task, answer) = Task::new(ctx.clone(), f);
        self.inner.writer.put_blocking(Box::new(task))?;
        answer.blocking_recv().map_err(|_| ended())?
    }

    /// [`Db::read`] in the words of an interface.
    pub async fn ask<T, E>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault>,
    {
        self.read(f).await.map_err(|error| Fault::from(error).into())
    }

    /// [`Db::write`] in the words of an interface.
    pub async fn change<T, E>(
        &self,
        ctx: &Ctx,
        f: impl Fn(&mut Tx<'_>) -> Result<T, TxError<E>> + Send + Sync + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Fault> + Send + 'static,
    {
        self.write(ctx, f).await.map_err(TxError::into_own)
    }

    /// Some of this module's log. An empty answer is held for `wait_ms`: commits of this process wake it at once, those
    /// of others within a quarter of a second.
    pub async fn feed(&self, ask: FeedAfter) -> Result<FeedBatch, DbError> {
        let until = Instant::now() + Duration::from_millis(ask.wait_ms).min(LONGEST_WAIT);
        let mut commits = self.watch();
        loop {
            commits.mark_unchanged();
            let module = self.inner.module;
            let question = ask.clone();
            let batch = self.read(move |conn| log::batch(conn, module, &question)).await?;
            let left = until.saturating_duration_since(Instant::now());
            if !batch.events.is_empty() || left.is_zero() {
                return Ok(batch);
            }
            // Either way the log is looked at again.
            let _ = timeout(left.min(POLL), commits.changed()).await;
        }
    }

    /// The head of the log after each commit of this process.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.inner.head.clone()
    }

    /// The log's identity and its highest number.
    pub async fn head(&self) -> Result<Position, DbError> {
        self.read(log::head).await
    }

    /// Ties something to this database's life; for the only clone of a fresh one.
    pub(crate) fn keeping(mut self, thing: impl std::any::Any + Send + Sync) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.keep = Some(Box::new(thing));
        }
        self
    }
}

fn expect_migrated(url: &str, module: &'static str, migrations: &Migrations) -> Result<(), DbError> {
    let mut conn = look(url, module)?;
    migrate::refuse_newer(&mut conn, url, module, migrations)?;
    let pending = migrate::pending(&mut conn, migrations)?;
    if pending.is_empty() { Ok(()) } else { Err(DbError::NotMigrated { module: module.to_owned(), pending }) }
}

/// A connection that changes nothing, not even by making a file.
fn look(url: &str, module: &'static str) -> Result<Conn, DbError> {
    match Engine::of(url) {
        Engine::Postgres => Connect::new(url, module, Purpose::Read).open(),
        Engine::Sqlite if std::path::Path::new(url).exists() => {
            prepare_file(url)?;
            Connect::new(url, module, Purpose::Read).open()
        }
        Engine::Sqlite => Connect::new(":memory:", module, Purpose::Read).open(),
    }
}
