//! What the flights of a trip are doing now, as status tells it; the trip page lives on without.

use std::time::Duration;

use booking_api::{Order, OrderState, Segment};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kernel::Locale;
use status_api::{FlightOf, LegState, LegStatus, Phase};

use super::state::Badge;
use crate::edge::Visit;

/// How long the page waits for status, and for notes.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The live state of every segment, in order; `None` in its place where status says nothing.
pub(super) struct Live {
    pub(super) badges: Vec<Option<LiveBadge>>,
    /// Status could not be asked.
    pub(super) resting: bool,
}

#[derive(Debug, Clone)]
pub(super) struct LiveBadge {
    pub(super) badge: Badge,
    /// The gate, a new time, a reason; empty for none.
    pub(super) words: String,
}

/// Asked for trips that are on; what was given back has no news.
pub(super) async fn ask(visit: &Visit, order: &Order) -> Live {
    if matches!(order.state, OrderState::Cancelled | OrderState::Expired) {
        return Live { badges: Vec::new(), resting: false };
    }
    let ctx = visit.ctx.clone().with_time(PATIENCE);
    let segments: Vec<&Segment> = order.slices.iter().flat_map(|slice| &slice.segments).collect();
    let answers = join_all(segments.iter().map(|segment| {
        let of = FlightOf { designator: segment.designator, date: segment.date };
        tokio::time::timeout(PATIENCE, visit.portal.status.flight(&ctx, of))
    }));
    let now = visit.portal.outside.now();
    let mut live = Live { badges: Vec::with_capacity(segments.len()), resting: false };
    for (answer, segment) in answers.await.into_iter().zip(segments) {
        live.resting |= !matches!(answer, Ok(Ok(_)));
        let flight = answer.ok().and_then(Result::ok).flatten();
        let legs = flight.map(|flight| flight.legs).unwrap_or_default();
        live.badges.push(badge(&legs, segment, visit.locale, now));
    }
    live
}

/// The badge of a segment: the leg that is not over yet, else its last.
fn badge(legs: &[LegStatus], segment: &Segment, locale: Locale, now: Timestamp) -> Option<LiveBadge> {
    let begin = legs.iter().position(|leg| leg.from.iata == segment.from)?;
    let mine = legs.get(begin..)?;
    let end = mine.iter().position(|leg| leg.to.iata == segment.to).map_or(mine.len(), |at| at + 1);
    let mine = mine.get(..end)?;
    let leg = mine.iter().find(|leg| leg.state != LegState::OnBlock).or(mine.last())?;
    Some(LiveBadge { badge: of_leg(leg, locale, now), words: words(leg, locale) })
}

fn of_leg(leg: &LegStatus, locale: Locale, now: Timestamp) -> Badge {
    match leg.state {
        LegState::Scheduled => at_the_gate(leg, locale, now),
        LegState::OffBlock => Badge::new("note", "Left the gate"),
        LegState::Airborne => Badge::new("note", "In the air"),
        LegState::Landed => Badge::new("ok", "Landed"),
        LegState::OnBlock => Badge::new("ok", "Arrived"),
        LegState::Cancelled => Badge::new("trouble", "Cancelled"),
        LegState::Diverted => match leg.diverted_to {
            Some(to) => Badge::new("trouble", format!("Diverted to {to}")),
            None => Badge::new("trouble", "Diverted"),
        },
        LegState::Returned => Badge::new("trouble", format!("Returned to {}", leg.from.iata)),
    }
}

fn at_the_gate(leg: &LegStatus, locale: Locale, now: Timestamp) -> Badge {
    let late = leg.estimated.departure.filter(|estimate| *estimate > leg.scheduled.departure);
    match (leg.phase, late) {
        (Some(Phase::Boarding), _) => Badge::new("note", "Boarding"),
        (Some(Phase::FinalCall), _) => Badge::new("delay", "Final call"),
        (Some(Phase::GateClosed), _) => Badge::new("delay", "Gate closed"),
        (_, Some(at)) => Badge::new("delay", format!("Delayed, now {}", clock(at, &leg.from.zone, locale))),
        (Some(Phase::Delayed), None) => Badge::new("delay", "Delayed"),
        (Some(Phase::CheckIn), None) => Badge::new("ok", "Check-in is open"),
        (None, None) if now.duration_until(leg.scheduled.departure) < SignedDuration::from_hours(24) => {
            Badge::new("ok", "On time")
        }
        (None, None) => Badge::new("", "Scheduled"),
    }
}

fn words(leg: &LegStatus, locale: Locale) -> String {
    let mut parts = Vec::new();
    if let Some(gate) = &leg.gate {
        parts.push(format!("Gate {gate}"));
    }
    let over = matches!(leg.state, LegState::OnBlock | LegState::Cancelled);
    if let (Some(at), false) = (leg.estimated.arrival.filter(|at| *at != leg.scheduled.arrival), over) {
        parts.push(format!("arrives {} {} time", clock(at, &leg.to.zone, locale), leg.to.city));
    }
    parts.extend(leg.reasons.first().cloned());
    parts.join(", ")
}

fn clock(at: Timestamp, zone: &str, locale: Locale) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    locale.time(at.to_zoned(zone).time())
}
