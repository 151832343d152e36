//! Facts weighed against each other: which of several reports of one event counts.

use booking_api::LegKey;
use jiff::Timestamp;
use kernel::Iata;
use status_api::{ActualTimes, Times};

use super::estimates::Estimates;
use crate::{
    facts::{Heard, What},
    messages::Report,
};

/// The facts of one leg in the order of their times.
pub(super) struct Facts<'a> {
    key: &'a LegKey,
    heard: Vec<&'a Heard>,
}

/// How much an actual is worth against another of the same event. The last part makes the choice the same in any
/// order of arrival.
type Worth = (bool, Option<Timestamp>, bool, Timestamp);

impl<'a> Facts<'a> {
    pub(super) fn new(key: &'a LegKey, heard: Vec<&'a Heard>) -> Self {
        Self { key, heard }
    }

    fn reports(&self) -> impl Iterator<Item = (&Heard, &Report)> {
        self.heard.iter().flat_map(|fact| match &fact.what {
            What::Reports(reports) => reports.iter().map(|report| (*fact, report)).collect(),
            _ => Vec::new(),
        })
    }

    pub(super) fn retimed(&self) -> Option<Times> {
        self.heard.iter().rev().find_map(|fact| match fact.what {
            What::Retimed(times) => Some(times),
            _ => None,
        })
    }

    /// The last word on whether it flies. Nobody can cancel what is in the air.
    pub(super) fn cancelled(&self, airborne: Option<Timestamp>) -> Option<String> {
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

    pub(super) fn estimates(&self, scheduled: Times) -> Estimates {
        let mut estimates = Estimates::of(scheduled);
        for (fact, report) in self.reports() {
            estimates.hear(fact.at, report);
        }
        estimates
    }

    /// The last time that the aircraft came back to where it started.
    pub(super) fn returned(&self, estimates: &Estimates) -> Option<Timestamp> {
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
    pub(super) fn actual(&self, estimates: &Estimates, returned: Option<Timestamp>) -> ActualTimes {
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

    pub(super) fn landing_at(
        &self,
        airport: Iata,
        anchor: Timestamp,
    ) -> (Option<Timestamp>, Option<Timestamp>) {
        let from_origin = |fact: &Heard| airport == self.key.to && fact.station == Some(self.key.from);
        let there = |fact: &Heard| fact.station == Some(airport) || from_origin(fact);
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

    pub(super) fn diverted_to(&self) -> Option<Iata> {
        self.latest(|report| match report {
            Report::Diversion(airport) => Some(*airport),
            _ => None,
        })
    }

    pub(super) fn delay_codes(&self) -> Vec<String> {
        let codes = self.latest(|report| match report {
            Report::Delays(delays) => Some(delays.iter().map(|(code, _)| code.clone()).collect()),
            _ => None,
        });
        codes.unwrap_or_default()
    }

    pub(super) fn on_board(&self) -> Option<u32> {
        self.latest(|report| match report {
            Report::Passengers(count) => Some(*count),
            _ => None,
        })
    }

    pub(super) fn registration(&self) -> Option<String> {
        let named = self.heard.iter().filter(|fact| fact.registration.is_some());
        named.max_by_key(|fact| authority(fact)).and_then(|fact| fact.registration.clone())
    }

    pub(super) fn aircraft(&self) -> Option<String> {
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
