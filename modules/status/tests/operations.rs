//! What a running module does beyond its interface: tells booking, hears booking, follows other processes, starts again.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod suite;

use std::{sync::Arc, time::Duration};

use booking_api::{LegKey, News, events::LegCancelled};
use kernel::{FixedClock, Outside};
use status::{Operations, Parts};
use status_api::{LegState, Status};
use store::{Db, testing};
use suite::FakeBooking;
use tokio::sync::watch;

fn outside() -> Outside {
    Outside { clock: FixedClock::at(suite::now()), ..Outside::system() }
}

fn databases() -> Vec<(&'static str, Db)> {
    testing::databases_in("status", &status::migrations(), &outside())
}

async fn start(db: Db, booking: &Arc<FakeBooking>) -> Arc<Operations> {
    let parts = Parts { db, outside: outside(), schedule: booking.clone(), disruption: booking.clone() };
    status::start(parts).await.unwrap()
}

fn key(designator: &str) -> LegKey {
    let iata = |text: &str| text.parse().unwrap();
    LegKey {
        designator: designator.parse().unwrap(),
        date: suite::today(),
        from: iata("AMS"),
        to: iata("LHR"),
    }
}

/// Waits for something that another task does.
async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waits = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test]
async fn booking_is_told_once_each() {
    for (engine, db) in databases() {
        let booking = suite::booking();
        let module = start(db, &booking).await;
        let texts = [
            "ASM\nUTC\nCNL WEAT\nXI100/15JUN26",
            "MVT\nXI101/15.PHBAA.AMS\nED1430",
            "MVT\nXI101/15.PHBAA.AMS\nED1440",
            "ASM\nUTC\nTIM\nXI102/15JUN26\nAMS1600 LHR1720",
            "MVT\nXI103/15.PHBAA.AMS\nPX100",
        ];
        booking.goes_away(false);
        suite::hear(&*module, &texts).await;
        booking.goes_away(true);
        assert!(module.tell_now().await.is_err(), "{engine}: booking is away");
        booking.goes_away(false);
        assert_eq!(module.tell_now().await.unwrap(), 3, "{engine}");
        let mut told: Vec<_> = booking.told().into_iter().map(|(_, news)| (news.leg, news.what)).collect();
        told.sort_by_key(|(leg, _)| *leg);
        let expected = [
            (key("XI100"), News::Cancelled { reason: "WEAT".to_owned() }),
            (key("XI101"), News::Estimated { departure: Some(suite::at("14:40")), arrival: None }),
            (key("XI102"), News::Retimed { departure: suite::at("16:00"), arrival: suite::at("17:20") }),
        ];
        assert_eq!(told, expected, "{engine}");
        assert!(
            booking.told().iter().all(|(key, _)| key.starts_with("status-")),
            "every command has its key"
        );
        suite::take(&*module, &texts).await;
        assert_eq!(module.tell_now().await.unwrap(), 0, "{engine}: repeats have nothing to tell");
        suite::hear(&*module, &["ASM\nUTC\nRIN\nXI100/15JUN26"]).await;
        assert_eq!(module.tell_now().await.unwrap(), 1);
        assert_eq!(booking.told().last().unwrap().1.what, News::Reinstated);
    }
}

#[tokio::test]
async fn the_worker_tells_when_booking_is_back() {
    for (_, db) in databases() {
        let booking = suite::booking();
        let module = start(db, &booking).await;
        let (sender, stop) = watch::channel(false);
        suite::hear(&*module, &["MVT\nXI101/15.PHBAA.AMS\nED1430"]).await;
        booking.goes_away(true);
        let worker = tokio::spawn(module.clone().tell(stop));
        booking.goes_away(false);
        eventually("booking is told", async || booking.told().len() == 1).await;
        suite::hear(&*module, &["MVT\nXI102/15.PHBAA.AMS\nED1430"]).await;
        eventually("booking is told again", async || booking.told().len() == 2).await;
        sender.send_replace(true);
        worker.await.unwrap();
    }
}

