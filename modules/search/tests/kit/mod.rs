//! A booking that only has a feed, and small worlds to fill it with.
#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use booking_api::{
    Airport, AllAirports, BookingError, DatedFlight, DatedFlightOf, FlightRow, FlightsAsk, ImportReport,
    ImportText, LegInventory, LegKey, QuoteKey, Schedule,
    events::{SeasonFlight, SeasonLeg},
};
use jiff::{Timestamp, civil};
use kernel::{
    Ctx, Event, Fault, FeedAfter, FeedBatch, FeedError, FixedClock, Iata, NewEvent, Outside, Page,
    ReadersAsk, SeededEntropy,
};
use search::{Parts, Searching};
use search_api::{Itineraries, ItinerariesAsk, Search, SearchError, Set};
use serde::Serialize;
use tokio::sync::watch;
use uuid::Uuid;

/// When the tests take place, unless they say otherwise.
pub(crate) const NOW: &str = "2000-01-01T00:00:00Z";
pub(crate) const KEY: [u8; 32] = [7; 32];

pub(crate) struct FeedOnly {
    airports: Vec<Airport>,
    log: Mutex<(Uuid, Vec<Event>)>,
    head: watch::Sender<usize>,
}

impl FeedOnly {
    pub(crate) fn new(airports: Vec<Airport>) -> Arc<Self> {
        let log = Mutex::new((Uuid::from_u128(1), Vec::new()));
        Arc::new(Self { airports, log, head: watch::Sender::new(0) })
    }

    pub(crate) fn tell(&self, kind: &'static str, payload: &impl Serialize) {
        self.tell_at(None, kind, payload);
    }

    /// With a number of its own, to make gaps.
    pub(crate) fn tell_at(&self, seq: Option<i64>, kind: &'static str, payload: &impl Serialize) {
        let at: Timestamp = NOW.parse().unwrap();
        let new = NewEvent::new(kind, at, payload);
        let mut log = self.log.lock().unwrap();
        let seq = seq.unwrap_or_else(|| i64::try_from(log.1.len()).unwrap() + 1);
        log.1.push(Event {
            seq,
            event_id: Uuid::from_u128(u128::try_from(seq).unwrap()),
            stream: "test".to_owned(),
            stream_version: seq,
            kind: kind.to_owned(),
            v: 1,
            payload: new.payload,
            actor: String::new(),
            request_id: String::new(),
            causation_id: None,
            origin: String::new(),
            epoch: 0,
            occurred_at: at,
            recorded_at: at,
        });
        self.head.send_replace(log.1.len());
    }

    /// Another history takes the place of this one, as after a restore.
    pub(crate) fn restore(&self, keep: usize) {
        let mut log = self.log.lock().unwrap();
        log.0 = Uuid::from_u128(log.0.as_u128() + 1);
        log.1.truncate(keep);
        self.head.send_replace(usize::MAX);
    }

    pub(crate) fn head(&self) -> i64 {
        i64::try_from(self.log.lock().unwrap().1.len()).unwrap()
    }

    fn batch(&self, ask: &FeedAfter) -> FeedBatch {
        let log = self.log.lock().unwrap();
        let events: Vec<_> =
            log.1.iter().filter(|event| event.seq > ask.after).take(ask.limit as usize).cloned().collect();
        let next = events.last().map_or(ask.after, |event| event.seq);
        FeedBatch { log_id: log.0, head: log.1.last().map_or(0, |event| event.seq), events, next }
    }
}

fn not_here<T>() -> Result<T, BookingError> {
    Err(Fault::unavailable("this booking has only a feed").into())
}

#[async_trait]
impl Schedule for FeedOnly {
    async fn import_schedule(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        not_here()
    }
    async fn import_fares(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        not_here()
    }
    async fn import_connecting_times(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        not_here()
    }
    async fn import_bookings(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        not_here()
    }
    async fn airports(&self, _: &Ctx, _: AllAirports) -> Result<Vec<Airport>, BookingError> {
        Ok(self.airports.clone())
    }
    async fn dated_flight(&self, _: &Ctx, _: DatedFlightOf) -> Result<Option<DatedFlight>, BookingError> {
        not_here()
    }
    async fn flights(&self, _: &Ctx, _: FlightsAsk) -> Result<Page<FlightRow>, BookingError> {
        not_here()
    }
    async fn inventory(&self, _: &Ctx, _: LegKey) -> Result<LegInventory, BookingError> {
        not_here()
    }
    async fn feed(&self, _: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        let mut head = self.head.subscribe();
        let log_id = self.log.lock().unwrap().0;
        loop {
            head.mark_unchanged();
            let batch = self.batch(&ask);
            if !batch.events.is_empty() || ask.wait_ms == 0 || batch.log_id != log_id {
                return Ok(batch);
            }
            head.changed().await.unwrap();
        }
    }
}

