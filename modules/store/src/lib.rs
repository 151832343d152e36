//! The only home of diesel: a module's database on either engine, its event log, and what reads such logs.
//!
//! A module owns its tables and migrations and leaves the rest to this crate:
//!
//! - `rows.rs` holds its queries: functions over `&mut Conn` that answer `Result<_, DbError>`;
//! - questions run in [`Db::ask`] on a pool of reading connections, commands in [`Db::change`] on the one writer, both
//!   in the error type of the module's interface ([`TxError`] joins the two kinds of no);
//! - a command wraps its work in [`Tx::once`], so that a repeated key gets the stored reply, and says what it did with
//!   [`Tx::append`]; [`Db::feed`] is the answer to the interface's `feed`;
//! - what it must know of other modules it reads from their feeds: durably with a [`Projection`] and its [`Projector`],
//!   in memory with a [`View`] and its [`MemoryReader`].
//!
//! Jobs of the writer must not wait for anything but the database, and may be run again.

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
