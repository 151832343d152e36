//! How `Status` behaves, wherever it is. Knows interfaces only: whoever runs it starts status over [`booking()`] with a
//! clock that stands at [`now()`]. Each case has flights of its own, so that one module serves them all.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod boards;
mod booking;
mod doors;
mod movements;
mod schedules;
mod strays;

use std::sync::Arc;

use jiff::{Timestamp, civil};
use kernel::{Actor, Ctx, FeedAfter, PersonId, Role};
use status_api::{FlightOf, IntakeReport, LegStatus, Movements, RawMessage, Status};

#[allow(unused_imports, reason = "who runs only the suite needs only the booking")]
pub(crate) use booking::{FakeBooking, booking, season};

/// Every case.
pub(crate) async fn all(module: Arc<dyn Status>) {
    let module = &*module;
    movements::all(module).await;
    schedules::all(module).await;
    strays::all(module).await;
    boards::all(module).await;
    doors::all(module).await;
}

/// A Monday, midday UTC.
pub(crate) fn now() -> Timestamp {
    at("12:00")
}

/// A time of that day.
pub(crate) fn at(time: &str) -> Timestamp {
    format!("2026-06-15T{time}:00Z").parse().unwrap()
}

pub(crate) fn today() -> civil::Date {
    civil::date(2026, 6, 15)
}

pub(crate) fn ops() -> Ctx {
    somebody(Role::Ops)
}

pub(crate) fn somebody(role: Role) -> Ctx {
    let id = PersonId(uuid::Uuid::from_u128(7));
    Ctx::new(Actor::Person { id, role, email: "ops@example.test".parse().unwrap() }, "suite")
}

/// Messages as they come in, one after the other, a minute apart.
pub(crate) fn messages(texts: &[&str]) -> Movements {
    let minute = |n: u32| now() + jiff::SignedDuration::from_mins(i64::from(n));
    let raw = |(n, text): (u32, &&str)| RawMessage {
        received_at: minute(n),
        text: (*text).to_owned(),
        line: n * 10 + 1,
    };
    Movements { messages: (0..).zip(texts).map(raw).collect() }
}

pub(crate) async fn take(module: &dyn Status, texts: &[&str]) -> IntakeReport {
    module.take(&ops(), messages(texts)).await.unwrap()
}

/// Takes messages that must all be good.
pub(crate) async fn hear(module: &dyn Status, texts: &[&str]) {
    let report = take(module, texts).await;
    assert_eq!(report.refused, []);
    assert_eq!(report.accepted as usize, texts.len());
}

pub(crate) async fn legs(module: &dyn Status, designator: &str, date: civil::Date) -> Vec<LegStatus> {
    let of = FlightOf { designator: designator.parse().unwrap(), date };
    module
        .flight(&Ctx::new(Actor::Anonymous, "suite"), of)
        .await
        .unwrap()
        .map_or(Vec::new(), |flight| flight.legs)
}

/// The only leg of a flight of today.
pub(crate) async fn leg(module: &dyn Status, designator: &str) -> LegStatus {
    let mut legs = legs(module, designator, today()).await;
    assert_eq!(legs.len(), 1, "{designator}");
    legs.remove(0)
}

/// The number of the last event.
pub(crate) async fn head(module: &dyn Status) -> i64 {
    module.feed(&Ctx::system("suite"), FeedAfter::start()).await.unwrap().head
}
