//! The state of a leg, worked out from everything that was heard of it: an actual beats an estimate, a correction
//! beats what it corrects, and the order of arrival decides nothing but estimates without a time of sending.

use booking_api::LegKey;
use jiff::{SignedDuration, Timestamp};
use kernel::Iata;
use status_api::{ActualTimes, EstimatedTimes, LegState, Phase, Times};

use crate::{
    facts::{Heard, What},
    messages::{Clock, Report},
};

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
    let facts = Facts { key, heard: ordered };
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

/// The facts of one leg in the order of their times.
struct Facts<'a> {
    key: &'a LegKey,
    heard: Vec<&'a Heard>,
}

/// How much an actual is worth against another of the same event. The last part makes the choice the same in any
/// order of arrival.
type Worth = (bool, Option<Timestamp>, bool, Timestamp);

impl Facts<'_> {
    fn reports(&self) -> impl Iterator<Item = (&Heard, &Report)> {
        self.heard.iter().flat_map(|fact| match &fact.what {
            What::Reports(reports) => reports.iter().map(|report| (*fact, report)).collect(),
            _ => Vec::new(),
        })
    }

    fn retimed(&self) -> Option<Times> {
        self.heard.iter().rev().find_map(|fact| match fact.what {
            What::Retimed(times) => Some(times),
            _ => None,
        })
    }

    /// The last word on whether it flies. Nobody can cancel what is in the air.
    fn cancelled(&self, airborne: Option<Timestamp>) -> Option<String> {
        let last = self.heard.iter().rev().find(|fact| {
            let in_the_air = airborne.is_some_and(|airborne| airborne < fact.at);
            match fact.what {
                What::Cancelled { .. } => !in_the_air,
                What::Reinstated => true,
                _ => false,
            }
        })?;
        match &last.what {
            What::Cancelled { reason } => Some(reason.clone()),
            _ => None,
        }
    }

    fn estimates(&self, scheduled: Times) -> Estimates {
        let mut estimates = Estimates::of(scheduled);
        for (fact, report) in self.reports() {
            estimates.hear(fact.at, report);
        }
        estimates
    }

    /// The last time that the aircraft came back to where it started.
    fn returned(&self, estimates: &Estimates) -> Option<Timestamp> {
        let anchor = estimates.departure();
        let back = |report: &Report| match report {
            Report::ReturnToRamp(clock) => clock.near(anchor),
            Report::ForcedReturn(down, blocks) => blocks.unwrap_or(*down).near(anchor),
            _ => None,
        };
        let corrected = self.best(|report| back(report), |fact| fact.correction);
        corrected.or_else(|| self.reports().filter_map(|(_, report)| back(report)).max())
    }

    /// Times at the two ends of the leg; of departures only those after the last return.
    fn actual(&self, estimates: &Estimates, returned: Option<Timestamp>) -> ActualTimes {
        let current = |at: Timestamp| returned.is_none_or(|returned| at > returned);
        let out = estimates.departure();
        let off_block = self.best(
            |report| match report {
                Report::OffBlock(clock) => clock.near(out).filter(|at| current(*at)),
                _ => None,
            },
            |_| true,
        );
        let airborne = self.best(
            |report| match report {
                Report::Airborne(clock) => clock.near(off_block.unwrap_or(out)).filter(|at| current(*at)),
                _ => None,
            },
            |_| true,
        );
        let departed = ActualTimes { off_block, airborne, ..ActualTimes::default() };
        let (landed, on_block) = self.landing_at(self.key.to, estimates.arrival_anchor(&departed));
        ActualTimes { landed, on_block, ..departed }
    }

    fn landing_at(&self, airport: Iata, anchor: Timestamp) -> (Option<Timestamp>, Option<Timestamp>) {
        let there = |fact: &Heard| fact.station == Some(airport);
        let landed = self.best(
            |report| match report {
                Report::Touchdown(clock) => clock.near(anchor),
                _ => None,
            },
            there,
        );
        let on_block = self.best(
            |report| match report {
                Report::OnBlock(clock) => clock.near(landed.unwrap_or(anchor)),
                _ => None,
            },
            there,
        );
        (landed, on_block)
    }

    fn diverted_to(&self) -> Option<Iata> {
        self.latest(|report| match report {
            Report::Diversion(airport) => Some(*airport),
            _ => None,
        })
    }

    fn delay_codes(&self) -> Vec<String> {
        let codes = self.latest(|report| match report {
            Report::Delays(delays) => Some(delays.iter().map(|(code, _)| code.clone()).collect()),
            _ => None,
        });
        codes.unwrap_or_default()
    }

    fn on_board(&self) -> Option<u32> {
        self.latest(|report| match report {
            Report::Passengers(count) => Some(*count),
            _ => None,
        })
    }

    fn registration(&self) -> Option<String> {
        let named = self.heard.iter().filter(|fact| fact.registration.is_some());
        named.max_by_key(|fact| authority(fact)).and_then(|fact| fact.registration.clone())
    }

    fn aircraft(&self) -> Option<String> {
        self.heard.iter().rev().find_map(|fact| match &fact.what {
            What::Aircraft(aircraft) => Some(aircraft.clone()),
            _ => None,
        })
    }

    /// The actual of an event that is worth most.
    fn best(
        &self,
        time: impl Fn(&Report) -> Option<Timestamp>,
        from: impl Fn(&Heard) -> bool,
    ) -> Option<Timestamp> {
        let worth = |fact: &Heard, at| -> Worth {
            (fact.correction, fact.sent.then_some(fact.at), !fact.automatic, at)
        };
        self.reports()
            .filter(|(fact, _)| from(fact))
            .filter_map(|(fact, report)| time(report).map(|at| worth(fact, at)))
            .max()
            .map(|(.., at)| at)
    }

    /// The newest of something; what a message about an actual movement says is newer than any forecast.
    fn latest<T>(&self, pick: impl Fn(&Report) -> Option<T>) -> Option<T> {
        self.reports()
            .filter_map(|(fact, report)| Some((authority(fact), pick(report)?)))
            .max_by_key(|(authority, _)| *authority)
            .map(|(_, value)| value)
    }
}

