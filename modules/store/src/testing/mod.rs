//! Throw-away databases, one for each engine that is at hand. Every module's database tests run on all of them.

mod folder;
mod postgres;

use std::sync::atomic::{AtomicU32, Ordering};

use kernel::Outside;

use crate::{Db, DbOptions, Migrations};

pub use folder::Folder;

/// A fresh, migrated database on each engine, gone when it is dropped. Without PostgreSQL there is only SQLite, which is
/// said aloud, or refused under `BANYAN_TEST_ALL=1`.
pub fn databases(module: &'static str, migrations: &Migrations) -> Vec<(&'static str, Db)> {
    databases_in(module, migrations, &Outside::system())
}

/// The same under a clock and a source of randomness of one's own.
pub fn databases_in(
    module: &'static str,
    migrations: &Migrations,
    outside: &Outside,
) -> Vec<(&'static str, Db)> {
    let mut all = vec![("sqlite", sqlite(module, migrations, outside))];
    all.extend(postgres(module, migrations, outside).map(|db| ("postgres", db)));
    all
}

/// A fresh SQLite file.
#[expect(clippy::expect_used, reason = "a test without its database must fail loudly")]
pub fn sqlite(module: &'static str, migrations: &Migrations, outside: &Outside) -> Db {
    let folder = Folder::new("sqlite");
    let url = folder.path().join(format!("{module}.db")).display().to_string();
    let db = Db::open(options(url, module, outside), migrations).expect("a fresh SQLite file opens");
    db.keeping(folder)
}

/// A fresh PostgreSQL database, if there is a server.
#[expect(clippy::expect_used, reason = "a test without its database must fail loudly")]
pub fn postgres(module: &'static str, migrations: &Migrations, outside: &Outside) -> Option<Db> {
    let database = postgres::Database::create()?;
    Db::migrate_up(database.url(), module, migrations).expect("a fresh PostgreSQL database is migrated");
    let db = Db::open(options(database.url().to_owned(), module, outside), migrations)
        .expect("a migrated PostgreSQL database opens");
    Some(db.keeping(database))
}

/// The same database once more, as another process would open it.
#[expect(clippy::expect_used, reason = "a test without its database must fail loudly")]
pub fn once_more(db: &Db, migrations: &Migrations) -> Db {
    Db::open(options(db.url().to_owned(), db.module(), db.outside()), migrations).expect("it opens twice")
}

fn options(url: String, module: &'static str, outside: &Outside) -> DbOptions {
    DbOptions { url, module, readers: 4, outside: outside.clone() }
}

/// A number that is used once in this process.
fn ticket() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
