//! Looking after a database: is it sound, a copy while it is in use, and a new history after a restore.

use std::path::Path;

use diesel::{
    connection::SimpleConnection,
    dsl::{count_star, max, min},
    prelude::*,
};
use jiff::Timestamp;
use kernel::Ctx;

use crate::{
    Conn, Db, DbError, DeadLetter, Engine, Micros, UuidText,
    connect::{Connect, Purpose},
    dead_letter,
    schema::{event, idempotency, log_head},
};

/// Something that is wrong with a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    /// The command that mends it.
    pub remedy: &'static str,
}

/// Files up to this size are checked whole at every start, which takes a few milliseconds.
const SMALL: u64 = 16 * 1024 * 1024;

impl Db {
    /// What is wrong with this database; nothing, usually. Reads all of it.
    pub async fn check(&self) -> Result<Vec<Finding>, DbError> {
        let url = self.url().to_owned();
        self.read(move |conn| {
            let mut findings = damage(conn, &url)?;
            findings.extend(gaps(conn)?);
            Ok(findings)
        })
        .await
    }

    /// Writes a consistent copy of a SQLite file while others read and write. `to` must not exist.
    pub async fn backup_to(&self, to: &Path) -> Result<(), DbError> {
        if self.engine() == Engine::Postgres {
            return Err(DbError::NotHere { what: "a copy of PostgreSQL", instead: "`pg_dump`" });
        }
        let connect = Connect::new(self.url(), self.module(), Purpose::Write);
        let to = to.to_owned();
        tokio::task::spawn_blocking(move || copy(&connect, &to))
            .await
            .map_err(|panic| DbError::Panicked(panic.to_string()))?
    }

    /// Gives the log a new identity, after a restore: readers that were further than the restored head rebuild.
    pub async fn new_history(&self) -> Result<(), DbError> {
        self.write(&Ctx::system("restore"), |tx| {
            let birth = UuidText(tx.outside().uuid());
            diesel::update(log_head::table).set(log_head::log_id.eq(birth)).execute(tx.conn())?;
            Ok(())
        })
        .await
    }

    /// What a projection in this database has set aside.
    pub async fn dead_letters(&self, reader: &str) -> Result<Vec<DeadLetter>, DbError> {
        let reader = reader.to_owned();
        self.read(move |conn| dead_letter::list(conn, &reader)).await
    }

    /// Drops stored replies that are older than this, and says how many. Their keys may then be used again.
    pub async fn forget_replies(&self, before: Timestamp) -> Result<usize, DbError> {
        self.write(&Ctx::system("sweep"), move |tx| {
            let old = idempotency::table.filter(idempotency::created_at.lt(Micros(before)));
            Ok(diesel::delete(old).execute(tx.conn())?)
        })
        .await
    }
}

/// A small file is looked through before it is used; a large one only by `banyan doctor`.
pub(crate) fn refuse_damaged(conn: &mut Conn, url: &str) -> Result<(), DbError> {
    let size = std::fs::metadata(url).map_or(0, |meta| meta.len());
    if conn.engine() == Engine::Postgres || size > SMALL {
        return Ok(());
    }
    match damage(conn, url)?.into_iter().next() {
        None => Ok(()),
        Some(found) => Err(DbError::Corrupt { path: url.to_owned(), detail: found.what }),
    }
}

diesel::table! {
    pragma_quick_check (quick_check) {
        quick_check -> Text,
    }
}

fn damage(conn: &mut Conn, url: &str) -> Result<Vec<Finding>, DbError> {
    let Conn::Sqlite(c) = conn else { return Ok(Vec::new()) };
    let lines: Vec<String> = pragma_quick_check::table
        .select(pragma_quick_check::quick_check)
        .load(c)
        .map_err(|e| DbError::from(e).at(url))?;
    Ok(lines
        .into_iter()
        .filter(|line| line != "ok")
        .map(|line| Finding { what: format!("{url}: {line}"), remedy: "banyan restore" })
        .collect())
}

/// Numbers 1 to head, each once: as many as the highest, and nothing above the head.
fn gaps(conn: &mut Conn) -> Result<Vec<Finding>, DbError> {
    let head: i64 = log_head::table.select(log_head::seq).first(conn)?;
    let (count, first, last): (i64, Option<i64>, Option<i64>) =
        event::table.select((count_star(), min(event::seq), max(event::seq))).first(conn)?;
    let sound = count == head && last.unwrap_or(0) == head && first.unwrap_or(1) == 1;
    if sound {
        return Ok(Vec::new());
    }
    let what = format!("the log's head is {head}, but it holds {count} events up to {}", last.unwrap_or(0));
    Ok(vec![Finding { what, remedy: "banyan restore" }])
}

fn copy(connect: &Connect, to: &Path) -> Result<(), DbError> {
    let place = |e: std::io::Error| DbError::Unreachable(format!("{}: {e}", to.display()));
    if to.exists() {
        return Err(place(std::io::ErrorKind::AlreadyExists.into()));
    }
    let quoted = to.display().to_string().replace('\'', "''");
    connect
        .open()?
        .batch_execute(&format!("VACUUM INTO '{quoted}'"))
        .map_err(|e| DbError::from(e).at(&connect.url))?;
    std::fs::File::open(to).and_then(|file| file.sync_all()).map_err(place)
}
