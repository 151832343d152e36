//! The behaviour suite in process, on every engine at hand.

mod suite;

use kernel::Outside;

#[tokio::test]
async fn in_process() {
    for (_, db) in store::testing::databases("notes", &notes::migrations()) {
        suite::all(notes::start(notes::Parts { db, outside: Outside::system(), schedule: None })).await;
    }
}
