//! What the switch must remember: tables by epoch, who changed them and why, and the way back. A change is
//! stored, then put in force here at once and in other processes within a second; a kill is put in force first.

mod chain;
mod last_good;
mod rows;
mod schema;

use std::{path::PathBuf, sync::Arc, time::Duration};

use diesel::result::{DatabaseErrorKind, Error};
use kernel::{AuditRow, Ctx, Cursor, Fault, Page, PageAsk, Role};
use store::{Db, DbError, Migrations, embed_migrations};
use switch::{BindingFile, FileError, Known, Move, Switch, Table, moves};
use tokio::sync::watch;

use chain::Change;

/// The cockpit of one process.
pub struct Cockpit {
    db: Db,
    switch: Arc<Switch>,
    last_good: PathBuf,
    known: Known,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Changed {
    pub epoch: u64,
    pub moves: Vec<Move>,
    /// `false` when the store could not be reached: in force in this process only, until it can.
    pub stored: bool,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum CockpitError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the table is at epoch {0} now; look at it again, then repeat")]
    Conflict(u64),
    #[error("`{0}` has no binding; modules are {1}")]
    NoBinding(String, String),
    #[error("this needs the role migrator")]
    Forbidden,
    #[error("a reason is needed, for the audit")]
    NoReason,
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Guards(Vec<switch::Refused>),
    #[error("the switch's database: {0}")]
    Store(#[from] DbError),
}

/// Migrations of the switch's own database.
pub fn migrations() -> Migrations {
    const EMBEDDED: Migrations = Migrations {
        sqlite: embed_migrations!("../../migrations/switch/sqlite"),
        postgres: embed_migrations!("../../migrations/switch/postgres"),
    };
    EMBEDDED
}

/// How soon a change made elsewhere is in force here.
const POLL: Duration = Duration::from_millis(300);

impl Cockpit {
    /// Puts the latest stored table in force; with the store away, the last good one.
    pub async fn open(db: Db, switch: Arc<Switch>, last_good: PathBuf, known: Known) -> Self {
        if let Some(table) = last_good::read(&last_good) {
            switch.put(table);
        }
        let cockpit = Self { db, switch, last_good, known };
        if let Err(error) = cockpit.catch_up().await {
            tracing::warn!(%error, "the switch's database is away; the last good decision table serves");
        }
        cockpit
    }

    /// The table in force in this process.
    pub fn table(&self) -> Arc<Table> {
        self.switch.table()
    }

    /// The decider, for `explain`.
    pub fn switch(&self) -> &Switch {
        &self.switch
    }

    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Follows changes made by other processes, until told to stop.
    pub async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut away = false;
        while !*stop.borrow() {
            match self.catch_up().await {
                Err(error) if !away => {
                    away = true;
                    tracing::warn!(%error, "the switch's database is away; the last good decision table serves");
                }
                Ok(()) if away => {
                    away = false;
                    tracing::info!("the switch's database is back");
                }
                _ => {}
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = stop.changed() => break,
            }
        }
    }

    /// What `apply` would do, without doing it.
    pub fn preview(&self, file: &BindingFile) -> Result<Vec<Move>, CockpitError> {
        let binding = file.binding(&self.known, self.db.outside().now())?;
        Ok(self.moves_to(&file.module, &binding))
    }

    /// Puts a module's binding in force. `expected` is the epoch that the author saw.
    pub async fn apply(
        &self,
        ctx: &Ctx,
        file: &BindingFile,
        expected: Option<u64>,
        reason: &str,
    ) -> Result<Changed, CockpitError> {
        let table = self.table();
        may_change(ctx)?;
        if expected.is_some_and(|epoch| epoch != table.epoch) {
            return Err(CockpitError::Conflict(table.epoch));
        }
        let binding = file.binding(&self.known, self.db.outside().now())?;
        let moves = self.moves_to(&file.module, &binding);
        let detail = serde_json::to_string(&BindingFile::of(&file.module, &binding)).unwrap_or_default();
        let next = table.with(&file.module, binding);
        let change = change(ctx, "switch.applied", &file.module, reason, detail);
        self.store(ctx, next.clone(), change).await?;
        self.put_in_force(&next);
        Ok(Changed { epoch: next.epoch, moves, stored: true })
    }

    /// Sends a module back to its hop's `from`.
    pub async fn back(&self, ctx: &Ctx, module: &str, reason: &str) -> Result<Changed, CockpitError> {
        may_change(ctx)?;
        let table = self.table();
        let binding = table.bindings.get(module).ok_or_else(|| self.no_binding(module))?;
        let back = binding.back(self.db.outside().now()).map_err(CockpitError::Guards)?;
        let moves = self.moves_to(module, &back);
        let next = table.with(module, back);
        let change = change(ctx, "switch.back", module, reason, String::new());
        self.store(ctx, next.clone(), change).await?;
        self.put_in_force(&next);
        Ok(Changed { epoch: next.epoch, moves, stored: true })
    }

    /// Sends a module (or all) to its `from` and freezes it: in this process first, then in the local file, then in the
    /// store. Needs no database and no remote.
    pub async fn kill(&self, ctx: &Ctx, module: Option<&str>, reason: &str) -> Result<Changed, CockpitError> {
        may_change(ctx)?;
        if reason.trim().is_empty() {
            return Err(CockpitError::NoReason);
        }
        let table = self.table();
        if let Some(name) = module.filter(|name| !table.bindings.contains_key(*name)) {
            return Err(self.no_binding(name));
        }
        let next = table.killed(module, self.db.outside().now());
        let moves = next.bindings.iter().flat_map(|(name, binding)| self.moves_to(name, binding)).collect();
        self.put_in_force(&next);
        let change = change(ctx, "switch.killed", module.unwrap_or("all"), reason, String::new());
        let stored = self.store(ctx, next.clone(), change).await;
        if let Err(error) = &stored {
            tracing::error!(%error, epoch = next.epoch, "a kill is in force in this process only: the store did not take it");
        }
        Ok(Changed { epoch: next.epoch, moves, stored: stored.is_ok() })
    }

    /// Adds an act of staff that changes no table to the same chain: a reader rebuilt, say.
    pub async fn record(
        &self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        reason: &str,
    ) -> Result<(), CockpitError> {
        let at = self.db.outside().now().into();
        let epoch = i64::try_from(self.table().epoch).unwrap_or(i64::MAX);
        let change = change(ctx, action, subject, reason, String::new());
        let recorded: Result<(), DbError> =
            self.db.write(ctx, move |tx| rows::record(tx.conn(), epoch, change.clone(), at)).await;
        Ok(recorded?)
    }

    /// Who changed what, newest first.
    pub async fn audit(&self, page: PageAsk) -> Result<Page<AuditRow>, CockpitError> {
        let below = page.after.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(i64::MAX);
        let limit = i64::from(page.bounded());
        let mut rows = self.db.read(move |conn| rows::changes(conn, below, limit + 1)).await?;
        let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| Cursor(row.n.to_string()));
        let items = rows.into_iter().map(audit_row).collect();
        Ok(Page { items, next })
    }

