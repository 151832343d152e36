//! One behaviour suite per module, at every distance; and what the wire promises: its schemas, and that nobody gets in
//! without a token of this installation.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

#[macro_use]
#[path = "interfaces/distance.rs"]
mod distance;
#[path = "interfaces/door.rs"]
mod door;
#[path = "interfaces/schemas.rs"]
mod schemas;

#[path = "../modules/accounts/tests/suite/mod.rs"]
mod accounts_suite;
#[path = "../modules/notes/tests/suite/mod.rs"]
mod notes_suite;

use std::sync::Arc;

use accounts_api::Accounts;
use kernel::Outside;
use notes_api::Notes;
use store::testing::sqlite;

at_every_distance!(notes: super::notes() => super::notes_suite::all { notes: dyn Notes });
at_every_distance!(accounts: super::accounts() => super::accounts_suite::all { accounts: dyn Accounts });

fn notes() -> (Arc<dyn Notes>,) {
    let outside = Outside::system();
    let db = sqlite("notes", &::notes::migrations(), &outside);
    (::notes::start(::notes::Parts { db, outside, schedule: None }),)
}

fn accounts() -> (Arc<dyn Accounts>,) {
    let db = sqlite("accounts", &::accounts::migrations(), &Outside::system());
    // Its own tests use the real cost.
    let cost = ::accounts::Cost { memory_kib: 64, passes: 1, lanes: 1 };
    let parts = ::accounts::Parts { cost, ..::accounts::Parts::new(db, [7; 32], "Banyan Air") };
    (::accounts::start(parts).unwrap(),)
}
