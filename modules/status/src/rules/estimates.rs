//! Forecasts: the newest of each event, and the anchors by which a bare time of day finds its day.

use jiff::Timestamp;
use status_api::{ActualTimes, EstimatedTimes, Times};

use crate::messages::{Clock, Report};

/// The newest forecast of each event, with the time of the message that gave it.
#[derive(Clone, Copy)]
pub(super) struct Estimates {
    scheduled: Times,
    off_block: Option<(Timestamp, Timestamp)>,
    take_off: Option<(Timestamp, Timestamp)>,
    arrival: Option<(Timestamp, Timestamp)>,
    pub(super) next_information: Option<Timestamp>,
}

impl Estimates {
    pub(super) fn of(scheduled: Times) -> Self {
        Self { scheduled, off_block: None, take_off: None, arrival: None, next_information: None }
    }

    pub(super) fn hear(&mut self, said: Timestamp, report: &Report) {
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
    pub(super) fn departure(&self) -> Timestamp {
        self.off_block.or(self.take_off).map_or(self.scheduled.departure, |(at, _)| at)
    }

    /// The latest known time of arrival: as forecast, else as late as the departure.
    pub(super) fn arrival_anchor(&self, actual: &ActualTimes) -> Timestamp {
        let out = actual.off_block.or(actual.airborne).unwrap_or_else(|| self.departure());
        let block = self.scheduled.arrival.duration_since(self.scheduled.departure);
        self.arrival
            .map(|(at, _)| at)
            .or_else(|| out.checked_add(block).ok())
            .unwrap_or(self.scheduled.arrival)
    }

    /// Forecasts of what has not happened yet, and none from before a return.
    pub(super) fn still_open(&self, actual: &ActualTimes, returned: Option<Timestamp>) -> EstimatedTimes {
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
