//! How `Search` behaves, wherever it is. Knows the interface only: whoever runs it starts search over [`world()`], and
//! keeps the answer alive. What changes while it runs is tested beside the module itself.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "../kit/mod.rs"]
pub(crate) mod kit;

use std::sync::Arc;

use booking_api::{
    QuoteKey,
    events::{Fare, FaresChanged},
};
use kernel::{
    Actor, Conditions, Ctx, Currency, Cursor, Email, Money, Party, PersonId, ReadersAsk, ReplayReader, Role,
};
use search_api::{AirportsAsk, ItinerariesAsk, Search, SearchError, Set, Sort};

use kit::{FeedOnly, KEY, Running, ask, ctx, date, flight, iata, names};

const DAY: &str = "2001-05-15";

/// Boston to San Diego: nonstop at 12:00Z, and by way of Chicago at 10:00Z and 11:00Z; at one fare.
pub(crate) async fn world() -> Running {
    let feed = FeedOnly::new(kit::airports());
    for (name, from, to, departs, arrives) in [
        ("XI1", "BOS", "SAN", 720, 1080),
        ("XI2", "BOS", "ORD", 600, 750),
        ("XI3", "BOS", "ORD", 660, 810),
        ("XI4", "ORD", "SAN", 840, 1070),
        ("LH9", "ORD", "SAN", 780, 1010),
    ] {
        feed.tell("schedule.loaded", &flight(name, from, to, departs, arrives));
    }
    let fare = Fare {
        class: 'M',
        family: "Light".to_owned(),
        amount: Money::new(10_000, Currency::EUR),
        valid_from: date("2001-05-01"),
        valid_to: date("2001-05-31"),
        conditions: Conditions::default(),
    };
    feed.tell("fares.changed", &FaresChanged { from: iata("BOS"), to: iata("SAN"), fares: vec![fare] });
    Running::over(feed).await
}

/// Every case.
pub(crate) async fn all(search: Arc<dyn Search>) {
    let search = &*search;
    a_day_has_its_exact_set_and_then_the_rest(search).await;
    times_and_prices_are_told(search).await;
    pages_neither_repeat_nor_skip(search).await;
    questions_that_make_no_sense_are_refused_by_field(search).await;
    airports_are_found_by_what_people_type(search).await;
    readers_are_for_staff(search).await;
}

async fn a_day_has_its_exact_set_and_then_the_rest(search: &dyn Search) {
    let good = ask("BOS", "SAN", DAY);
    let exact =
        search.itineraries(&ctx(), ItinerariesAsk { set: Set::Pareto, ..good.clone() }).await.unwrap();
    assert_eq!(names(&exact), ["XI2 LH9", "XI3 XI4", "XI1"]);
    let ranked = search.itineraries(&ctx(), good.clone()).await.unwrap();
    assert_eq!((names(&ranked).len(), ranked.by_stops), (3, [1, 2, 0]));
    let nonstop = search.itineraries(&ctx(), ItinerariesAsk { max_legs: 1, ..good }).await.unwrap();
    assert_eq!(names(&nonstop), ["XI1"]);
    let none = search.itineraries(&ctx(), ask("SAN", "BOS", DAY)).await.unwrap();
    assert_eq!(none.page.items, []);
}

async fn times_and_prices_are_told(search: &dyn Search) {
    let nobody = Ctx::new(Actor::Anonymous, "suite");
    let party = Party { adults: 2, ..Party::default() };
    let asked = ItinerariesAsk { max_legs: 1, party, ..ask("BOS", "SAN", DAY) };
    let found = search.itineraries(&nobody, asked).await.unwrap();
    assert_eq!((found.from.city.as_str(), found.to.zone.as_str()), ("Boston", "America/Los_Angeles"));
    let item = &found.page.items[0];
    let told = serde_json::to_value(&item.legs[0]).unwrap();
    for (field, value) in [
        ("departs", "2001-05-15T12:00:00Z"),
        ("departs_local", "2001-05-15T08:00:00"),
        ("arrives_local", "2001-05-15T11:00:00"),
        ("date", DAY),
    ] {
        assert_eq!(told[field], value, "{field}");
    }
    let family = &item.families[0];
    assert_eq!((family.family.as_str(), family.total), ("Light", Money::new(20_000, Currency::EUR)));
    let quote = QuoteKey::new(KEY).open(&family.quote).unwrap();
    assert_eq!((quote.total, quote.segments.len()), (family.total, 1), "a quote survives every distance");
}

async fn pages_neither_repeat_nor_skip(search: &dyn Search) {
    for sort in [Sort::Best, Sort::Price, Sort::Duration, Sort::Departure, Sort::Arrival] {
        let whole = ItinerariesAsk { sort, ..ask("BOS", "SAN", DAY) };
        let all = names(&search.itineraries(&ctx(), whole.clone()).await.unwrap());
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let one = ItinerariesAsk { limit: Some(1), after, ..whole.clone() };
            let page = search.itineraries(&ctx(), one).await.unwrap();
            pages.extend(names(&page));
            after = page.page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((pages.len(), pages), (3, all), "{sort:?}");
    }
}

async fn questions_that_make_no_sense_are_refused_by_field(search: &dyn Search) {
    let good = ask("BOS", "SAN", DAY);
    for (field, asked) in [
        ("to", ask("BOS", "BOS", DAY)),
        ("max_legs", ItinerariesAsk { max_legs: 4, ..good.clone() }),
        ("limit", ItinerariesAsk { limit: Some(501), ..good.clone() }),
        ("cabin", ItinerariesAsk { cabin: Some('Q'), ..good.clone() }),
        ("after", ItinerariesAsk { after: Some(Cursor("rubbish".to_owned())), ..good.clone() }),
        ("adults", ItinerariesAsk { party: Party { adults: 10, ..Party::default() }, ..good.clone() }),
    ] {
        let answer = search.itineraries(&ctx(), asked).await;
        let Err(SearchError::Invalid(errors)) = answer else { panic!("{field} was taken") };
        assert_eq!(errors.of(field).count(), 1, "{field}");
    }
    let unknown = search.itineraries(&ctx(), ask("BOS", "QQX", DAY)).await;
    assert_eq!(unknown, Err(SearchError::UnknownAirport(iata("QQX"))));
}

async fn airports_are_found_by_what_people_type(search: &dyn Search) {
    for (typed, code, served) in [("san", "SAN", true), ("BOS", "BOS", true), ("amsterdm", "AMS", false)] {
        let hits = search.airports(&ctx(), AirportsAsk { q: typed.to_owned(), limit: 5 }).await.unwrap();
        assert_eq!((hits[0].place.iata, hits[0].served), (iata(code), served), "{typed}");
    }
}

async fn readers_are_for_staff(search: &dyn Search) {
    let id = PersonId(uuid::Uuid::from_u128(7));
    let email: Email = "rosa@example.test".parse().unwrap();
    let traveller = Ctx::new(Actor::Person { id, role: Role::Traveller, email }, "suite");
    let replay = |reader: &str| ReplayReader { reader: reader.to_owned(), reason: "a test".to_owned() };
    assert_eq!(search.replay(&traveller, replay("search.timetable")).await, Err(SearchError::Forbidden));
    let unknown = search.replay(&ctx(), replay("search.nothing")).await;
    assert_eq!(unknown, Err(SearchError::UnknownReader("search.nothing".to_owned())));
    let readers = search.readers(&ctx(), ReadersAsk {}).await.unwrap();
    assert_eq!((readers[0].name.as_str(), readers[0].lag()), ("search.timetable", Some(0)));
}
