//! The behaviour suite in process, on every engine at hand.

mod suite;

use booking::Parts;
use booking_api::QuoteKey;
use kernel::Outside;

#[tokio::test]
async fn in_process() {
    for (engine, db) in store::testing::databases("booking", &booking::migrations()) {
        println!("on {engine}");
        let parts = Parts { db, outside: Outside::system(), quote_key: QuoteKey::new(suite::QUOTE_KEY) };
        let booking = booking::start(parts).await.unwrap();
        suite::all(booking.clone(), booking.clone(), booking.clone(), booking.clone(), booking).await;
    }
}
