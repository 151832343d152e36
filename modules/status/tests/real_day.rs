//! A real day of operation, where the files are at hand: every flight ends in the state that its messages say, twice
//! changes nothing, and in any order it ends the same.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod suite;

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use booking_api::events::SeasonFlight;
use jiff::civil;
use kernel::{Entropy, FixedClock, Outside, SeededEntropy};
use status_api::{FlightOf, LegState, LegStatus, MovementFile, Movements, RawMessage, Status};
use store::{Db, testing};
use suite::FakeBooking;

const SCHEDULE: &str = "nyc-2013-07-22.ssim";
const MOVEMENTS: &str = "nyc-2013-07-22.movements.txt";

#[tokio::test]
async fn every_flight_ends_as_its_messages_say() {
    let Some((flights, messages)) = files() else {
        return println!("not proven here: a real day of operation (set BANYAN_TEST_DATA to its folder)");
    };
    let expected = oracle(&messages);
    let outside =
        Outside { clock: FixedClock::at("2013-07-22T12:00:00Z".parse().unwrap()), ..Outside::system() };
    for (engine, db) in testing::databases_in("status", &status::migrations(), &outside) {
        let module = start(db, &flights, &outside).await;
        let began = Instant::now();
        let report = module.take(&suite::ops(), Movements { messages: messages.clone() }).await.unwrap();
        println!("{engine}: {} messages in {:?}", messages.len(), began.elapsed());
        assert_eq!(
            (report.accepted as usize, report.duplicates),
            (messages.len(), 0),
            "{:?}",
            report.refused
        );
        assert_eq!((report.refused, report.warnings), (vec![], vec![]));
        let ends = ends(&*module, &flights).await;
        for (designator, leg) in &ends {
            let wanted = expected.get(designator).copied().unwrap_or(LegState::Scheduled);
            assert_eq!(leg.state, wanted, "{designator}");
        }
        let head = suite::head(&*module).await;
        let again = module.take(&suite::ops(), Movements { messages: messages.clone() }).await.unwrap();
        assert_eq!((again.accepted, again.duplicates as usize), (0, messages.len()));
        assert_eq!(suite::head(&*module).await, head);
        assert_eq!(self::ends(&*module, &flights).await, ends, "{engine}");
    }
}

#[tokio::test]
async fn any_order_ends_the_same() {
    let Some((flights, messages)) = files() else {
        return println!(
            "not proven here: a real day of operation, shuffled (set BANYAN_TEST_DATA to its folder)"
        );
    };
    let outside =
        Outside { clock: FixedClock::at("2013-07-22T12:00:00Z".parse().unwrap()), ..Outside::system() };
    let mut all = Vec::new();
    for seed in 0..3 {
        let db = testing::sqlite("status", &status::migrations(), &outside);
        let module = start(db, &flights, &outside).await;
        for batch in shuffled(messages.clone(), seed).chunks(400) {
            let report = module.take(&suite::ops(), Movements { messages: batch.to_vec() }).await.unwrap();
            assert_eq!(report.refused, []);
        }
        let unnumbered = |(name, leg): (String, LegStatus)| (name, LegStatus { version: 0, ..leg });
        all.push(ends(&*module, &flights).await.into_iter().map(unnumbered).collect::<BTreeMap<_, _>>());
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
}

async fn start(db: Db, flights: &[SeasonFlight], outside: &Outside) -> Arc<dyn Status> {
    let booking = FakeBooking::new();
    for flight in flights {
        booking.loads(flight.clone());
    }
    let parts =
        status::Parts { db, outside: outside.clone(), schedule: booking.clone(), disruption: booking };
    status::start(parts).await.unwrap()
}

/// By designator; the day has no flight twice.
async fn ends(module: &dyn Status, flights: &[SeasonFlight]) -> BTreeMap<String, LegStatus> {
    let mut ends = BTreeMap::new();
    for flight in flights {
        let shift = flight.legs[0].date_shift;
        let date = flight.from.checked_add(jiff::Span::new().days(shift)).unwrap();
        let of = FlightOf { designator: flight.designator, date };
        let status = module.flight(&suite::ops(), of).await.unwrap().unwrap();
        assert_eq!(status.legs.len(), 1, "{}", flight.designator);
        ends.insert(flight.designator.to_string(), status.legs[0].clone());
    }
    assert_eq!(ends.len(), flights.len());
    ends
}

/// What a person would say who reads only the first words of each message.
fn oracle(messages: &[RawMessage]) -> HashMap<String, LegState> {
    let mut states = HashMap::new();
    for message in messages {
        let lines: Vec<&str> = message.text.lines().collect();
        let (flight, state) = match (lines[0], lines[2].get(..2)) {
            ("ASM", Some("CN")) => (lines[3], LegState::Cancelled),
            ("MVT", Some("AD")) => (lines[1], LegState::Airborne),
            ("MVT", Some("AA")) => (lines[1], LegState::OnBlock),
            _ => continue,
        };
        let name = flight.split('/').next().unwrap().to_owned();
        let known: &mut LegState = states.entry(name).or_insert(state);
        *known = (*known).max(state);
    }
    states
}

fn shuffled(mut messages: Vec<RawMessage>, seed: u64) -> Vec<RawMessage> {
    let random = SeededEntropy::new(seed);
    for last in (1..messages.len()).rev() {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        let other = usize::try_from(u64::from_le_bytes(bytes) % (last as u64 + 1)).unwrap();
        messages.swap(last, other);
    }
    messages
}

fn files() -> Option<(Vec<SeasonFlight>, Vec<RawMessage>)> {
    let folder = PathBuf::from(std::env::var_os("BANYAN_TEST_DATA")?);
    let schedule = std::fs::read_to_string(folder.join(SCHEDULE)).ok()?;
    let movements = std::fs::read_to_string(folder.join(MOVEMENTS)).ok()?;
    let file = MovementFile::split(&movements)?;
    assert_eq!(file.refused, []);
    let flights = schedule.lines().filter(|line| line.starts_with('3')).map(leg).collect();
    Some((flights, file.messages))
}

/// The few columns of an SSIM leg that this needs; the file is in UTC, of one day, one leg a flight.
fn leg(line: &str) -> SeasonFlight {
    let time = |at: usize| {
        let text = &line[at..at + 4];
        text[..2].parse::<i32>().unwrap() * 60 + text[2..].parse::<i32>().unwrap()
    };
    let date = civil::Date::strptime("%d%b%y", &line[14..21]).unwrap();
    let offset: i32 = line[48..50].parse::<i32>().unwrap() * 60 - line[50..52].parse::<i32>().unwrap();
    let (departs, mut arrives) = (time(39), time(61));
    if arrives <= departs {
        arrives += 24 * 60;
    }
    let mut flight = suite::season(1, &[(&line[36..39], departs, &line[54..57], arrives)]);
    flight.designator = format!("{}{}", line[2..5].trim(), line[5..9].trim()).parse().unwrap();
    flight.key = format!("{}-{}", flight.designator, &line[9..13]);
    flight.from = date;
    flight.to = date;
    flight.legs[0].date_shift = i8::try_from((departs + offset).div_euclid(24 * 60)).unwrap();
    flight
}
