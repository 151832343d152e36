//! The store's promises, on every engine that is at hand.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod care;
mod columns;
mod log;
mod memory;
mod once;
mod opening;
mod projection;
mod world;
mod writer;
