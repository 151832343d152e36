//! The behaviour suite in process.

mod suite;

#[tokio::test]
async fn in_process() {
    let running = suite::world().await;
    suite::all(running.search.clone()).await;
}