/// Staff cancel a leg in booking: the board shows it, the log tells it, and booking is not told what it said itself.
#[tokio::test]
async fn what_booking_does_shows_on_the_board() {
    for (engine, db) in databases() {
        let booking = suite::booking();
        let module = start(db.clone(), &booking).await;
        let (sender, stop) = watch::channel(false);
        let follower = tokio::spawn(module.clone().follow(stop));
        assert_eq!(suite::leg(&*module, "XI100").await.state, LegState::Scheduled);
        let cancelled = LegCancelled { leg: key("XI100"), reason: "crew".to_owned() };
        booking.does("flight.cancelled", cancelled.leg, &cancelled);
        let state = async |designator: &str| suite::leg(&*module, designator).await.state;
        eventually("the leg is cancelled", async || state("XI100").await == LegState::Cancelled).await;
        assert_eq!(suite::head(&*module).await, 1, "{engine}");
        assert_eq!(module.tell_now().await.unwrap(), 0);
        sender.send_replace(true);
        follower.await.unwrap();
        // Without its follower the module reads for itself again.
        suite::hear(&*module, &["MVT\nXI101/15.PHBAA.AMS\nAD151400/151410"]).await;
        assert_eq!(state("XI101").await, LegState::Airborne);
        // A process that starts later reads the same news again, and it changes nothing.
        let later = start(testing::once_more(&db, &status::migrations()), &booking).await;
        assert_eq!(suite::leg(&*later, "XI100").await.state, LegState::Cancelled);
        assert_eq!(suite::head(&*later).await, 2, "{engine}");
    }
}

/// A server that starts on a quiet log answers at once, and says where it stands.
#[tokio::test]
async fn a_quiet_log_is_no_reason_to_wait() {
    for (engine, db) in databases() {
        let booking = suite::booking();
        let first = start(db.clone(), &booking).await;
        suite::hear(&*first, &["MVT\nXI100/15.PHBAA.AMS\nAD151400/151410"]).await;
        let server = start(testing::once_more(&db, &status::migrations()), &booking).await;
        let (sender, stop) = watch::channel(false);
        let follower = tokio::spawn(server.clone().follow(stop));
        let answer = tokio::time::timeout(Duration::from_secs(2), suite::leg(&*server, "XI100")).await;
        assert_eq!(answer.unwrap().state, LegState::Airborne, "{engine}");
        eventually("readers know where they stand", async || {
            let readers = server.readers(&suite::ops(), kernel::ReadersAsk::default()).await.unwrap();
            readers.iter().all(|reader| reader.lag() == Some(0))
        })
        .await;
        sender.send_replace(true);
        follower.await.unwrap();
    }
}

/// What one process takes in, another shows: the command line beside a server.
#[tokio::test]
async fn other_processes_are_followed() {
    for (engine, db) in databases() {
        let booking = suite::booking();
        let server = start(db.clone(), &booking).await;
        let (sender, stop) = watch::channel(false);
        let follower = tokio::spawn(server.clone().follow(stop));
        assert_eq!(suite::leg(&*server, "XI100").await.state, LegState::Scheduled);
        let command_line = start(testing::once_more(&db, &status::migrations()), &booking).await;
        suite::hear(&*command_line, &["MVT\nXI100/15.PHBAA.AMS\nAD151400/151410"]).await;
        let state = async || suite::leg(&*server, "XI100").await.state;
        eventually(engine, async || state().await == LegState::Airborne).await;
        // And its own at once.
        suite::hear(&*server, &["MVT\nXI100/15.PHBAA.LHR\nAA151520/151530"]).await;
        assert_eq!(state().await, LegState::OnBlock);
        sender.send_replace(true);
        follower.await.unwrap();
    }
}

#[tokio::test]
async fn a_stray_finds_its_flight_when_the_schedule_comes() {
    for (_, db) in databases() {
        let booking = suite::booking();
        let module = start(db, &booking).await;
        let text = ["MVT\nXI700/15.PHBAA.AMS\nAD151400/151410"];
        assert_eq!(suite::take(&*module, &text).await.refused.len(), 1);
        booking.loads(suite::season(700, &[("AMS", 840, "LHR", 920)]));
        suite::hear(&*module, &text).await;
        assert_eq!(suite::leg(&*module, "XI700").await.state, LegState::Airborne);
        let kept = module.dead_letters(&suite::ops(), kernel::PageAsk::default()).await.unwrap();
        assert_eq!(kept.items, []);
    }
}

#[tokio::test]
async fn without_booking_there_is_a_fault_and_then_an_answer() {
    let (_, db) = databases().swap_remove(0);
    let booking = suite::booking();
    booking.goes_away(true);
    let module = start(db, &booking).await;
    let of = status_api::FlightOf { designator: "XI100".parse().unwrap(), date: suite::today() };
    let answer = module.flight(&suite::ops(), of.clone()).await;
    assert!(matches!(answer, Err(status_api::StatusError::Fault(_))), "{answer:?}");
    booking.goes_away(false);
    assert!(module.flight(&suite::ops(), of.clone()).await.unwrap().is_some());
    // Once known, the schedule stays known.
    booking.goes_away(true);
    assert!(module.flight(&suite::ops(), of).await.unwrap().is_some());
}
