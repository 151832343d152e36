//! What the flights of a trip are doing now, as status tells it; the trip page lives on without.

use std::time::Duration;

use booking_api::{Order, OrderState, Segment};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use kernel::Locale;
use status_api::{FlightOf, LegState, LegStatus};

use super::state::Badge;
use crate::{
    edge::Visit,
    pages::{journey, status},
};

/// How long the page waits for status, and for notes.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

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
    /// Where changes are told, on the day of the flight; empty before and after.
    pub(super) stream: String,
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
    let departs_in = now.duration_until(leg.scheduled.departure);
    let (text, kind) = match status::words::state(leg) {
        // Nobody knows yet whether it will be on time.
        _ if leg.state == LegState::Scheduled && leg.phase.is_none() && departs_in > A_DAY => {
            ("Scheduled", "")
        }
        said => said,
    };
    let near = departs_in < A_DAY && now.duration_since(leg.scheduled.arrival) < A_DAY;
    let stream = format!("/api/v1/flights/{}/{}/live", segment.designator, segment.date);
    Some(LiveBadge {
        badge: Badge::new(kind, text),
        words: words(leg, locale),
        stream: if near { stream } else { String::new() },
    })
}

/// The gate, new times, where it went instead, and why.
fn words(leg: &LegStatus, locale: Locale) -> String {
    let gone = leg.state != LegState::Scheduled;
    let over = matches!(leg.state, LegState::OnBlock | LegState::Cancelled);
    let mut parts = Vec::new();
    if let (Some(gate), false) = (&leg.gate, gone) {
        parts.push(format!("gate {gate}"));
    }
    if let (Some(at), false) = (leg.estimated.departure.filter(|at| *at != leg.scheduled.departure), gone) {
        parts.push(format!("leaves {} {} time", clock(at, &leg.from.zone, locale), leg.from.city));
    }
    if let (Some(at), false) = (leg.estimated.arrival.filter(|at| *at != leg.scheduled.arrival), over) {
        parts.push(format!("arrives {} {} time", clock(at, &leg.to.zone, locale), leg.to.city));
    }
    parts.extend(leg.diverted_to.map(|to| format!("to {to} instead of {}", leg.to.iata)));
    parts.extend(leg.reasons.first().cloned());
    journey::sentence(&parts.join(", "))
}

fn clock(at: Timestamp, zone: &str, locale: Locale) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    locale.time(at.to_zoned(zone).time())
}
