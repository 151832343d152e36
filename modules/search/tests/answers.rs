//! What search answers, and how it follows: prices, quotes, pages, places, changes, gaps and other histories.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;

use booking_api::{
    LegKey, QuoteKey,
    events::{
        ConnectingTimes, Fare, FaresChanged, InventoryChanged, LegCancelled, LegRetimed,
        SeasonFlightWithdrawn, TaxesChanged,
    },
};
use kernel::{Actor, Conditions, Ctx, Currency, Cursor, Money, Party, ReaderState, ReplayReader};
use search_api::{AirportsAsk, ItinerariesAsk, Search, SearchError, Set, Sort};

use crate::kit::{FeedOnly, KEY, NOW, Running, airports, ask, ctx, date, flight, iata, leg, names};

const DAY: &str = "2001-05-15";

/// Boston to San Diego: nonstop at 12:00Z, and by way of Chicago at 10:00Z and 11:00Z.
async fn coast_to_coast() -> Running {
    let feed = FeedOnly::new(airports());
    for (name, from, to, departs, arrives) in [
        ("XI1", "BOS", "SAN", 720, 1080),
        ("XI2", "BOS", "ORD", 600, 750),
        ("XI3", "BOS", "ORD", 660, 810),
        ("XI4", "ORD", "SAN", 840, 1070),
        ("LH9", "ORD", "SAN", 780, 1010),
    ] {
        feed.tell("schedule.loaded", &flight(name, from, to, departs, arrives));
    }
    Running::over(feed).await
}

fn key(name: &str, from: &str, to: &str) -> LegKey {
    LegKey { designator: name.parse().unwrap(), date: date(DAY), from: iata(from), to: iata(to) }
}

fn fare(class: char, family: &str, minor: i64) -> Fare {
    Fare {
        class,
        family: family.to_owned(),
        amount: Money::new(minor, Currency::EUR),
        valid_from: date("2001-05-01"),
        valid_to: date("2001-05-31"),
        conditions: Conditions::default(),
    }
}

fn fares(running: &Running, fares: Vec<Fare>) {
    running.feed.tell("fares.changed", &FaresChanged { from: iata("BOS"), to: iata("SAN"), fares });
}

#[tokio::test]
async fn a_day_has_its_exact_set_and_then_the_rest() {
    let running = coast_to_coast().await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI2 LH9", "XI3 XI4", "XI1"]);
    let ranked = running.ask(ask("BOS", "SAN", DAY)).await.unwrap();
    assert_eq!((names(&ranked).len(), ranked.by_stops), (3, [1, 2, 0]));
    let nonstop = running.ask(ItinerariesAsk { max_legs: 1, ..ask("BOS", "SAN", DAY) }).await.unwrap();
    assert_eq!((names(&nonstop), nonstop.by_stops), (vec!["XI1".to_owned()], [1, 2, 0]));
    assert_eq!((nonstop.from.city.as_str(), nonstop.to.zone.as_str()), ("Boston", "America/Los_Angeles"));
}

