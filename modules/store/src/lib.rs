//! The only home of diesel: a module's database on either engine, its event log, and what reads such logs.
//!
//! A module keeps its queries in `rows.rs` as functions over `&mut Conn` that answer `Result<_, DbError>`; its commands
//! run in [`Db::change`], its questions in [`Db::ask`], both in the error type of its interface.

mod applier;
mod care;
mod columns;
mod conn;
mod connect;
mod db;
mod dead_letter;
mod error;
mod job;
mod lease;
mod log;
mod memory;
mod migrate;
mod position;
mod projection;
mod projector;
mod queue;
mod reader;
mod schema;
pub mod testing;
mod transaction;
mod tx;
mod tx_error;
mod writer;

pub use care::Finding;
pub use columns::{AsText, DateText, Json, JsonText, LocalText, Micros, UuidText};
pub use conn::{Conn, Engine, MultiBackend};
pub use db::{Db, DbOptions};
pub use dead_letter::DeadLetter;
pub use error::DbError;
pub use lease::Lease;
pub use log::of_stream as events_of;
pub use memory::{MemoryReader, View};
pub use migrate::Migrations;
pub use projection::Projection;
pub use projector::Projector;
pub use reader::{ReaderHandle, Source};
pub use tx::{Expected, Tx};
pub use tx_error::TxError;

pub use diesel_migrations::{EmbeddedMigrations, embed_migrations};
