//! The state of a leg, worked out from everything that was heard of it: an actual beats an estimate, a correction
//! beats what it corrects, and the order of arrival decides nothing but estimates without a time of sending.

mod estimates;
#[cfg(test)]
mod tests;
mod weighing;

use booking_api::LegKey;
use jiff::{SignedDuration, Timestamp};
use kernel::Iata;
use status_api::{ActualTimes, EstimatedTimes, LegState, Phase, Times};

use crate::facts::Heard;
use weighing::Facts;

/// What all facts together say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) state: LegState,
    pub(crate) scheduled: Times,
    pub(crate) estimated: EstimatedTimes,
    pub(crate) actual: ActualTimes,
    pub(crate) registration: Option<String>,
    pub(crate) aircraft: Option<String>,
    pub(crate) delay_codes: Vec<String>,
    pub(crate) diverted_to: Option<Iata>,
    pub(crate) next_information: Option<Timestamp>,
    pub(crate) on_board: Option<u32>,
    /// Why it is cancelled, if it is.
    pub(crate) cancelled: Option<String>,
}

/// Works out a leg. `heard` is in order of receipt.
pub(crate) fn work_out(key: &LegKey, published: Times, heard: &[Heard]) -> Known {
    let mut ordered: Vec<&Heard> = heard.iter().collect();
    ordered.sort_by_key(|fact| fact.at);
    let facts = Facts::new(key, ordered);
    let scheduled = facts.retimed().unwrap_or(published);
    let estimates = facts.estimates(scheduled);
    let returned = facts.returned(&estimates);
    let actual = facts.actual(&estimates, returned);
    let diverted_to = facts.diverted_to().filter(|_| actual.landed.is_none() && actual.on_block.is_none());
    let elsewhere = diverted_to.map(|airport| facts.landing_at(airport, estimates.arrival_anchor(&actual)));
    let actual = ActualTimes {
        landed: actual.landed.or(elsewhere.and_then(|landing| landing.0)),
        on_block: actual.on_block.or(elsewhere.and_then(|landing| landing.1)),
        ..actual
    };
    let cancelled = facts.cancelled(actual.airborne.or(actual.landed).or(actual.on_block));
    Known {
        state: state(cancelled.is_some(), diverted_to.is_some(), returned.is_some(), &actual),
        scheduled,
        estimated: estimates.still_open(&actual, returned),
        next_information: estimates
            .next_information
            .filter(|_| actual.off_block.is_none() && cancelled.is_none()),
        registration: facts.registration(),
        aircraft: facts.aircraft(),
        delay_codes: facts.delay_codes(),
        on_board: facts.on_board(),
        actual,
        diverted_to,
        cancelled,
    }
}

fn state(cancelled: bool, diverted: bool, returned: bool, actual: &ActualTimes) -> LegState {
    match actual {
        _ if cancelled => LegState::Cancelled,
        _ if diverted => LegState::Diverted,
        ActualTimes { on_block: Some(_), .. } => LegState::OnBlock,
        ActualTimes { landed: Some(_), .. } => LegState::Landed,
        ActualTimes { airborne: Some(_), .. } => LegState::Airborne,
        ActualTimes { off_block: Some(_), .. } => LegState::OffBlock,
        _ if returned => LegState::Returned,
        _ => LegState::Scheduled,
    }
}

/// An estimate this much after schedule is a delay.
const DELAYED: SignedDuration = SignedDuration::from_mins(15);
/// What the gate does, by minutes before the expected departure.
const CHECK_IN: SignedDuration = SignedDuration::from_hours(3);
const BOARDING: SignedDuration = SignedDuration::from_mins(40);
const FINAL_CALL: SignedDuration = SignedDuration::from_mins(15);
const GATE_CLOSED: SignedDuration = SignedDuration::from_mins(10);
/// A flight that should have left so long ago without a word has no phase that anybody should read.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(6);

/// What the clock adds while the aircraft is at the gate: check-in from three hours before the expected departure,
/// boarding from 40 minutes, final call from 15, gate closed from 10. A delay shows until boarding begins.
pub(crate) fn phase(
    state: LegState,
    scheduled: Timestamp,
    estimated: Option<Timestamp>,
    now: Timestamp,
) -> Option<Phase> {
    if state != LegState::Scheduled {
        return None;
    }
    let expected = estimated.unwrap_or(scheduled);
    let left = expected.duration_since(now);
    let delayed = expected.duration_since(scheduled) >= DELAYED;
    match left {
        _ if left < -FORGOTTEN => delayed.then_some(Phase::Delayed),
        _ if left <= GATE_CLOSED => Some(Phase::GateClosed),
        _ if left <= FINAL_CALL => Some(Phase::FinalCall),
        _ if left <= BOARDING => Some(Phase::Boarding),
        _ if delayed => Some(Phase::Delayed),
        _ if left <= CHECK_IN => Some(Phase::CheckIn),
        _ => None,
    }
}
