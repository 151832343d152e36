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
#[path = "../modules/booking/tests/suite/mod.rs"]
mod booking_suite;
#[path = "../modules/notes/tests/suite/mod.rs"]
mod notes_suite;
#[path = "../modules/search/tests/suite/mod.rs"]
mod search_suite;
#[path = "../modules/status/tests/suite/mod.rs"]
mod status_suite;

use std::sync::Arc;

use accounts_api::Accounts;
use booking_api::{Disruption, Orders, Payments, QuoteKey, Schedule, Shop};
use kernel::{FixedClock, Outside};
use notes_api::Notes;
use search_api::Search;
use status_api::Status;
use store::testing::sqlite;

at_every_distance!(notes: super::notes() => super::notes_suite::all { notes: dyn Notes });
at_every_distance!(accounts: super::accounts() => super::accounts_suite::all { accounts: dyn Accounts });
at_every_distance!(booking: super::booking().await => super::booking_suite::all {
    schedule: dyn Schedule,
    shop: dyn Shop,
    orders: dyn Orders,
    payments: dyn Payments,
    disruption: dyn Disruption,
});
at_every_distance!(search: super::search().await => super::search_suite::all { search: dyn Search });
at_every_distance!(status: super::status().await => super::status_suite::all { status: dyn Status });

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

type Booking = (Arc<dyn Schedule>, Arc<dyn Shop>, Arc<dyn Orders>, Arc<dyn Payments>, Arc<dyn Disruption>);

async fn booking() -> Booking {
    let outside = Outside::system();
    let db = sqlite("booking", &::booking::migrations(), &outside);
    let quote_key = QuoteKey::new(booking_suite::QUOTE_KEY);
    let booking = ::booking::start(::booking::Parts { db, outside, quote_key }).await.unwrap();
    (booking.clone(), booking.clone(), booking.clone(), booking.clone(), booking)
}

async fn status() -> (Arc<dyn Status>,) {
    let outside = Outside { clock: FixedClock::at(status_suite::now()), ..Outside::system() };
    let db = sqlite("status", &::status::migrations(), &outside);
    let booking = status_suite::booking();
    let parts = ::status::Parts { db, outside, schedule: booking.clone(), disruption: booking };
    (::status::start(parts).await.unwrap(),)
}

async fn search() -> (Arc<dyn Search>,) {
    let running = search_suite::world().await;
    let search = running.search.clone();
    // It follows its feed for as long as the test's runtime lives.
    actix_web::rt::spawn(async move {
        let _running = running;
        std::future::pending::<()>().await;
    });
    (search,)
}
