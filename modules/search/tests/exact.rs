//! The engine against the slow way, on random small worlds: clock changes, midnights, flights of several legs,
//! restrictions, exceptions to connecting times, sold and cancelled legs.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail loudly")]

mod kit;

use booking_api::{
    LegKey,
    events::{
        CarrierConnectingTime, ConnectingTimes, InventoryChanged, LegCancelled, LegRetimed, SeasonFlight,
        SeasonLeg,
    },
};
use jiff::{SignedDuration, Timestamp, ToSpan, civil};
use kernel::Party;
use proptest::{collection::vec, prelude::*, sample::select};
use search::reference::{Ask, Found, Reference, World};
use search_api::{ItinerariesAsk, Itinerary, Set};

use crate::kit::{FeedOnly, Running, airports, ask, flight, leg};

const CODES: [&str; 9] = ["BOS", "ORD", "SAN", "AMS", "LHR", "DEL", "AKL", "HNL", "QQQ"];
/// Plain days, and days on which clocks change in America, Europe and New Zealand.
const DAYS: [&str; 6] = ["2001-05-15", "2001-04-01", "2001-10-28", "2001-03-25", "2001-10-07", "2001-12-31"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_set_as_the_slow_way(world in world(), day in select(&DAYS[..]), seats in 1..4_u8, circuity: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(compare(world, day, seats, circuity));
    }
}

async fn compare(world: World, day: &str, seats: u8, circuity: bool) {
    let running = running(&world).await;
    let date: civil::Date = day.parse().unwrap();
    let reference = Reference::new(&world, date - 4.days(), date + 4.days());
    for (from, to) in CODES.iter().flat_map(|from| CODES.map(|to| (*from, to))).filter(|(a, b)| a != b) {
        let party = Party { adults: seats, ..Party::default() };
        let question = ItinerariesAsk { set: Set::Pareto, circuity, party, ..ask(from, to, day) };
        let slow =
            Ask { from: question.from, to: question.to, date, circuity, cabin: 'Y', seats: u32::from(seats) };
        let Ok(answer) = running.ask(question).await else { continue };
        let found: Vec<Found> = answer.page.items.iter().map(found).collect();
        assert_eq!(found, reference.pareto(&slow), "{from} {to} {day}");
    }
}

async fn running(world: &World) -> Running {
    let feed = FeedOnly::new(world.airports.clone());
    for flight in &world.flights {
        feed.tell("schedule.loaded", flight);
    }
    feed.tell("connecting_times.changed", &world.times);
    let running = Running::over(feed).await;
    // Windows that are drawn already must be mended by what follows.
    for day in DAYS {
        drop(running.ask(ask("BOS", "AMS", day)).await);
    }
    for change in &world.sold {
        running.feed.tell("inventory.changed", change);
    }
    for change in &world.retimed {
        running.feed.tell("flight.schedule_changed", change);
    }
    for leg in &world.cancelled {
        running.feed.tell("flight.cancelled", &LegCancelled { leg: *leg, reason: String::new() });
    }
    running.caught_up().await;
    running
}

fn found(item: &Itinerary) -> Found {
    let key = |leg: &search_api::Leg| LegKey {
        designator: leg.designator,
        date: leg.date,
        from: leg.from,
        to: leg.to,
    };
    Found { departs: item.departs, arrives: item.arrives, legs: item.legs.iter().map(key).collect() }
}

prop_compose! {
    fn world()(
        flights in vec(season_flight(), 10..70),
        times in times(),
        day in select(&DAYS[..]),
        sold in vec((0..200_usize, 0..4_u32), 0..12),
        cancelled in vec(0..200_usize, 0..6),
        retimed in vec((0..200_usize, -200..1600_i64), 0..6),
    ) -> World {
        let flights: Vec<SeasonFlight> = flights.into_iter().zip(1..).map(|(mut flight, number)| {
            flight.key = number.to_string();
            flight
        }).collect();
        let day: civil::Date = day.parse().unwrap();
        let keys: Vec<(LegKey, Timestamp, Timestamp)> = flights.iter().flat_map(|flight| keys(flight, day)).collect();
        let pick = |at: usize| keys.get(at % keys.len().max(1)).copied();
        World {
            airports: airports(),
            times,
            sold: sold.into_iter().filter_map(|(at, seats)| {
                Some(InventoryChanged { leg: pick(at)?.0, open: vec![('Y', seats)] })
            }).collect(),
            cancelled: cancelled.into_iter().filter_map(|at| Some(pick(at)?.0)).collect(),
            retimed: retimed.into_iter().filter_map(|(at, late)| {
                let (leg, departs, arrives) = pick(at).filter(|(leg, ..)| is_only_one(&flights, leg))?;
                let late = SignedDuration::from_mins(late);
                Some(LegRetimed { leg, departs: departs + late, arrives: arrives + late })
            }).collect(),
            flights,
        }
    }
}

