//! What the switch must remember: tables by epoch, who changed them and why, and the way back. A change is
//! stored, then put in force here at once and in other processes within a second; a kill is put in force first.

mod apply;
mod approvals;
mod audit;
mod chain;
mod change;
mod database;
mod error;
mod force;
mod kill;
mod last_good;
mod overrides;
mod replicas;
mod rows;
mod schema;
mod waiting_rows;

use std::{path::PathBuf, sync::Arc, time::Duration};

use kernel::{Ctx, Role};
use store::{Migrations, embed_migrations};
use switch::{Known, Switch, Table, Traffic};
use tokio::{sync::watch, time::timeout};

pub use apply::{Changed, Done, Preview};
pub use approvals::Waiting;
pub use audit::{AuditEntry, Detail};
pub use change::Difference;
pub use database::Database;
pub use error::CockpitError;
pub use kill::Killed;
pub use overrides::OverrideAsk;
pub use replicas::Replica;

use force::Force;

/// The cockpit of one process.
pub struct Cockpit {
    database: Database,
    force: Arc<Force>,
    known: Arc<Known>,
    name: String,
    /// Rings when the store has taken kills.
    settled: watch::Sender<()>,
}

/// What a cockpit is made of.
pub struct CockpitParts {
    /// `db.into()`, or [`Database::open`] where the store may be away at the start.
    pub database: Database,
    pub switch: Arc<Switch>,
    pub traffic: Arc<Traffic>,
    /// A file for the last good table.
    pub last_good: PathBuf,
    pub known: Known,
    /// How this process is called among its replicas: `host:pid`.
    pub replica: String,
}

/// Migrations of the switch's own database.
pub fn migrations() -> Migrations {
    const EMBEDDED: Migrations = Migrations {
        sqlite: embed_migrations!("../../migrations/switch/sqlite"),
        postgres: embed_migrations!("../../migrations/switch/postgres"),
    };
    EMBEDDED
}

impl Cockpit {
    /// Puts the latest stored table in force; with the store away, the last good one.
    pub async fn open(parts: CockpitParts) -> Self {
        let CockpitParts { database, switch, traffic, last_good, known, replica } = parts;
        let force = Arc::new(Force::open(switch, traffic, last_good, database.outside()));
        let (settled, _) = watch::channel(());
        let cockpit = Self { database, force, known: Arc::new(known), name: replica, settled };
        cockpit.catch_up().await;
        cockpit.store_what_is_left();
        cockpit
    }

    /// The table in force in this process.
    pub fn table(&self) -> Arc<Table> {
        self.force.table()
    }

    /// The decider, for looks and `explain`.
    pub fn switch(&self) -> &Switch {
        self.force.switch()
    }

    /// The names that a table may use.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Breakers and measures of every side.
    pub fn traffic(&self) -> &Arc<Traffic> {
        self.force.traffic()
    }

    /// The store, for probes and backups.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The epoch in force, as it changes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.force.changes()
    }

    /// Puts in force what others have stored, if the store answers within a moment.
    async fn catch_up(&self) {
        const PATIENCE: Duration = Duration::from_secs(2);
        let why = match timeout(PATIENCE, self.look()).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not answer".to_owned(),
        };
        tracing::warn!(why, "the switch's database is away; the last good decision table serves");
    }
}

fn may_change(ctx: &Ctx) -> Result<(), CockpitError> {
    if ctx.actor.may(&[Role::Migrator]) { Ok(()) } else { Err(CockpitError::Forbidden) }
}
