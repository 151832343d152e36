//! The behaviour suite in process, on every engine at hand.

mod suite;

use kernel::{FixedClock, Outside};

#[tokio::test]
async fn in_process() {
    let outside = Outside { clock: FixedClock::at(suite::now()), ..Outside::system() };
    for (engine, db) in store::testing::databases_in("status", &status::migrations(), &outside) {
        println!("on {engine}");
        let booking = suite::booking();
        let parts =
            status::Parts { db, outside: outside.clone(), schedule: booking.clone(), disruption: booking };
        suite::all(status::start(parts).await.unwrap()).await;
    }
}
