//! Taking over bookings, on every engine at hand.

use std::sync::Arc;

use booking_api::{
    FlightsAsk, ImportReport, ImportText, LegKey, OrderOf, OrderState, Orders, QuoteKey, Schedule,
};
use jiff::civil::date;
use kernel::{Actor, Ctx, FeedAfter, FeedError, FixedClock, Outside};
use store::{Db, testing};

use crate::{
    Booking, Parts, migrations,
    schedule::ssim::written::{Leg, WINTER, file},
    start,
};

fn outside() -> Outside {
    Outside { clock: FixedClock::at("2026-11-20T12:00:00Z".parse().unwrap()), ..Outside::system() }
}

fn ctx() -> Ctx {
    Ctx::system("test")
}

/// An airline with a flight there and one back, and fares.
async fn airline(db: Db) -> Arc<Booking> {
    let booking = start(Parts { db, outside: outside(), quote_key: QuoteKey::new([7; 32]) }).await.unwrap();
    let there = Leg::new("1", ("AMS", "0930", "+0100"), ("LHR", "0950", "+0000"));
    let back = Leg::new("2", ("LHR", "1030", "+0000"), ("AMS", "1250", "+0100"));
    let season = file('L', "XI", WINTER, &[there.line(), back.line()]);
    booking.import_schedule(&ctx(), text(season)).await.unwrap();
    let fares = "from,to,class,family,amount,currency,valid_from,valid_to,conditions\n\
                 AMS,LHR,K,Standard,80,EUR,2026-10-25,2027-03-27,change=40;refund=60;bag=1\n\
                 LHR,AMS,K,Standard,80,EUR,2026-10-25,2027-03-27,change=40;refund=60;bag=1\n";
    let report = booking.import_fares(&ctx(), text(fares.to_owned())).await.unwrap();
    assert_eq!((report.accepted, report.refused.len()), (2, 0));
    booking
}

fn text(text: String) -> ImportText {
    ImportText { name: "file".to_owned(), text }
}

const ORDER: &str = r#"{"order":{"locator":"7Q4ZK2","created_at":"2026-11-01T10:00:00Z","contact":{"email":"ada@example.com","phone":"+31 20 000"},"passengers":[{"given_name":"Ada","family_name":"Doe","date_of_birth":"1980-02-01","type":"adult"},{"given_name":"Bo","family_name":"Doe","date_of_birth":"2026-01-01","type":"infant"}],"segments":[{"designator":"XI1","date":"2026-12-05","from":"AMS","to":"LHR","class":"K","family":"Standard"},{"designator":"XI2","date":"2026-12-09","from":"LHR","to":"AMS","class":"K","family":"Standard"}],"total":{"amount":"176.01","currency":"EUR"},"tickets":[{"number":"0080000000001","passenger":0,"coupons":[{"segment":0,"status":"O"},{"segment":1,"status":"O"}]},{"number":"0080000000002","passenger":1,"coupons":[{"segment":0,"status":"O"}]}]}}"#;
const SOLD: &str =
    r#"{"sold":{"designator":"XI1","date":"2026-12-05","from":"AMS","to":"LHR","class":"Y","count":30}}"#;

async fn take(booking: &Booking, lines: &[&str]) -> ImportReport {
    booking.import_bookings(&ctx(), text(lines.join("\n"))).await.unwrap()
}

fn leg() -> LegKey {
    LegKey {
        designator: "XI1".parse().unwrap(),
        date: date(2026, 12, 5),
        from: "AMS".parse().unwrap(),
        to: "LHR".parse().unwrap(),
    }
}

