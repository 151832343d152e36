//! Legs as the interface shows them: what is known, with the names of places and words for codes.

use jiff::Timestamp;
use status_api::{ActualTimes, EstimatedTimes, LegState, LegStatus};

use crate::{
    facts::Planned,
    places::Places,
    reasons,
    rules::{self, Known},
};

/// A leg of which something was heard.
pub(crate) fn leg_status(
    leg: &Planned,
    known: &Known,
    places: &Places,
    version: i64,
    now: Timestamp,
) -> LegStatus {
    LegStatus {
        from: places.station(leg.key.from),
        to: places.station(leg.key.to),
        state: known.state,
        phase: rules::phase(known.state, known.scheduled.departure, known.estimated.departure, now),
        scheduled: known.scheduled,
        estimated: known.estimated,
        actual: known.actual,
        registration: known.registration.clone(),
        aircraft: known.aircraft.clone().or_else(|| aircraft(leg)),
        reasons: reasons::of(&known.delay_codes),
        delay_codes: known.delay_codes.clone(),
        gate: None,
        diverted_to: known.diverted_to,
        next_information: known.next_information,
        on_board: known.on_board,
        version,
    }
}

/// A leg of which nothing was heard: as published.
pub(crate) fn unheard(leg: &Planned, places: &Places, now: Timestamp) -> LegStatus {
    LegStatus {
        from: places.station(leg.key.from),
        to: places.station(leg.key.to),
        state: LegState::Scheduled,
        phase: rules::phase(LegState::Scheduled, leg.published.departure, None, now),
        scheduled: leg.published,
        estimated: EstimatedTimes::default(),
        actual: ActualTimes::default(),
        registration: None,
        aircraft: aircraft(leg),
        delay_codes: Vec::new(),
        reasons: Vec::new(),
        gate: None,
        diverted_to: None,
        next_information: None,
        on_board: None,
        version: 0,
    }
}

/// What was stored, with the phase of this moment.
pub(crate) fn at_this_moment(status: &LegStatus, now: Timestamp) -> LegStatus {
    let phase = rules::phase(status.state, status.scheduled.departure, status.estimated.departure, now);
    LegStatus { phase, ..status.clone() }
}

fn aircraft(leg: &Planned) -> Option<String> {
    Some(leg.aircraft.to_string()).filter(|aircraft| !aircraft.is_empty())
}
