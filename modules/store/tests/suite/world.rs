//! A small module to test with: its tables, its migrations and a few jobs.
#![allow(dead_code, reason = "each test file uses a part of it")]

use kernel::{Ctx, NewEvent};
use store::{Db, DbError, EmbeddedMigrations, Expected, Migrations, Tx, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("tests/migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("tests/migrations/postgres");
pub const MIGRATIONS: Migrations = Migrations { sqlite: SQLITE, postgres: POSTGRES };

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

pub fn databases() -> Vec<(&'static str, Db)> {
    store::testing::databases("probe", &MIGRATIONS)
}

pub fn ctx() -> Ctx {
    Ctx::system("test")
}

pub fn event(tx: &Tx<'_>, kind: &'static str) -> NewEvent {
    NewEvent::new(kind, tx.now(), &serde_json::json!({ "kind": kind }))
}

pub async fn append(db: &Db, stream: &str, kind: &'static str) -> Result<i64, DbError> {
    let stream = stream.to_owned();
    db.write(&ctx(), move |tx| {
        let new = event(tx, kind);
        tx.append(&stream, Expected::Any, new)
    })
    .await
}
