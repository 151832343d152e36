//! The only home of diesel: a module's database on either engine, its event log, and what reads such logs.

mod columns;
mod conn;
mod connect;
mod db;
mod error;
mod log;
mod migrate;
mod schema;
mod tx;
mod writer;

pub use columns::{AsText, DateText, Json, JsonText, LocalText, Micros, UuidText};
pub use conn::{Conn, Engine, MultiBackend};
pub use db::{Db, DbOptions};
pub use error::DbError;
pub use migrate::Migrations;
pub use tx::{Expected, Tx};

pub use diesel_migrations::{EmbeddedMigrations, embed_migrations};
