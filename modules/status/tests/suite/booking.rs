//! A booking that has a schedule and remembers what it was told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use booking_api::{
    Affected, Airport, AllAirports, BookingError, CancelLeg, DatedFlight, DatedFlightOf, Disruption,
    FlightNews, FlightRow, FlightsAsk, ImportReport, ImportText, LegInventory, LegKey, OnLeg, OrderSummary,
    Schedule,
    events::{SeasonFlight, SeasonLeg},
};
use jiff::civil;
use kernel::{Ctx, Event, Fault, FeedAfter, FeedBatch, FeedError, Page};
use serde::Serialize;
use tokio::sync::Notify;
use uuid::Uuid;

/// With the flights that the suite needs.
pub(crate) fn booking() -> Arc<FakeBooking> {
    let booking = FakeBooking::new();
    for number in 100..200 {
        booking.loads(season(number, &[("AMS", 840, "LHR", 920)]));
    }
    // Leaves New York on the evening before, local time.
    for number in 200..210 {
        booking.loads(shifted(season(number, &[("JFK", 30, "LHR", 420)]), -1));
    }
    for number in 300..310 {
        booking.loads(season(number, &[("AMS", 480, "LHR", 560), ("LHR", 630, "JFK", 1080)]));
    }
    // From five minutes before noon UTC.
    for (number, minute) in [(400, 725), (401, 732), (402, 750), (403, 840), (404, 1080), (405, 330)] {
        booking.loads(season(number, &[("ZRH", minute, "LHR", minute + 100)]));
    }
    // One number, twice a day from the same station.
    for (key, departs, to) in
        [("XI500/1", 480, "LHR"), ("XI500/2", 1020, "GLA"), ("XI501/1", 480, "LHR"), ("XI501/2", 1020, "GLA")]
    {
        let designator = &key[..5];
        let flight = season(designator[2..].parse().unwrap(), &[("AMS", departs, to, departs + 80)]);
        booking.loads(SeasonFlight { key: key.to_owned(), ..flight });
    }
    booking.loads(SeasonFlight { service: 'F', ..season(410, &[("ZRH", 760, "LHR", 800)]) });
    booking
}

/// A daily flight of June; minutes after midnight UTC.
pub(crate) fn season(number: u16, legs: &[(&str, i32, &str, i32)]) -> SeasonFlight {
    let leg = |(from, departs, to, arrives): &(&str, i32, &str, i32)| SeasonLeg {
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        departs: *departs,
        arrives: *arrives,
        departs_offset: 0,
        arrives_offset: 0,
        date_shift: 0,
        aircraft: "73H".to_owned(),
        from_terminal: String::new(),
        to_terminal: String::new(),
        from_status: None,
        to_status: None,
        restrictions: String::new(),
        seats: Vec::new(),
        open: Vec::new(),
    };
    SeasonFlight {
        key: format!("XI{number}"),
        designator: format!("XI{number}").parse().unwrap(),
        from: civil::date(2026, 6, 1),
        to: civil::date(2026, 6, 30),
        days: 127,
        fortnightly: false,
        service: 'J',
        legs: legs.iter().map(leg).collect(),
        codeshare: false,
    }
}

fn shifted(mut flight: SeasonFlight, days: i8) -> SeasonFlight {
    for leg in &mut flight.legs {
        leg.date_shift = days;
    }
    flight
}

pub(crate) struct FakeBooking {
    log: Mutex<Vec<Event>>,
    bell: Notify,
    told: Mutex<Vec<(String, FlightNews)>>,
    away: AtomicBool,
}