#[tokio::test]
async fn orders_and_counts_are_taken_over_once() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = airline(db.clone()).await;
        let report = take(&booking, &[ORDER, SOLD]).await;
        assert_eq!((report.read, report.accepted, report.refused.len()), (2, 2, 0), "{engine}: {report:?}");

        let of = OrderOf { locator: "7Q4ZK2".parse().unwrap(), family_name: Some("doe".to_owned()) };
        let order = booking.find(&ctx(), of).await.unwrap();
        assert_eq!(order.state, OrderState::Ticketed, "{engine}");
        assert_eq!(order.slices.len(), 2, "{engine}: there and back");
        assert_eq!(order.slices[0].conditions.refund_fee.unwrap().amount(), "60.00");
        assert_eq!(order.items.iter().map(|item| item.amount.minor).sum::<i64>(), 17_601, "{engine}");
        assert_eq!(order.passengers[0].tickets[0].coupons.len(), 2, "{engine}");

        let full = booking.inventory(&ctx(), leg()).await.unwrap();
        let sold: Vec<_> = full.classes.iter().filter(|c| c.sold > 0).map(|c| (c.class, c.sold)).collect();
        assert_eq!((sold, full.orders), (vec![('Y', 30), ('K', 1)], 1), "{engine}");

        let head = db.head().await.unwrap().seq;
        let again = take(&booking, &[ORDER, SOLD]).await;
        assert_eq!((again.accepted, again.unchanged), (0, 2), "{engine}");
        assert_eq!(db.head().await.unwrap().seq, head, "{engine}: nothing is done twice");
    }
}

#[tokio::test]
async fn wrong_lines_are_refused_alone() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = airline(db).await;
        let wrong = [
            (ORDER.replace("7Q4ZK2", "7Q4"), "booking reference"),
            (ORDER.replace("2026-12-05", "2027-12-05"), "does not fly"),
            (ORDER.replace("\"class\":\"K\"", "\"class\":\"J\""), "class J is not sold"),
            (ORDER.replace("0080000000001", "80000001"), "13 digits"),
            (ORDER.replace("\"passenger\":1", "\"passenger\":7"), "passenger 7"),
            (ORDER.replace("1980-02-01", "long ago"), "date of birth"),
            (ORDER.replace("\"adult\"", "\"infant\""), "infants"),
            (ORDER.replace("ada@example.com", "ada"), "e-mail"),
            (SOLD.replace("XI1", "XI9"), "does not fly"),
            (SOLD.replace("30", "-3"), "u16"),
            ("{}".to_owned(), ""),
            ("not JSON".to_owned(), ""),
        ];
        let mut lines: Vec<&str> = vec![SOLD];
        lines.extend(wrong.iter().map(|(line, _)| line.as_str()));
        let report = take(&booking, &lines).await;
        assert_eq!(report.accepted, 1, "{engine}");
        assert_eq!(report.refused.len(), wrong.len(), "{engine}: {:?}", report.refused);
        for (remark, ((_, why), line)) in report.refused.iter().zip(wrong.iter().zip(2..)) {
            assert_eq!(remark.line, line, "{engine}");
            assert!(remark.reason.contains(why), "{engine}: {} lacks {why}", remark.reason);
        }
        assert!(!take(&booking, &["from,to,class"]).await.recognised, "{engine}");
    }
}

#[tokio::test]
async fn staff_looks_at_a_day() {
    for (engine, db) in testing::databases_in("booking", &migrations(), &outside()) {
        let booking = airline(db).await;
        take(&booking, &[SOLD]).await;
        let ask = |text: &str, limit| FlightsAsk {
            date: date(2026, 12, 5),
            text: text.to_owned(),
            page: kernel::PageAsk::first(limit),
        };
        let page = booking.flights(&ctx(), ask("", 1)).await.unwrap();
        assert_eq!((page.items[0].sold, page.items[0].seats), (30, 180), "{engine}");
        let mut rest = ask("", 1);
        rest.page.after = page.next;
        let rest = booking.flights(&ctx(), rest).await.unwrap();
        assert_eq!(
            (rest.items[0].leg.key.designator.to_string().as_str(), rest.next),
            ("XI2", None),
            "{engine}"
        );
        for (text, count) in [("xi 2", 1), ("lhr", 2), ("JFK", 0), ("XI0001", 1)] {
            assert_eq!(
                booking.flights(&ctx(), ask(text, 10)).await.unwrap().items.len(),
                count,
                "{engine}: {text}"
            );
        }
        let anonymous = Ctx::new(Actor::Anonymous, "r");
        assert!(booking.flights(&anonymous, ask("", 1)).await.is_err(), "{engine}");
        assert!(booking.import_fares(&anonymous, text(String::new())).await.is_err(), "{engine}");
        assert_eq!(booking.feed(&anonymous, FeedAfter::start()).await, Err(FeedError::Forbidden), "{engine}");
    }
}
