//! The store's promises, on every engine that is at hand.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod care;
mod columns;
mod log;
mod memory;
mod once;
mod opening;
mod projection;
mod trouble;
mod world;
mod writer;
