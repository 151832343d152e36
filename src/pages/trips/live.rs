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
    pages::{say, status},
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
        tokio::time::timeout(PATIENCE, visit.portal.faces.status.flight(&ctx, of))
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
    let reason = leg.reasons.first().map(|reason| say::sentence(reason)).unwrap_or_default();
    format!("{} {reason}", say::sentence(&parts.join(", "))).trim().to_owned()
}

fn clock(at: Timestamp, zone: &str, locale: Locale) -> String {
    let zone = kernel::zone(zone).unwrap_or(TimeZone::UTC);
    locale.time(at.to_zoned(zone).time())
}

#[cfg(test)]
mod tests {
    use status_api::{EstimatedTimes, Phase, Station, Times};

    use super::*;

    fn leg(from: &str, to: &str, [departure, arrival]: [&str; 2]) -> LegStatus {
        let station = |iata: &str| Station {
            iata: iata.parse().unwrap(),
            name: iata.into(),
            city: iata.to_lowercase(),
            zone: "UTC".into(),
        };
        let scheduled = Times { departure: departure.parse().unwrap(), arrival: arrival.parse().unwrap() };
        serde_json::from_value(serde_json::json!({
            "from": station(from), "to": station(to), "state": "scheduled", "scheduled": scheduled,
            "estimated": EstimatedTimes::default(), "actual": {},
        }))
        .unwrap()
    }

    fn segment(from: &str, to: &str) -> Segment {
        serde_json::from_value(serde_json::json!({
            "designator": "XI7", "date": "2026-12-01", "from": from, "to": to,
            "departs": "2026-12-01T10:00:00Z", "arrives": "2026-12-01T14:00:00Z",
            "departs_local": "2026-12-01T10:00", "arrives_local": "2026-12-01T14:00",
            "departs_zone": "UTC", "arrives_zone": "UTC", "from_city": "", "to_city": "", "class": "Y", "aircraft": "320",
        }))
        .unwrap()
    }

    #[test]
    fn the_leg_that_is_not_over_yet_speaks() {
        let mut legs = vec![
            leg("AMS", "VIE", ["2026-12-01T10:00:00Z", "2026-12-01T11:30:00Z"]),
            leg("VIE", "ATH", ["2026-12-01T12:00:00Z", "2026-12-01T14:00:00Z"]),
            leg("ATH", "LCA", ["2026-12-01T15:00:00Z", "2026-12-01T16:00:00Z"]),
        ];
        let say = |legs: &[LegStatus], now: &str| {
            badge(legs, &segment("AMS", "ATH"), Locale::EnGb, now.parse().unwrap()).unwrap()
        };
        let early = say(&legs, "2026-11-20T10:00:00Z");
        assert_eq!((early.badge.text.as_str(), early.stream.as_str()), ("Scheduled", ""));

        legs[0].state = LegState::OnBlock;
        legs[1].phase = Some(Phase::Delayed);
        legs[1].estimated.departure = Some("2026-12-01T12:40:00Z".parse().unwrap());
        let late = say(&legs, "2026-12-01T11:40:00Z");
        assert_eq!((late.badge.text.as_str(), late.words.as_str()), ("Delayed", "Leaves 12:40 vie time."));
        assert_eq!(late.stream, "/api/v1/flights/XI7/2026-12-01/live");

        legs[1].state = LegState::OnBlock;
        let over = say(&legs, "2026-12-01T14:10:00Z");
        assert_eq!(over.badge.text, "Arrived", "a leg flown without this traveller says nothing");
    }

    #[test]
    fn a_flight_that_does_not_stop_there_says_nothing() {
        let legs = [leg("AMS", "VIE", ["2026-12-01T10:00:00Z", "2026-12-01T11:30:00Z"])];
        let now = "2026-12-01T09:00:00Z".parse().unwrap();
        assert!(badge(&legs, &segment("CPH", "VIE"), Locale::EnGb, now).is_none());
    }
}
