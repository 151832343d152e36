//! What there is to say about a file besides its flights.

use std::collections::HashSet;

use booking_api::Remark;
use kernel::{Carrier, Designator, Iata};

use super::leg::Leg;

#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) refused: Vec<Remark>,
    pub(super) warnings: Vec<Remark>,
    pub(super) unread: Unread,
    /// Stations that were said to have `+0000` where no clock shows that.
    without_variation: HashSet<Iata>,
}

/// What a file has something about that could not be read. Of these it does not say that they are no more.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread {
    pub(crate) flights: HashSet<Designator>,
    /// Where not even the flight could be told.
    pub(crate) carriers: HashSet<Carrier>,
}

impl Notes {
    pub(super) fn warn(&mut self, line: u32, reason: String) {
        self.warnings.push(Remark { line, reason });
    }

    /// `+0000` where no clock shows that: said once for each station.
    pub(super) fn warn_once(&mut self, line: u32, station: Iata) {
        if self.without_variation.insert(station) {
            self.warn(
                line,
                format!("variation +0000 at {station} counts as not given; its time zone is used"),
            );
        }
    }

    /// What was found on one date, unless another date said the same.
    pub(super) fn take_new(&mut self, other: Self) {
        for remark in other.warnings {
            if !self.warnings.iter().rev().take(32).any(|known| *known == remark) {
                self.warnings.push(remark);
            }
        }
    }

    /// A leg that makes no sense says nothing about its flight, so that stays as it was.
    pub(super) fn refuse(&mut self, leg: &Leg, reason: String) {
        self.unread.flights.insert(leg.designator);
        self.refused.push(Remark { line: leg.line, reason });
    }
}
