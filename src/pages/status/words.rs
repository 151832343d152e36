//! A leg's state in plain words and in a colour, and its times at a station.

use jiff::{Timestamp, Zoned, civil, tz::TimeZone};
use status_api::{LegState, LegStatus, Phase, Station};

/// A time in a station's own zone.
pub(super) fn at(time: Timestamp, station: &Station) -> Zoned {
    time.to_zoned(kernel::zone(&station.zone).unwrap_or(TimeZone::UTC))
}

/// A local day in a station's zone.
pub(super) fn today(now: Timestamp, station: &Station) -> civil::Date {
    at(now, station).date()
}

/// What is known of the departure: planned, and what replaces it.
pub(super) fn departure(leg: &LegStatus) -> (Timestamp, Option<Timestamp>) {
    let better = leg.actual.off_block.or(leg.actual.airborne).or(leg.estimated.departure);
    (leg.scheduled.departure, better)
}

/// The same of the arrival.
pub(super) fn arrival(leg: &LegStatus) -> (Timestamp, Option<Timestamp>) {
    let better = leg.actual.on_block.or(leg.actual.landed).or(leg.estimated.arrival);
    (leg.scheduled.arrival, better)
}

/// The state in a few words, with the colour that goes with them (`ok`, `delay`, `trouble`, `note`, or none).
pub(crate) fn state(leg: &LegStatus) -> (&'static str, &'static str) {
    match (leg.state, leg.phase) {
        (LegState::Cancelled, _) => ("Cancelled", "trouble"),
        (LegState::Diverted, _) => ("Diverted", "trouble"),
        (LegState::Returned, _) => ("Returned to stand", "delay"),
        (LegState::OnBlock, _) => ("Arrived", "ok"),
        (LegState::Landed, _) => ("Landed", "ok"),
        (LegState::Airborne, _) => ("In the air", "note"),
        (LegState::OffBlock, _) => ("Departed", "note"),
        (LegState::Scheduled, Some(Phase::Delayed)) => ("Delayed", "delay"),
        (LegState::Scheduled, Some(Phase::CheckIn)) => ("Check-in open", ""),
        (LegState::Scheduled, Some(Phase::Boarding)) => ("Boarding", "ok"),
        (LegState::Scheduled, Some(Phase::FinalCall)) => ("Final call", "delay"),
        (LegState::Scheduled, Some(Phase::GateClosed)) => ("Gate closed", "note"),
        (LegState::Scheduled, None) => ("On time", ""),
    }
}

/// How far along the line from A to B the aircraft is, 0 to 100.
pub(super) fn percent(leg: &LegStatus, now: Timestamp) -> i64 {
    match leg.state {
        LegState::Landed | LegState::OnBlock => 100,
        LegState::OffBlock | LegState::Airborne | LegState::Diverted => {
            let (begin, end) = (departure(leg).1.unwrap_or(leg.scheduled.departure), expected_arrival(leg));
            let whole = end.as_second() - begin.as_second();
            let gone = now.as_second() - begin.as_second();
            if whole <= 0 { 50 } else { (gone * 100 / whole).clamp(3, 97) }
        }
        _ => 0,
    }
}

/// The best guess of the arrival.
pub(super) fn expected_arrival(leg: &LegStatus) -> Timestamp {
    let (planned, better) = arrival(leg);
    better.unwrap_or(planned)
}