#[tokio::test]
async fn times_are_told_as_the_clocks_on_the_wall_show_them() {
    let running = coast_to_coast().await;
    let found = running.ask(ItinerariesAsk { max_legs: 1, ..ask("BOS", "SAN", DAY) }).await.unwrap();
    let item = &found.page.items[0];
    let told = serde_json::to_value(&item.legs[0]).unwrap();
    for (field, value) in [
        ("departs", "2001-05-15T12:00:00Z"),
        ("arrives", "2001-05-15T18:00:00Z"),
        ("departs_local", "2001-05-15T08:00:00"),
        ("arrives_local", "2001-05-15T11:00:00"),
        ("date", "2001-05-15"),
        ("departs_zone", "America/New_York"),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    assert_eq!((item.duration_minutes, item.pareto, item.price), (360, true, None));
}

#[tokio::test]
async fn the_local_day_of_the_origin_counts() {
    let feed = FeedOnly::new(airports());
    feed.tell("schedule.loaded", &flight("XI1", "HNL", "SAN", 9 * 60 + 59, 900));
    feed.tell("schedule.loaded", &flight("XI2", "HNL", "SAN", 10 * 60, 901));
    let running = Running::over(feed).await;
    let found = running.ask(ItinerariesAsk { set: Set::Pareto, ..ask("HNL", "SAN", DAY) }).await.unwrap();
    let departures: Vec<_> = found.page.items.iter().map(|item| item.departs.to_string()).collect();
    assert_eq!(departures, ["2001-05-15T10:00:00Z", "2001-05-16T09:59:00Z"]);
}

#[tokio::test]
async fn legs_of_one_flight_need_no_time_between_them() {
    let feed = FeedOnly::new(airports());
    let mut through = flight("XI7", "BOS", "ORD", 600, 700);
    through.legs.push(leg("ORD", "SAN", 700, 900));
    feed.tell("schedule.loaded", &through);
    feed.tell("schedule.loaded", &flight("XI8", "ORD", "SAN", 705, 800));
    let running = Running::over(feed).await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI7 XI7"]);
    running.feed.tell(
        "connecting_times.changed",
        &ConnectingTimes { airports: vec![(iata("ORD"), 5)], ..ConnectingTimes::default() },
    );
    running.caught_up().await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI7 XI8"]);
}

#[tokio::test]
async fn families_stand_side_by_side_at_the_cheapest_open_class() {
    let running = coast_to_coast().await;
    fares(&running, vec![fare('Y', "Light", 20_000), fare('M', "Light", 10_000), fare('Y', "Flex", 25_000)]);
    let tax = vec![("US".to_owned(), Money::new(500, Currency::EUR))];
    running.feed.tell("taxes.changed", &TaxesChanged { by_country: tax });
    running.feed.tell(
        "inventory.changed",
        &InventoryChanged { leg: key("XI4", "ORD", "SAN"), open: vec![('Y', 7), ('M', 0)] },
    );
    running.caught_up().await;
    let party = Party { adults: 2, ..Party::default() };
    let found = running.ask(ItinerariesAsk { party, ..ask("BOS", "SAN", DAY) }).await.unwrap();
    let told = |name: &str| {
        let at = names(&found).iter().position(|found| found == name).unwrap();
        let families = found.page.items[at].families.iter();
        families.map(|f| format!("{} {} {}", f.family, f.total.amount(), f.seats_left)).collect::<Vec<_>>()
    };
    assert_eq!(told("XI1"), ["Light 210.00 9", "Flex 510.00 9"]);
    assert_eq!(told("XI3 XI4"), ["Light 420.00 7", "Flex 520.00 7"]);
}

#[tokio::test]
async fn a_quote_holds_what_was_shown() {
    let running = coast_to_coast().await;
    fares(&running, vec![fare('M', "Light", 10_000)]);
    running.caught_up().await;
    let found = running.ask(ItinerariesAsk { sort: Sort::Arrival, ..ask("BOS", "SAN", DAY) }).await.unwrap();
    let family = &found.page.items[0].families[0];
    let quote = QuoteKey::new(KEY).open(&family.quote).unwrap();
    let segments: Vec<_> =
        quote.segments.iter().map(|s| format!("{} {}-{} {}", s.designator, s.from, s.to, s.class)).collect();
    assert_eq!(segments, ["XI2 BOS-ORD M", "LH9 ORD-SAN M"]);
    assert_eq!((quote.total, quote.family.as_str(), quote.cabin), (family.total, "Light", 'Y'));
    assert_eq!(quote.expires_at.to_string(), "2000-01-01T00:30:00Z");
}

#[tokio::test]
async fn what_cannot_be_sold_has_no_price() {
    let running = coast_to_coast().await;
    fares(&running, vec![fare('M', "Light", 10_000)]);
    running.caught_up().await;
    let priced = async |day: &str| {
        let found = running.ask(ask("BOS", "SAN", day)).await.unwrap();
        found.page.items.iter().filter(|item| item.price.is_some()).count()
    };
    assert_eq!(priced(DAY).await, 3);
    assert_eq!(priced("2001-06-01").await, 0, "no fare holds on that day");
    running.clock.set("2001-05-15T10:30:00Z".parse().unwrap());
    assert_eq!(priced(DAY).await, 2, "the first has left");
    running.clock.set(NOW.parse().unwrap());
    let business = running.ask(ItinerariesAsk { cabin: Some('J'), ..ask("BOS", "SAN", DAY) }).await.unwrap();
    assert_eq!(names(&business), Vec::<String>::new(), "nobody has that cabin");
}

#[tokio::test]
async fn sold_out_cancelled_and_retimed_legs_change_the_next_answer() {
    let running = coast_to_coast().await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI2 LH9", "XI3 XI4", "XI1"]);
    let nonstop = key("XI1", "BOS", "SAN");
    let cancelled = LegCancelled { leg: nonstop, reason: String::new() };
    let full = |seats| InventoryChanged { leg: key("LH9", "ORD", "SAN"), open: vec![('Y', seats)] };
    running.feed.tell("flight.cancelled", &cancelled);
    running.feed.tell("inventory.changed", &full(0));
    running.caught_up().await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI3 XI4"]);
    assert_eq!(running.pareto("BOS", "SAN", "2001-05-16").await.len(), 3, "other days are as they were");
    running.feed.tell("flight.reinstated", &cancelled);
    running.feed.tell("inventory.changed", &full(1));
    running.feed.tell(
        "flight.schedule_changed",
        &LegRetimed {
            leg: nonstop,
            departs: "2001-05-15T09:00:00Z".parse().unwrap(),
            arrives: "2001-05-15T15:00:00Z".parse().unwrap(),
        },
    );
    running.caught_up().await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI1", "XI2 LH9", "XI3 XI4"]);
    let two = Party { adults: 2, ..Party::default() };
    let found =
        running.ask(ItinerariesAsk { set: Set::Pareto, party: two, ..ask("BOS", "SAN", DAY) }).await.unwrap();
    assert_eq!(names(&found), ["XI1", "XI3 XI4"]);
}

#[tokio::test]
async fn flights_come_and_go_with_the_schedule() {
    let running = coast_to_coast().await;
    assert_eq!(running.pareto("ORD", "BOS", DAY).await, Vec::<String>::new());
    running.feed.tell("schedule.withdrawn", &SeasonFlightWithdrawn { key: "XI1".to_owned() });
    running.feed.tell("schedule.loaded", &flight("XI2", "ORD", "BOS", 600, 700));
    running.feed.tell("schedule.loaded", &flight("ZZ1", "ORD", "QQQ", 600, 700));
    running.caught_up().await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI3 XI4"]);
    assert_eq!(running.pareto("ORD", "BOS", DAY).await, ["XI2"]);
    assert_eq!(running.pareto("ORD", "QQQ", DAY).await, ["ZZ1"], "a station that no table has");
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip() {
    let feed = FeedOnly::new(airports());
    for number in 1..=40 {
        feed.tell(
            "schedule.loaded",
            &flight(&format!("XI{number}"), "BOS", "SAN", number % 7 * 60 + 300, 800),
        );
    }
    let running = Running::over(feed).await;
    for sort in [Sort::Best, Sort::Price, Sort::Duration, Sort::Departure, Sort::Arrival] {
        let whole = ItinerariesAsk { sort, ..ask("BOS", "SAN", DAY) };
        let all = names(&running.ask(whole.clone()).await.unwrap());
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = running.ask(ItinerariesAsk { limit: Some(7), after, ..whole.clone() }).await.unwrap();
            pages.extend(names(&page));
            after = page.page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((pages.len(), pages), (40, all), "{sort:?}");
    }
}

#[tokio::test]
async fn the_way_back_begins_after_the_way_there() {
    let running = coast_to_coast().await;
    let not_before = Some("2001-05-15T10:30:00Z".parse().unwrap());
    let found = running.ask(ItinerariesAsk { not_before, ..ask("BOS", "SAN", DAY) }).await.unwrap();
    assert_eq!(names(&found).len(), 2);
}

#[tokio::test]
async fn questions_that_make_no_sense_are_refused_by_field() {
    let running = coast_to_coast().await;
    let good = ask("BOS", "SAN", DAY);
    for (field, asked) in [
        ("to", ask("BOS", "BOS", DAY)),
        ("max_legs", ItinerariesAsk { max_legs: 4, ..good.clone() }),
        ("limit", ItinerariesAsk { limit: Some(501), ..good.clone() }),
        ("cabin", ItinerariesAsk { cabin: Some('Q'), ..good.clone() }),
        ("after", ItinerariesAsk { after: Some(Cursor("rubbish".to_owned())), ..good.clone() }),
        ("adults", ItinerariesAsk { party: Party { adults: 10, ..Party::default() }, ..good.clone() }),
    ] {
        let Err(SearchError::Invalid(errors)) = running.ask(asked).await else { panic!("{field} was taken") };
        assert_eq!(errors.of(field).count(), 1, "{field}");
    }
    let unknown = running.ask(ask("BOS", "QQX", DAY)).await;
    assert_eq!(unknown, Err(SearchError::UnknownAirport(iata("QQX"))));
    let known = running.ask(ask("BOS", "AKL", DAY)).await.unwrap();
    assert_eq!(known.page.items, []);
}

#[tokio::test]
async fn days_at_the_ends_of_the_calendar_are_empty() {
    let running = coast_to_coast().await;
    for day in ["9999-12-31", "-009999-01-01", "1969-12-31", "2000-12-30"] {
        assert_eq!(running.pareto("BOS", "SAN", day).await, Vec::<String>::new(), "{day}");
    }
}

#[tokio::test]
async fn airports_are_found_by_what_people_type() {
    let running = coast_to_coast().await;
    let hits = running.search.airports(&ctx(), AirportsAsk { q: "san".to_owned(), limit: 5 }).await.unwrap();
    assert_eq!((hits[0].place.iata, hits[0].served), (iata("SAN"), true));
    let hits =
        running.search.airports(&ctx(), AirportsAsk { q: "amsterdm".to_owned(), limit: 5 }).await.unwrap();
    assert_eq!((hits[0].place.iata, hits[0].served), (iata("AMS"), false));
}

#[tokio::test]
async fn before_the_first_reading_there_is_no_answer() {
    let outside = kernel::Outside::system();
    let parts = search::Parts { schedule: FeedOnly::new(airports()), outside, quote_key: QuoteKey::new(KEY) };
    let search = search::start(parts);
    let answer = search.itineraries(&ctx(), ask("BOS", "SAN", DAY)).await;
    assert!(matches!(answer, Err(SearchError::Fault(_))));
}

#[tokio::test]
async fn another_history_is_read_from_its_beginning() {
    let running = coast_to_coast().await;
    running.feed.restore(1);
    running.caught_up().await;
    running.until(|status| status.position == 1 && status.state == ReaderState::Following).await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await, ["XI1"]);
}

#[tokio::test]
async fn a_gap_is_a_fault_and_the_old_view_serves() {
    let running = coast_to_coast().await;
    running.feed.tell_at(Some(99), "schedule.withdrawn", &SeasonFlightWithdrawn { key: "XI1".to_owned() });
    running.until(|status| status.trouble.as_ref().is_some_and(|why| why.contains("gap"))).await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await.len(), 3);
}

#[tokio::test]
async fn one_bad_event_hides_no_others() {
    let running = coast_to_coast().await;
    running.feed.tell("schedule.loaded", &"nonsense");
    running.feed.tell("schedule.withdrawn", &SeasonFlightWithdrawn { key: "XI1".to_owned() });
    running.caught_up().await;
    running.until(|status| status.dead_letters == 1).await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await.len(), 2);
}

#[tokio::test]
async fn staff_may_have_the_view_rebuilt() {
    let running = coast_to_coast().await;
    let ask = |reader: &str| ReplayReader { reader: reader.to_owned(), reason: "test".to_owned() };
    let anybody = Ctx::new(Actor::Anonymous, "test");
    assert_eq!(running.search.replay(&anybody, ask("search.timetable")).await, Err(SearchError::Forbidden));
    let unknown = running.search.replay(&ctx(), ask("search.nothing")).await;
    assert_eq!(unknown, Err(SearchError::UnknownReader("search.nothing".to_owned())));
    running.search.replay(&ctx(), ask("search.timetable")).await.unwrap();
    running.until(|status| status.state == ReaderState::Following).await;
    assert_eq!(running.pareto("BOS", "SAN", DAY).await.len(), 3);
}