impl FakeBooking {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            log: Mutex::default(),
            bell: Notify::new(),
            told: Mutex::default(),
            away: AtomicBool::new(false),
        })
    }

    pub(crate) fn loads(&self, flight: SeasonFlight) {
        let stream = format!("season/{}", flight.key);
        self.says("schedule.loaded", &stream, &flight);
    }

    /// Something happens to a leg, by the hand of its staff.
    pub(crate) fn does(&self, kind: &str, leg: LegKey, payload: &impl Serialize) {
        self.says(kind, &format!("leg/{}/{}/{}-{}", leg.designator, leg.date, leg.from, leg.to), payload);
    }

    pub(crate) fn goes_away(&self, away: bool) {
        self.away.store(away, Ordering::SeqCst);
    }

    /// What it was told, with the keys.
    pub(crate) fn told(&self) -> Vec<(String, FlightNews)> {
        self.told.lock().unwrap().clone()
    }

    fn says(&self, kind: &str, stream: &str, payload: &impl Serialize) {
        let mut log = self.log.lock().unwrap();
        let seq = i64::try_from(log.len()).unwrap() + 1;
        log.push(Event {
            seq,
            event_id: Uuid::from_u128(u128::try_from(seq).unwrap()),
            stream: stream.to_owned(),
            stream_version: seq,
            kind: kind.to_owned(),
            v: 1,
            payload: serde_json::to_value(payload).unwrap(),
            actor: "person/7".to_owned(),
            request_id: String::new(),
            causation_id: None,
            origin: String::new(),
            epoch: 0,
            occurred_at: super::now(),
            recorded_at: super::now(),
        });
        self.bell.notify_waiters();
    }

    fn here(&self) -> Result<(), Fault> {
        if self.away.load(Ordering::SeqCst) { Err(Fault::unavailable("booking is away")) } else { Ok(()) }
    }

    fn batch(&self, ask: &FeedAfter) -> FeedBatch {
        let log = self.log.lock().unwrap();
        let after = usize::try_from(ask.after).unwrap();
        let events: Vec<Event> = log.iter().skip(after).take(ask.limit as usize).cloned().collect();
        let next = events.last().map_or(ask.after, |event| event.seq);
        FeedBatch { log_id: Uuid::from_u128(1), head: i64::try_from(log.len()).unwrap(), events, next }
    }
}

fn place(iata: &str, city: &str, country: &str, zone: &str) -> Airport {
    Airport {
        iata: iata.parse().unwrap(),
        name: format!("{city} Airport"),
        city: city.to_owned(),
        country: country.to_owned(),
        lat: 0.0,
        lon: 0.0,
        zone: zone.to_owned(),
    }
}

#[async_trait]
impl Schedule for FakeBooking {
    async fn import_schedule(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn import_fares(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn import_connecting_times(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn import_bookings(&self, _: &Ctx, _: ImportText) -> Result<ImportReport, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn airports(&self, _: &Ctx, _: AllAirports) -> Result<Vec<Airport>, BookingError> {
        self.here()?;
        Ok(vec![
            place("AMS", "Amsterdam", "NL", "Europe/Amsterdam"),
            place("LHR", "London", "GB", "Europe/London"),
            place("JFK", "New York", "US", "America/New_York"),
            place("ZRH", "Zurich", "CH", "Europe/Zurich"),
            place("GLA", "Glasgow", "GB", "Europe/London"),
        ])
    }

    async fn dated_flight(&self, _: &Ctx, _: DatedFlightOf) -> Result<Option<DatedFlight>, BookingError> {
        Ok(None)
    }

    async fn flights(&self, _: &Ctx, _: FlightsAsk) -> Result<Page<FlightRow>, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn inventory(&self, _: &Ctx, _: LegKey) -> Result<LegInventory, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn feed(&self, _: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        self.here()?;
        let rung = self.bell.notified();
        let batch = self.batch(&ask);
        if !batch.events.is_empty() || ask.wait_ms == 0 {
            return Ok(batch);
        }
        // A ring between the look and the wait is made good by the next look.
        let _ = tokio::time::timeout(Duration::from_millis(ask.wait_ms.min(100)), rung).await;
        Ok(self.batch(&ask))
    }
}

#[async_trait]
impl Disruption for FakeBooking {
    async fn cancel_leg(&self, _: &Ctx, _: CancelLeg) -> Result<Affected, BookingError> {
        Err(BookingError::Forbidden)
    }

    async fn hear(&self, ctx: &Ctx, news: FlightNews) -> Result<(), BookingError> {
        self.here()?;
        let key = ctx.key.as_ref().map(|key| key.as_str().to_owned()).unwrap_or_default();
        self.told.lock().unwrap().push((key, news));
        Ok(())
    }

    async fn on_leg(&self, _: &Ctx, _: OnLeg) -> Result<Page<OrderSummary>, BookingError> {
        Err(BookingError::Forbidden)
    }
}
