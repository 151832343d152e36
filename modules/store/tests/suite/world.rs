//! A small module to test with: its tables, its migrations and a few jobs.

use kernel::{Ctx, FeedAfter, NewEvent};
use store::{Db, DbError, EmbeddedMigrations, Expected, Migrations, Tx, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("tests/suite/migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("tests/suite/migrations/postgres");
pub(crate) const MIGRATIONS: Migrations = Migrations { sqlite: SQLITE, postgres: POSTGRES };

diesel::table! {
    thing (id) {
        id -> Text,
        name -> Text,
        amount -> BigInt,
        made_at -> BigInt,
        day -> Text,
        local -> Text,
        facts -> Text,
        currency -> Nullable<Text>,
        blob -> Binary,
        open -> Bool,
    }
}

diesel::table! {
    seen_v1 (seq) {
        seq -> BigInt,
        stream -> Text,
        kind -> Text,
    }
}

pub(crate) fn databases() -> Vec<(&'static str, Db)> {
    store::testing::databases("probe", &MIGRATIONS)
}

pub(crate) fn ctx() -> Ctx {
    Ctx::system("test")
}

pub(crate) fn event(tx: &Tx<'_>, kind: &'static str) -> NewEvent {
    NewEvent::new(kind, tx.now(), &serde_json::json!({ "kind": kind }))
}

pub(crate) async fn append(db: &Db, stream: &str, kind: &'static str) -> Result<i64, DbError> {
    let stream = stream.to_owned();
    db.write(&ctx(), move |tx| {
        let new = event(tx, kind);
        tx.append(&stream, Expected::Any, new)
    })
    .await
}

/// How many events the log holds.
pub(crate) async fn event_count(db: &Db) -> i64 {
    let mut count = 0;
    loop {
        let batch = db.feed(FeedAfter { after: count, limit: 500, wait_ms: 0 }).await.unwrap();
        if batch.events.is_empty() {
            return count;
        }
        count = batch.next;
    }
}
