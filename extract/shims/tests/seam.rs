//! The call seam over real sockets that misbehave: what may be tried again, what never runs twice, and what askers
//! see of a far end that is dying.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "seam/chaos.rs"]
mod chaos;
#[path = "seam/cost.rs"]
mod cost;
#[path = "seam/dead.rs"]
mod dead;
#[path = "seam/door.rs"]
mod door;
#[path = "seam/ledger.rs"]
mod ledger;
#[path = "seam/relay.rs"]
mod relay;
#[path = "seam/retries.rs"]
mod retries;
#[path = "seam/script.rs"]
mod script;