/// Corrections first, then messages about what has happened, then the later one.
fn authority(fact: &Heard) -> (bool, bool, Timestamp) {
    let happened = |report: &Report| {
        matches!(
            report,
            Report::OffBlock(_) | Report::Airborne(_) | Report::Touchdown(_) | Report::OnBlock(_)
        )
    };
    let actual = matches!(&fact.what, What::Reports(reports) if reports.iter().any(happened));
    (fact.correction, actual, fact.at)
}

/// The newest forecast of each event, with the time of the message that gave it.
#[derive(Clone, Copy)]
struct Estimates {
    scheduled: Times,
    off_block: Option<(Timestamp, Timestamp)>,
    take_off: Option<(Timestamp, Timestamp)>,
    arrival: Option<(Timestamp, Timestamp)>,
    next_information: Option<Timestamp>,
}

impl Estimates {
    fn of(scheduled: Times) -> Self {
        Self { scheduled, off_block: None, take_off: None, arrival: None, next_information: None }
    }

    fn hear(&mut self, said: Timestamp, report: &Report) {
        let near = |clock: Clock, known: Timestamp| clock.near(known).map(|at| (at, said));
        match *report {
            Report::ExpectedOffBlock(clock) => self.off_block = near(clock, self.departure()),
            Report::ExpectedTakeOff(clock) => self.take_off = near(clock, self.departure()),
            Report::ExpectedTouchdown(clock, _) | Report::ExpectedOnBlock(clock) => {
                self.arrival = near(clock, self.arrival_anchor(&ActualTimes::default()));
            }
            Report::NextInformation(clock) => self.next_information = clock.near(self.departure()),
            _ => {}
        }
    }

    /// The latest known time of departure that is no actual.
    fn departure(&self) -> Timestamp {
        self.off_block.or(self.take_off).map_or(self.scheduled.departure, |(at, _)| at)
    }

    /// The latest known time of arrival: as forecast, else as late as the departure.
    fn arrival_anchor(&self, actual: &ActualTimes) -> Timestamp {
        let out = actual.off_block.or(actual.airborne).unwrap_or_else(|| self.departure());
        let block = self.scheduled.arrival.duration_since(self.scheduled.departure);
        self.arrival
            .map(|(at, _)| at)
            .or_else(|| out.checked_add(block).ok())
            .unwrap_or(self.scheduled.arrival)
    }

    /// Forecasts of what has not happened yet, and none from before a return.
    fn still_open(&self, actual: &ActualTimes, returned: Option<Timestamp>) -> EstimatedTimes {
        let valid = |estimate: Option<(Timestamp, Timestamp)>| {
            estimate.filter(|(_, said)| returned.is_none_or(|returned| *said >= returned)).map(|(at, _)| at)
        };
        let gone = actual.off_block.is_some() || actual.airborne.is_some();
        let down = actual.landed.is_some() || actual.on_block.is_some();
        EstimatedTimes {
            departure: valid(self.off_block).or(valid(self.take_off)).filter(|_| !gone && !down),
            arrival: valid(self.arrival).filter(|_| !down),
        }
    }
}