/// Search over a feed, followed on the test's own runtime.
pub(crate) struct Running {
    pub(crate) search: Arc<Searching>,
    pub(crate) feed: Arc<FeedOnly>,
    pub(crate) clock: Arc<FixedClock>,
    _stop: watch::Sender<bool>,
}

impl Running {
    pub(crate) async fn over(feed: Arc<FeedOnly>) -> Self {
        let clock = FixedClock::at(NOW.parse().unwrap());
        let outside = Outside { clock: clock.clone(), entropy: SeededEntropy::new(1) };
        let parts = Parts { schedule: feed.clone(), outside, quote_key: QuoteKey::new(KEY) };
        let search = search::start(parts);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(search.clone().follow(stopped));
        let running = Self { search, feed, clock, _stop: stop };
        running.caught_up().await;
        running
    }

    /// Waits until everything told so far can be seen.
    pub(crate) async fn caught_up(&self) {
        self.until(|status| status.position == self.feed.head() && status.head == Some(status.position))
            .await;
    }

    pub(crate) async fn until(&self, seen: impl Fn(&kernel::ReaderStatus) -> bool) {
        for _ in 0..10_000 {
            let readers = self.search.readers(&ctx(), ReadersAsk {}).await.unwrap();
            if readers.first().is_some_and(&seen) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the view does not come to it: {:?}", self.search.readers(&ctx(), ReadersAsk {}).await);
    }

    pub(crate) async fn ask(&self, ask: ItinerariesAsk) -> Result<Itineraries, SearchError> {
        self.search.itineraries(&ctx(), ask).await
    }

    /// The exact set, each journey as designators.
    pub(crate) async fn pareto(&self, from: &str, to: &str, date: &str) -> Vec<String> {
        let ask = ItinerariesAsk { set: Set::Pareto, ..ask(from, to, date) };
        names(&self.ask(ask).await.unwrap())
    }
}

pub(crate) fn names(found: &Itineraries) -> Vec<String> {
    let name = |legs: &[search_api::Leg]| {
        legs.iter().map(|leg| leg.designator.to_string()).collect::<Vec<_>>().join(" ")
    };
    found.page.items.iter().map(|item| name(&item.legs)).collect()
}

pub(crate) fn ctx() -> Ctx {
    Ctx::system("test")
}

pub(crate) fn iata(code: &str) -> Iata {
    code.parse().unwrap()
}

pub(crate) fn date(text: &str) -> civil::Date {
    text.parse().unwrap()
}

pub(crate) fn ask(from: &str, to: &str, day: &str) -> ItinerariesAsk {
    ItinerariesAsk::new(iata(from), iata(to), date(day))
}

/// Real places: three continents, both hemispheres, half-hour zones and two cities of one country.
pub(crate) fn airports() -> Vec<Airport> {
    [
        ("BOS", "Boston", "US", 42.36, -71.0, "America/New_York"),
        ("ORD", "Chicago", "US", 41.98, -87.9, "America/Chicago"),
        ("SAN", "San Diego", "US", 32.73, -117.19, "America/Los_Angeles"),
        ("AMS", "Amsterdam", "NL", 52.3, 4.76, "Europe/Amsterdam"),
        ("LHR", "London", "GB", 51.47, -0.46, "Europe/London"),
        ("DEL", "Delhi", "IN", 28.57, 77.1, "Asia/Kolkata"),
        ("AKL", "Auckland", "NZ", -37.0, 174.79, "Pacific/Auckland"),
        ("HNL", "Honolulu", "US", 21.32, -157.92, "Pacific/Honolulu"),
    ]
    .map(|(code, city, country, lat, lon, zone)| Airport {
        iata: iata(code),
        name: format!("{city} International"),
        city: city.to_owned(),
        country: country.to_owned(),
        lat,
        lon,
        zone: zone.to_owned(),
    })
    .into()
}

/// A flight of one leg that flies every day of 2001; times are minutes in UTC.
pub(crate) fn flight(name: &str, from: &str, to: &str, departs: i32, arrives: i32) -> SeasonFlight {
    SeasonFlight {
        key: name.to_owned(),
        designator: name.parse().unwrap(),
        from: date("2001-01-01"),
        to: date("2001-12-31"),
        days: 127,
        fortnightly: false,
        service: 'J',
        legs: vec![leg(from, to, departs, arrives)],
        codeshare: false,
    }
}

pub(crate) fn leg(from: &str, to: &str, departs: i32, arrives: i32) -> SeasonLeg {
    SeasonLeg {
        from: iata(from),
        to: iata(to),
        departs,
        arrives,
        departs_offset: 0,
        arrives_offset: 0,
        date_shift: 0,
        aircraft: "738".to_owned(),
        from_terminal: String::new(),
        to_terminal: String::new(),
        from_status: None,
        to_status: None,
        restrictions: String::new(),
        seats: vec![('Y', 160)],
        open: vec![('Y', 160), ('M', 20)],
    }
}