    /// Checks the whole chain; the number of the first change that was tampered with.
    pub async fn verify(&self) -> Result<Option<i64>, CockpitError> {
        Ok(self.db.read(|conn| rows::all(conn).map(|rows| chain::broken(&rows))).await?)
    }

    async fn catch_up(&self) -> Result<(), DbError> {
        if let Some(table) = self.db.read(rows::latest).await?
            && table.epoch > self.table().epoch
        {
            tracing::info!(epoch = table.epoch, "a new decision table is in force");
            self.put_in_force(&table);
        }
        Ok(())
    }

    fn put_in_force(&self, table: &Table) {
        self.switch.put(table.clone());
        if let Err(error) = last_good::write(&self.last_good, table) {
            tracing::error!(%error, path = %self.last_good.display(), "the last good decision table could not be written");
        }
    }

    async fn store(&self, ctx: &Ctx, table: Table, change: Change) -> Result<(), CockpitError> {
        let at = self.db.outside().now().into();
        let epoch = table.epoch;
        let stored: Result<(), DbError> =
            self.db.write(ctx, move |tx| rows::insert(tx.conn(), &table, change.clone(), at)).await;
        match stored {
            Err(DbError::Other(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))) => {
                self.catch_up().await?;
                Err(CockpitError::Conflict(epoch))
            }
            other => Ok(other?),
        }
    }

    fn moves_to(&self, module: &str, binding: &switch::Binding) -> Vec<Move> {
        let table = self.table();
        let before = table.bindings.get(module).map_or_else(switch::Binding::here, Clone::clone);
        moves(&before.ranges, &binding.ranges)
    }

    fn no_binding(&self, module: &str) -> CockpitError {
        CockpitError::NoBinding(module.to_owned(), self.known.modules.join(", "))
    }
}

fn may_change(ctx: &Ctx) -> Result<(), CockpitError> {
    if ctx.actor.may(&[Role::Migrator]) { Ok(()) } else { Err(CockpitError::Forbidden) }
}

fn change(ctx: &Ctx, action: &'static str, subject: &str, reason: &str, detail: String) -> Change {
    Change {
        actor: ctx.actor.label(),
        action,
        subject: subject.to_owned(),
        reason: reason.trim().to_owned(),
        request_id: ctx.request_id.to_string(),
        detail,
    }
}

fn audit_row(row: chain::ChangeRow) -> AuditRow {
    AuditRow {
        at: row.at.0,
        module: "switch".into(),
        actor: row.actor,
        action: row.action,
        subject: row.subject,
        reason: row.reason,
        request_id: row.request_id,
    }
}

impl From<CockpitError> for Fault {
    fn from(error: CockpitError) -> Self {
        Self::unavailable(error)
    }
}
