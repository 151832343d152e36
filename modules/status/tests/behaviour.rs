//! The behaviour suite on every engine at hand: as a command line runs the module, as a server does, and through serde.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod suite;

use std::sync::Arc;

use kernel::{FixedClock, Loopback, Outside, Remote, Served};
use status::Operations;
use status_api::Status;
use tokio::sync::watch;

async fn modules() -> Vec<Arc<Operations>> {
    let outside = Outside { clock: FixedClock::at(suite::now()), ..Outside::system() };
    let mut modules = Vec::new();
    for (_, db) in store::testing::databases_in("status", &status::migrations(), &outside) {
        let booking = suite::booking();
        let parts =
            status::Parts { db, outside: outside.clone(), schedule: booking.clone(), disruption: booking };
        modules.push(status::start(parts).await.unwrap());
    }
    modules
}

#[tokio::test]
async fn without_a_follower() {
    for module in modules().await {
        suite::all(module).await;
    }
}

#[tokio::test]
async fn with_a_follower() {
    for module in modules().await {
        let (sender, stop) = watch::channel(false);
        let follower = tokio::spawn(module.clone().follow(stop));
        suite::all(module).await;
        sender.send_replace(true);
        follower.await.unwrap();
    }
}

#[tokio::test]
async fn through_serde() {
    for module in modules().await {
        let served = Served::default().with::<dyn Status>(module);
        suite::all(Arc::new(Remote::new(Loopback::new(served)))).await;
    }
}
