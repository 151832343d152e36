//! The promises of the switch, on the real binary: nothing is lost, doubled or broken by flips under a crowd; KILL works
//! while nothing else does; and everybody stays where they are. The bench measures the same at full size.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "bench/src/switch/flips/mod.rs"]
mod flips;
#[path = "bench/src/switch/house.rs"]
#[expect(dead_code, reason = "the bench uses more of it")]
mod house;
#[path = "bench/src/switch/killing/mod.rs"]
#[expect(dead_code, reason = "the bench kills in more ways")]
mod killing;
#[path = "bench/src/switch/line.rs"]
mod line;
#[path = "bench/src/switch/replicas.rs"]
mod replicas;

use std::time::Duration;

use flips::Plan;
use house::House;
use killing::{Gone, Way};

fn house() -> House {
    House::new(env!("CARGO_BIN_EXE_banyan").into()).unwrap()
}

#[actix_web::test]
async fn flips_lose_nothing_and_double_nothing() {
    let plan = Plan { flips: 50, time: Duration::from_secs(4), routes: true };
    let outcome = flips::run(house(), plan).await.unwrap();
    let counts = (outcome.lost, outcome.doubled, outcome.resets, outcome.failed);
    assert_eq!(counts, (0, 0, 0, 0), "{outcome:#?}");
    assert_eq!(outcome.wrong, Vec::<String>::new());
    assert_eq!((outcome.flips, outcome.connections), (50, 64));
    assert!(outcome.answered > 100, "{outcome:#?}");
    // Both sides had work, or nothing was shown.
    for (what, far, all) in &outcome.far {
        assert!(*all == 0 || (0 < *far && far < all), "{what}: {far} of {all}");
    }
}

#[actix_web::test]
async fn kill_works_while_nothing_else_does() {
    let killed = killing::run(house(), Way::Cookie, |house| Gone::lock(&house.folder().join("data")));
    let killed = killed.await.unwrap();
    assert_eq!(killed.wrong, Vec::<String>::new());
    // The bench holds it to 50 ms; here others run beside it.
    assert!(killed.effective < Duration::from_secs(1), "{killed:?}");
}

#[actix_web::test]
async fn everybody_stays_across_restarts_and_replicas() {
    let agreed = replicas::run(house(), 60).await.unwrap();
    assert_eq!(agreed.strayed, 0, "{agreed:?}");
    assert!(agreed.there > 0 && agreed.there < agreed.asked, "{agreed:?}");
}
