//! The switch's database as the cockpit needs it: one that may be away, or hang for ever, without anybody waiting for
//! it longer than a moment.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use diesel::result::{DatabaseErrorKind, Error};
use kernel::{Ctx, Outside};
use store::{Conn, Db, DbError, Tx};
use tokio::time::{sleep, timeout};

use crate::CockpitError;

/// The switch's database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    /// Empty while the store has been away since the start.
    db: Arc<OnceLock<Db>>,
    outside: Outside,
}

/// How long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a store is looked for that was away at the start.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a change is decided anew when another process was faster.
const TRIES: usize = 5;

impl From<Db> for Database {
    fn from(db: Db) -> Self {
        let outside = db.outside().clone();
        Self { db: Arc::new(OnceLock::from(db)), outside }
    }
}

impl Database {
    /// Opens the database, or goes on without it when it is away: then it is looked for until it is found. What only a
    /// person can mend (migrations that are missing, damage) is an error at once.
    pub async fn open(
        outside: Outside,
        open: impl Fn() -> Result<Db, DbError> + Clone + Send + 'static,
    ) -> Result<Self, DbError> {
        let database = Self { db: Arc::default(), outside };
        let trying = tokio::task::spawn_blocking(open.clone());
        let mut trying = std::pin::pin!(trying);
        match timeout(PATIENCE, &mut trying).await {
            Ok(Ok(Ok(db))) => drop(database.db.set(db)),
            Ok(Ok(Err(error))) if !error.is_transient() => return Err(error),
            Ok(Err(panic)) => return Err(DbError::Panicked(panic.to_string())),
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "the switch's database is away at the start");
                drop(tokio::spawn(database.clone().look_for(open)));
            }
            Err(_) => {
                tracing::warn!("the switch's database does not answer at the start");
                drop(tokio::spawn(database.clone().look_for(open)));
            }
        }
        Ok(database)
    }

    /// Absent while it has been away since the start.
    pub fn db(&self) -> Result<&Db, DbError> {
        let away = || DbError::Unreachable("it has been away since the start, and is looked for".to_owned());
        self.db.get().ok_or_else(away)
    }

    pub(crate) fn outside(&self) -> &Outside {
        &self.outside
    }

    /// Asks, and waits for a moment only.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, CockpitError> {
        let answer = timeout(PATIENCE, self.db()?.read(f)).await;
        Ok(answer.unwrap_or_else(|_| Err(DbError::Busy(format!("no answer within {PATIENCE:?}"))))?)
    }

    /// Changes, and waits for a moment only. When that is over and the work has not begun, it never will.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        ctx: &Ctx,
        f: impl Fn(&mut Tx<'_>) -> Result<T, CockpitError> + Clone + Send + Sync + 'static,
    ) -> Result<T, CockpitError> {
        for _ in 1..TRIES {
            match self.write_once(ctx, f.clone()).await {
                Err(error) if is_race(&error) => {}
                done => return done,
            }
        }
        self.write_once(ctx, f).await
    }

    async fn write_once<T: Send + 'static>(
        &self,
        ctx: &Ctx,
        f: impl Fn(&mut Tx<'_>) -> Result<T, CockpitError> + Send + Sync + 'static,
    ) -> Result<T, CockpitError> {
        let turn = Arc::new(Turn::default());
        let theirs = turn.clone();
        let work = self.db()?.write(ctx, move |tx| {
            theirs.begin()?;
            f(tx)
        });
        match timeout(PATIENCE, work).await {
            Ok(done) => done,
            Err(_) if turn.is_given_up() => {
                Err(DbError::Busy(format!("no answer within {PATIENCE:?}; nothing was changed")).into())
            }
            Err(_) => Err(DbError::Lost(format!("no answer within {PATIENCE:?}")).into()),
        }
    }

    async fn look_for(self, open: impl Fn() -> Result<Db, DbError> + Clone + Send + 'static) {
        loop {
            match tokio::task::spawn_blocking(open.clone()).await {
                Ok(Ok(db)) => {
                    tracing::info!("the switch's database was found");
                    return drop(self.db.set(db));
                }
                Ok(Err(error)) => tracing::debug!(%error, "the switch's database is still away"),
                Err(panic) => tracing::error!(%panic, "opening the switch's database panicked"),
            }
            sleep(AGAIN).await;
        }
    }
}

/// Another process took the same epoch, or the same place in the chain.
pub(crate) fn is_race(error: &CockpitError) -> bool {
    matches!(
        error,
        CockpitError::Store(DbError::Other(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)))
    )
}

/// Whether a job has begun, or was given up before: one of the two, never both.
#[derive(Default)]
struct Turn(AtomicU8);

impl Turn {
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    fn begin(&self) -> Result<(), DbError> {
        match self.0.compare_exchange(0, Self::BEGUN, Ordering::SeqCst, Ordering::SeqCst) {
            Err(Self::GIVEN_UP) => Err(DbError::Busy("nobody waits for it any more".to_owned())),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn is_given_up(&self) -> bool {
        self.0.compare_exchange(0, Self::GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}
