//! Importing season files into a database, on every engine at hand.

use std::{fs, io::Read, path::PathBuf, sync::Arc};

use booking_api::{ImportReport, ImportText, LegKey};
use jiff::civil::date;
use kernel::{Ctx, FeedAfter, FixedClock, Outside};
use store::{Db, testing};

use super::{
    import::import,
    ssim::written::{Leg, WINTER, file},
};
use crate::{Booking, Parts, migrations, start};

fn outside() -> Outside {
    Outside { clock: FixedClock::at("2026-11-20T12:00:00Z".parse().unwrap()), ..Outside::system() }
}

async fn booking(db: Db) -> Arc<Booking> {
    let parts = Parts { db, outside: outside(), quote_key: booking_api::QuoteKey::new([7; 32]) };
    start(parts).await.unwrap()
}

async fn take(booking: &Booking, text: String) -> ImportReport {
    let file = ImportText { name: "season".to_owned(), text };
    import(booking, &Ctx::system("test"), file).await.unwrap()
}

/// Every event of the log as (type, stream).
async fn told(db: &Db) -> Vec<(String, String)> {
    let batch = db.feed(FeedAfter::start()).await.unwrap();
    batch.events.into_iter().map(|event| (event.kind, event.stream)).collect()
}

fn leg(number: &str) -> Leg {
    Leg::new(number, ("AMS", "0930", "+0100"), ("LHR", "0950", "+0000"))
}

fn winter(records: &[String]) -> String {
    file('L', "XI", WINTER, records)
}

fn key(number: &str, day: i8) -> LegKey {
    LegKey {
        designator: format!("XI{number}").parse().unwrap(),
        date: date(2026, 12, day),
        from: "AMS".parse().unwrap(),
        to: "LHR".parse().unwrap(),
    }
}

#[tokio::test]
async fn what_is_loaded_is_told_once_and_found_again() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = booking(db.clone()).await;
        let text = winter(&[leg("1").line(), leg("2").line()]);
        let first = take(&booking, text.clone()).await;
        assert_eq!((first.recognised, first.read, first.accepted, first.dated), (true, 2, 2, 62), "{engine}");
        let kinds: Vec<_> = told(&db).await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["taxes.changed", "schedule.loaded", "schedule.loaded"], "{engine}");
        let found = booking.timetable.leg(&key("2", 5)).unwrap();
        assert_eq!(found.departs.to_string(), "2026-12-05T08:30:00Z");
        assert!(booking.timetable.leg(&LegKey { date: date(2027, 1, 1), ..key("2", 5) }).is_none());

        let second = take(&booking, text).await;
        assert_eq!((second.accepted, second.unchanged), (0, 2), "{engine}");
        assert_eq!(told(&db).await.len(), 3, "{engine}");
    }
}

#[tokio::test]
async fn a_later_file_replaces_inside_its_validity() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = booking(db.clone()).await;
        take(&booking, winter(&[leg("1").line(), leg("2").line()])).await;
        let middle =
            file('L', "XI", "10DEC2620DEC26", &[leg("3").on("10DEC26", "20DEC26", "1234567").line()]);
        let report = take(&booking, middle).await;
        assert_eq!((report.accepted, report.kept.len()), (1, 0), "{engine}");
        let flies = |number, day| booking.timetable.leg(&key(number, day)).is_some();
        for (number, day, expected) in [
            ("1", 9, true),
            ("1", 10, false),
            ("1", 20, false),
            ("1", 21, true),
            ("3", 15, true),
            ("2", 15, false),
        ] {
            assert_eq!(flies(number, day), expected, "{engine}: XI{number} on {day}");
        }
        let gone = take(&booking, winter(&[leg("3").line()])).await;
        assert_eq!(gone.accepted, 1, "{engine}");
        assert!(!flies("1", 5) && flies("3", 31), "{engine}");
        let withdrawn = told(&db).await.into_iter().filter(|(kind, _)| kind == "schedule.withdrawn").count();
        assert_eq!(withdrawn, 5, "{engine}: two flights in two pieces each, and the shorter XI3");
    }
}

#[tokio::test]
async fn another_process_sees_the_change() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let here = booking(db.clone()).await;
        take(&here, winter(&[leg("1").line()])).await;
        let there = booking(testing::once_more(&db, &migrations())).await;
        assert!(there.timetable.leg(&key("1", 5)).is_some(), "{engine}: loaded at start");
        take(&here, winter(&[leg("2").line()])).await;
        there.refresh_schedule().await.unwrap();
        assert!(
            there.timetable.leg(&key("1", 5)).is_none() && there.timetable.leg(&key("2", 5)).is_some(),
            "{engine}"
        );
    }
}

#[tokio::test]
async fn a_file_of_another_kind_changes_nothing() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = booking(db.clone()).await;
        let report = take(&booking, "from,to\nAMS,LHR\n".to_owned()).await;
        assert!(!report.recognised && report.refused.len() == 1, "{engine}");
        assert!(told(&db).await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn a_flight_whose_record_is_broken_stays_as_it_was() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = booking(db).await;
        take(&booking, winter(&[leg("1").line(), leg("2").line()])).await;
        let broken = Leg { days: "123456X".to_owned(), ..leg("1") };
        let report = take(&booking, winter(&[broken.line()])).await;
        assert_eq!(report.refused.len(), 1, "{engine}");
        let flies = |number| booking.timetable.leg(&key(number, 5)).is_some();
        assert!(flies("1") && !flies("2"), "{engine}: XI2 is gone, XI1 could not be read");

        let nameless = Leg { number: "ABCD".to_owned(), ..leg("3") };
        take(&booking, winter(&[nameless.line()])).await;
        assert!(flies("1"), "{engine}: nobody knows whose record that was");
        let whole = winter(&[leg("4").line(), leg("5").line()]);
        let cut_off: Vec<&str> = whole.lines().take(3).collect();
        take(&booking, cut_off.join("\n")).await;
        assert!(flies("1") && flies("4"), "{engine}: a file that is cut off withdraws nothing");
        take(&booking, winter(&[leg("4").line()])).await;
        assert!(!flies("1") && flies("4"), "{engine}");
    }
}

fn real(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("BANYAN_TEST_DATA") else {
        eprintln!("not proven here: {name} (set BANYAN_TEST_DATA)");
        return None;
    };
    let bytes = fs::read(PathBuf::from(folder).join(name)).unwrap();
    let mut text = String::new();
    if name.to_ascii_lowercase().ends_with(".gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    Some(text)
}

#[tokio::test]
async fn real_files() {
    for (name, dated) in [("us-2001-05.ssim.gz", 68_762), ("nyc-2013-07-22.ssim", 1_000)] {
        let Some(text) = real(name) else { continue };
        let db = testing::sqlite("booking", &migrations(), &outside());
        let booking = booking(db).await;
        let started = std::time::Instant::now();
        let report = take(&booking, text).await;
        eprintln!("{name}: {} dated flights in {:?}", report.dated, started.elapsed());
        let started = std::time::Instant::now();
        let again = self::booking(testing::once_more(&booking.db, &migrations())).await;
        eprintln!("loaded again in {:?}, at version {}", started.elapsed(), again.timetable.version());
        let warned: Vec<_> = report.warnings.iter().take(5).collect();
        eprintln!("{} warnings, such as {warned:?}", report.warnings.len());
        assert_eq!((report.dated, report.refused.len()), (dated, 0), "{:?}", report.refused.first());
    }
}