/// A key names one leg; random worlds may break that, and then nobody can say which of them moved.
fn is_only_one(flights: &[SeasonFlight], leg: &LegKey) -> bool {
    let days = (-4..5).map(|shift: i64| leg.date + shift.days());
    let all = days.flat_map(|day| flights.iter().flat_map(move |flight| keys_on(flight, day)));
    all.filter(|(key, ..)| key == leg).count() == 1
}

/// Legs around a day, with the times they are published at.
fn keys(flight: &SeasonFlight, day: civil::Date) -> Vec<(LegKey, Timestamp, Timestamp)> {
    [day - 1.day(), day, day + 1.day()].into_iter().flat_map(|base| keys_on(flight, base)).collect()
}

fn keys_on(flight: &SeasonFlight, base: civil::Date) -> Vec<(LegKey, Timestamp, Timestamp)> {
    let midnight = base.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let key = |leg: &SeasonLeg| {
        let at = |minutes: i32| midnight + SignedDuration::from_mins(i64::from(minutes));
        let date = base + i64::from(leg.date_shift).days();
        let key = LegKey { designator: flight.designator, date, from: leg.from, to: leg.to };
        (key, at(leg.departs), at(leg.arrives))
    };
    flight.legs.iter().filter(|_| flight.flies_on(base)).map(key).collect()
}

prop_compose! {
    fn times()(
        defaults in prop_oneof![Just([30, 60, 90, 90]), Just([0, 10, 20, 240])],
        airports in vec((0..9_usize, 0..180_u16), 0..4),
        carriers in vec((0..10_usize, 0..3_usize, 0..3_usize, 0..200_u16), 0..4),
    ) -> ConnectingTimes {
        let code = |at: usize| CODES.get(at).map(|code| code.parse().unwrap());
        let carrier = |at: usize| ["XI", "LH", "ZZ"][at].parse().unwrap();
        ConnectingTimes {
            defaults,
            airports: airports.into_iter().filter_map(|(at, minutes)| Some((code(at)?, minutes))).collect(),
            carriers: carriers.into_iter().map(|(at, from, to, minutes)| CarrierConnectingTime {
                airport: code(at), from: carrier(from), to: carrier(to), minutes,
            }).collect(),
        }
    }
}

prop_compose! {
    /// One to three legs that hang together; few numbers, so that names meet.
    fn season_flight()(
        carrier in select(&["XI", "LH", "ZZ"][..]),
        number in 1..25_u16,
        stops in vec(0..9_usize, 2..5),
        start in 0..96_i32,
        blocks in vec((4..40_i32, 2..20_i32), 4),
        days in prop_oneof![Just(127_u8), 1..128_u8],
        fortnightly in prop::bool::weighted(0.1),
        codes in vec(select(&["", "", "", "", "A", "B", "C", "K", "N", "O", "Y", " Y", " A", "YC", "Z"][..]), 3),
        status in select(&[None, None, Some('D'), Some('I')][..]),
        shift in -1..2_i8,
        service in prop_oneof![9 => Just('J'), 1 => Just('F')],
        open in select(&[9_u32, 9, 2, 0][..]),
    ) -> SeasonFlight {
        let mut at = start * 15;
        let mut legs = Vec::new();
        for ((pair, (block, ground)), code) in stops.windows(2).zip(blocks).zip(codes) {
            let (from, to) = (CODES[pair[0]], CODES[(pair[1] + usize::from(pair[0] == pair[1])) % 9]);
            let from = legs.last().map_or(from, |last: &SeasonLeg| CODES.iter().find(|c| **c == last.to.as_str()).unwrap());
            if from == to {
                continue;
            }
            let mut next = leg(from, to, at, at + block * 15);
            (next.restrictions, next.from_status, next.date_shift) = (code.to_owned(), status, shift);
            next.open = vec![('Y', open), ('M', open / 2)];
            legs.push(next);
            at += (block + ground) * 15;
        }
        let name = format!("{carrier}{number}");
        SeasonFlight { legs, days, fortnightly, service, ..flight(&name, "BOS", "ORD", 0, 100) }
    }
}
