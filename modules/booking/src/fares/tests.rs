//! Publishing fares and connecting times, on every engine at hand.

use std::sync::Arc;

use booking_api::{ImportText, QuoteKey, Schedule};
use kernel::{Ctx, FeedAfter, Iata, Outside};
use store::{Db, testing};

use crate::{Booking, Parts, migrations, start};

const HEADER: &str = "from,to,class,family,amount,currency,valid_from,valid_to,conditions";

async fn booking(db: Db) -> Arc<Booking> {
    start(Parts { db, outside: Outside::system(), quote_key: QuoteKey::new([7; 32]) }).await.unwrap()
}

fn line(pair: &str, amount: &str) -> String {
    format!("{pair},Y,Flex,{amount},EUR,2026-12-01,2027-03-27,change=0;refund=full;bag=2")
}

fn file(lines: &[String]) -> ImportText {
    ImportText { name: "fares.csv".to_owned(), text: format!("{HEADER}\n{}\n", lines.join("\n")) }
}

async fn streams(db: &Db) -> Vec<String> {
    db.feed(FeedAfter::start()).await.unwrap().events.into_iter().map(|event| event.stream).collect()
}

fn iata(code: &str) -> Iata {
    code.parse().unwrap()
}

#[tokio::test]
async fn a_market_is_replaced_as_a_whole_and_told_once() {
    for (engine, db) in testing::databases("booking", &migrations()) {
        let booking = booking(db.clone()).await;
        let ctx = Ctx::system("test");
        let (there, back) = (line("AMS,LHR", "100"), line("LHR,AMS", "90"));
        let first = booking.import_fares(&ctx, file(&[there.clone(), back.clone()])).await.unwrap();
        assert_eq!((first.accepted, first.unchanged), (2, 0), "{engine}");
        let dearer = line("AMS,LHR", "120.50");
        let second = booking.import_fares(&ctx, file(&[dearer, back])).await.unwrap();
        assert_eq!((second.accepted, second.unchanged), (1, 1), "{engine}");
        assert_eq!(streams(&db).await, ["fares/AMS-LHR", "fares/LHR-AMS", "fares/AMS-LHR"], "{engine}");
        let now = booking.fares_between(iata("AMS"), iata("LHR")).await.unwrap();
        assert_eq!(now.iter().map(|fare| fare.amount.amount()).collect::<Vec<_>>(), ["120.50"], "{engine}");
        assert!(booking.fares_between(iata("AMS"), iata("JFK")).await.unwrap().is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn a_market_too_large_for_an_event_is_refused() {
    for (engine, db) in testing::databases("booking", &migrations()) {
        let booking = booking(db.clone()).await;
        let many: Vec<String> = (0..1_500)
            .map(|n| format!("AMS,LHR,Y,Family{n},100,EUR,2026-12-01,2027-03-27,change=0"))
            .chain([line("LHR,AMS", "90")])
            .collect();
        let report = booking.import_fares(&Ctx::system("test"), file(&many)).await.unwrap();
        assert_eq!((report.accepted, report.refused.len()), (1, 1), "{engine}");
        assert_eq!(report.refused[0].line, 2, "{engine}");
        assert_eq!(streams(&db).await, ["fares/LHR-AMS"], "{engine}");
    }
}

#[tokio::test]
async fn connecting_times_are_told_when_they_change() {
    for (engine, db) in testing::databases("booking", &migrations()) {
        let booking = booking(db.clone()).await;
        let text = "airport,minutes\n*,45\nAMS,50\n".to_owned();
        let file = ImportText { name: "mct".to_owned(), text };
        let ctx = Ctx::system("test");
        let first = booking.import_connecting_times(&ctx, file.clone()).await.unwrap();
        let again = booking.import_connecting_times(&ctx, file).await.unwrap();
        assert_eq!((first.accepted, again.accepted, again.unchanged), (2, 0, 2), "{engine}");
        assert_eq!(streams(&db).await, ["connecting-times"], "{engine}");
    }
}
