//! How a connection is made and set up, the same for pools, the writer and migrations.

use std::{path::Path, time::Duration};

use diesel::{
    Connection, ConnectionError, PgConnection, SqliteConnection, connection::SimpleConnection,
    r2d2::R2D2Connection,
};

use crate::{Conn, DbError, Engine, error::is_damage};

/// Where a module's database is, and for what a connection will be used.
#[derive(Clone)]
pub(crate) struct Connect {
    pub(crate) url: String,
    pub(crate) module: &'static str,
    pub(crate) purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

/// How long a caller waits for a connection, a slot or another writer before it is told that we are busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

impl Connect {
    pub(crate) fn new(url: &str, module: &'static str, purpose: Purpose) -> Self {
        Self { url: url.to_owned(), module, purpose }
    }

    pub(crate) fn open(&self) -> Result<Conn, DbError> {
        match Engine::of(&self.url) {
            Engine::Sqlite => self.open_sqlite().map(Conn::Sqlite),
            Engine::Postgres => self.open_postgres().map(Conn::Postgres),
        }
    }

    fn open_sqlite(&self) -> Result<SqliteConnection, DbError> {
        let mut conn = SqliteConnection::establish(&self.url).map_err(|e| self.explain(&e.to_string()))?;
        // The time-out comes first: switching to WAL itself may meet a lock.
        conn.batch_execute("PRAGMA busy_timeout = 5000").map_err(|e| self.explain(&e.to_string()))?;
        conn.batch_execute(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;",
        )
        .map_err(|e| self.explain(&e.to_string()))?;
        if self.purpose == Purpose::Read {
            conn.batch_execute("PRAGMA query_only = ON")?;
        }
        Ok(conn)
    }

    fn open_postgres(&self) -> Result<PgConnection, DbError> {
        let mut conn = PgConnection::establish(&self.url).map_err(|e| self.explain(&e.to_string()))?;
        let read_only = if self.purpose == Purpose::Read { "on" } else { "off" };
        conn.batch_execute(&format!(
            "SET search_path TO {schema}; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '10s'; \
             SET statement_timeout = '30s'; SET client_min_messages = 'warning'; \
             SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = {read_only};",
            schema = schema_of(self.module),
        ))?;
        Ok(conn)
    }

    fn explain(&self, message: &str) -> DbError {
        if is_damage(message) {
            return DbError::Corrupt { path: self.url.clone(), detail: message.to_owned() };
        }
        if message.contains("SSL support is not compiled in") {
            let why = "this build speaks no TLS to PostgreSQL: use a build with the feature `full`";
            return DbError::Unreachable(why.to_owned());
        }
        DbError::Unreachable(match Engine::of(&self.url) {
            Engine::Sqlite => format!("{}: {message}", self.url),
            Engine::Postgres => format!("PostgreSQL for {}: {}", self.module, message.trim()),
        })
    }
}

impl r2d2::ManageConnection for Connect {
    type Connection = Conn;
    type Error = PoolError;

    fn connect(&self) -> Result<Conn, PoolError> {
        self.open().map_err(PoolError)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), PoolError> {
        conn.ping().map_err(|e| PoolError(e.into()))
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

/// What r2d2 asks of an error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct PoolError(DbError);

/// The schema and the role of a module on PostgreSQL.
pub(crate) fn schema_of(module: &str) -> String {
    let safe: String = module.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    format!("banyan_{safe}")
}

/// Makes the folder of a SQLite file. An existing path that is no file is refused.
pub(crate) fn prepare_file(path: &str) -> Result<(), DbError> {
    let path_of = Path::new(path);
    if path_of.is_dir() {
        return Err(DbError::Corrupt { path: path.to_owned(), detail: "it is a folder".to_owned() });
    }
    match path_of.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|e| DbError::Unreachable(format!("{}: {e}", folder.display()))),
        _ => Ok(()),
    }
}

impl From<ConnectionError> for DbError {
    fn from(error: ConnectionError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
