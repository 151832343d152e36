//! Season flights in the compact form that search keeps: numbers and shared texts instead of strings of their own.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kernel::Designator;

use crate::{
    classes::Classes,
    connecting::CarrierId,
    days::{Day, weekday},
    stations::StationId,
};

#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) designator: Designator,
    pub(crate) carrier: CarrierId,
    pub(crate) period: Period,
    pub(crate) legs: Box<[FlightLeg]>,
    withdrawn: AtomicBool,
}

#[derive(Debug)]
pub(crate) struct FlightLeg {
    pub(crate) from: StationId,
    pub(crate) to: StationId,
    /// Minutes after the base date's midnight in UTC.
    pub(crate) departs: i32,
    pub(crate) arrives: i32,
    /// The file's variations, for stations whose zone nobody knows.
    pub(crate) variations: (i16, i16),
    /// Days from the base date to the flight's date.
    pub(crate) date_shift: i8,
    /// Whether the leg counts as international when it leaves, and when it arrives.
    pub(crate) international: (bool, bool),
    pub(crate) aircraft: Arc<str>,
    pub(crate) restrictions: Arc<str>,
    pub(crate) open: Classes,
}

/// The days on which a flight flies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: Day,
    pub(crate) to: Day,
    /// Bit 0 is Monday.
    pub(crate) days: u8,
    pub(crate) fortnightly: bool,
}

impl Period {
    pub(crate) fn has(self, base: Day) -> bool {
        let within = self.from <= base && base <= self.to;
        within
            && u32::from(self.days) & (1 << weekday(base)) != 0
            && (!self.fortnightly || (base - self.from) / 7 % 2 == 0)
    }
}

impl Flight {
    pub(crate) fn new(
        designator: Designator,
        carrier: CarrierId,
        period: Period,
        legs: Box<[FlightLeg]>,
    ) -> Self {
        Self { designator, carrier, period, legs, withdrawn: AtomicBool::new(false) }
    }

    pub(crate) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }

    /// Whether any leg carries a traffic restriction.
    pub(crate) fn is_restricted(&self) -> bool {
        self.legs.iter().any(|leg| !leg.restrictions.trim().is_empty())
    }
}
