//! What a durable projection is: a function from events to rows of its own.

use kernel::Event;

use crate::{DbError, Tx};

/// A function from events to rows. Its tables are its own and named `<view>_v<version>`.
pub trait Projection: Send + Sync + 'static {
    /// Such as `notes.trips`.
    fn name(&self) -> &'static str;
    /// A new version starts from the beginning, with tables of its own.
    fn version(&self) -> i32;
    fn wants(&self, kind: &str) -> bool;
    /// Runs once for each event, in order. May be run again after a rollback.
    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), DbError>;
    /// Deletes all that `apply` ever made.
    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), DbError>;
}
