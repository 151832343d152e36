//! Which leg a message is about: carrier, number, station and scheduled day, where MVT means the day in UTC.

use jiff::{SignedDuration, Timestamp, civil};
use kernel::{Designator, Iata};
use status_api::Times;

use crate::{
    facts::{Planned, utc_day},
    messages::{Clock, DayOf, Load, Movement, Report, shifted},
    timetable::Timetable,
};

/// The schedule as it stands now: as published, with what messages changed.
pub(crate) struct Scene<'a> {
    pub(crate) timetable: &'a Timetable,
    /// Times that messages have changed.
    pub(crate) retimed: &'a dyn Fn(&Planned) -> Option<Times>,
    /// Where a leg goes instead.
    pub(crate) diverted: &'a dyn Fn(&Planned) -> Option<Iata>,
}

/// Why no leg was found. With `waits_for`, a later diversion may show it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotFound {
    pub(crate) reason: String,
    pub(crate) waits_for: Option<String>,
}

impl From<String> for NotFound {
    fn from(reason: String) -> Self {
        Self { reason, waits_for: None }
    }
}

impl Scene<'_> {
    /// The leg of a movement message that came at `at`.
    pub(crate) fn leg_of(&self, movement: &Movement, at: Timestamp) -> Result<Planned, NotFound> {
        let designator = movement.flight.designator;
        let (day, legs) = self.near_day(designator, movement.flight.day, at)?;
        let station = movement.station;
        let ends = ends_of(&movement.reports);
        let here: Vec<&Candidate> = legs.iter().filter(|leg| self.calls(leg, station, &ends)).collect();
        if here.is_empty() {
            return Err(NotFound {
                reason: format!("{designator} of {day} does not call at {station}"),
                waits_for: Some(flight_name(designator, day)),
            });
        }
        let best = here
            .into_iter()
            .min_by_key(|leg| leg.misfit(station, &ends))
            .filter(|leg| leg.day_fit < NOT_THAT_DAY);
        best.map(|leg| leg.planned.clone()).ok_or_else(|| not_that_day(designator, day).into())
    }

    /// The leg of a load message, which names only where it goes.
    pub(crate) fn leg_of_load(&self, load: &Load, at: Timestamp) -> Result<Planned, NotFound> {
        let designator = load.flight.designator;
        let (day, legs) = self.near_day(designator, load.flight.day, at)?;
        let here = legs.iter().filter(|leg| leg.planned.key.to == load.to && leg.day_fit < NOT_THAT_DAY);
        let best = here.min_by_key(|leg| leg.day_fit).map(|leg| leg.planned.clone());
        best.ok_or_else(|| format!("{designator} of {day} does not call at {}", load.to).into())
    }

    /// All legs of a flight on a date: in UTC when its first leg leaves, else local as in the flight's name.
    pub(crate) fn flight_on(&self, designator: Designator, date: civil::Date, local: bool) -> Vec<Planned> {
        if local {
            return self.timetable.flight(designator, date);
        }
        let days = (-2..=2).filter_map(|n| shifted(date, n));
        let mut legs = days.flat_map(|day| self.timetable.flight(designator, day)).collect::<Vec<_>>();
        legs.retain(|leg| utc_day(leg.flight_departs) == date);
        legs
    }

    /// The legs that a day of the month may mean, with how well the day fits.
    fn near_day(
        &self,
        designator: Designator,
        day: DayOf,
        at: Timestamp,
    ) -> Result<(civil::Date, Vec<Candidate>), NotFound> {
        if !self.timetable.has(designator) {
            return Err(format!("{designator} is in no schedule").into());
        }
        let day = day.near(utc_day(at)).ok_or_else(|| format!("{day} is no date"))?;
        let dates = (-2..=2).filter_map(|n| shifted(day, n));
        let legs = dates.flat_map(|date| self.timetable.flight(designator, date));
        let legs: Vec<_> = legs.map(|planned| self.candidate(planned, day)).collect();
        if legs.iter().all(|leg| leg.day_fit == NOT_THAT_DAY) {
            return Err(not_that_day(designator, day).into());
        }
        Ok((day, legs))
    }

    fn candidate(&self, planned: Planned, day: civil::Date) -> Candidate {
        let now = (self.retimed)(&planned).unwrap_or(planned.published);
        let day_fit = match day {
            _ if utc_day(planned.published.departure) == day || utc_day(now.departure) == day => 0,
            _ if utc_day(planned.flight_departs) == day => 1,
            _ if utc_day(planned.published.arrival) == day || utc_day(now.arrival) == day => 2,
            _ if planned.key.date == day => 3,
            _ => NOT_THAT_DAY,
        };
        Candidate { planned, now, day_fit }
    }

    fn calls(&self, leg: &Candidate, station: Iata, ends: &Ends) -> bool {
        let key = &leg.planned.key;
        let arrives = || key.to == station || (self.diverted)(&leg.planned) == Some(station);
        match ends.role {
            Role::Departure => key.from == station,
            Role::Arrival => arrives(),
            Role::Either => key.from == station || arrives() || ends.diverts_to == Some(station),
        }
    }
}

const NOT_THAT_DAY: u8 = 9;

/// A leg that may be meant.
struct Candidate {
    planned: Planned,
    now: Times,
    day_fit: u8,
}

impl Candidate {
    /// Smaller is better: a plausible time first, then the day, then the end of the leg that the message speaks of,
    /// where it says it goes, and last the nearest time.
    fn misfit(&self, station: Iata, ends: &Ends) -> (bool, u8, bool, bool, SignedDuration) {
        let key = &self.planned.key;
        let arrives = ends.role == Role::Arrival || (ends.role == Role::Either && ends.rather_arrives);
        let here = if arrives { self.now.arrival } else { self.now.departure };
        let at = ends.time.and_then(|clock| clock.near(here));
        let dated = ends.time.is_some_and(|clock| clock.day.is_some());
        let far = dated && at.is_some_and(|at| !is_plausible(at, here));
        let other_end = ends.role == Role::Either && station != if arrives { key.to } else { key.from };
        let elsewhere = ends.towards.is_some_and(|airport| airport != key.to);
        let off = at.map_or(SignedDuration::ZERO, |at| at.duration_since(here).abs());
        (far || self.day_fit == NOT_THAT_DAY, self.day_fit, other_end, elsewhere, off)
    }
}

/// Not much before schedule, and at most two days late.
fn is_plausible(at: Timestamp, scheduled: Timestamp) -> bool {
    let late = at.duration_since(scheduled);
    SignedDuration::from_hours(-12) <= late && late <= SignedDuration::from_hours(48)
}

/// What the reports say about the end of the leg that they come from.
struct Ends {
    role: Role,
    /// Forecasts of an arrival: they may come from either end.
    rather_arrives: bool,
    time: Option<Clock>,
    towards: Option<Iata>,
    diverts_to: Option<Iata>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Departure,
    Arrival,
    Either,
}

fn ends_of(reports: &[Report]) -> Ends {
    let mut ends =
        Ends { role: Role::Either, rather_arrives: false, time: None, towards: None, diverts_to: None };
    for report in reports {
        match report {
            Report::OffBlock(clock)
            | Report::Airborne(clock)
            | Report::ExpectedOffBlock(clock)
            | Report::ExpectedTakeOff(clock)
            | Report::ReturnToRamp(clock)
            | Report::ForcedReturn(clock, _) => ends.see(Role::Departure, *clock),
            Report::Touchdown(clock) | Report::OnBlock(clock) => ends.see(Role::Arrival, *clock),
            Report::ExpectedOnBlock(_) => ends.rather_arrives = true,
            Report::ExpectedTouchdown(_, towards) => {
                ends.rather_arrives |= towards.is_none();
                ends.towards = ends.towards.or(*towards);
            }
            Report::Diversion(airport) => ends.diverts_to = Some(*airport),
            _ => {}
        }
    }
    if ends.diverts_to.is_some() {
        ends.towards = None;
        if ends.role == Role::Arrival {
            ends.role = Role::Either;
        }
    }
    ends
}

impl Ends {
    /// Departure wins: its message foretells the arrival too.
    fn see(&mut self, role: Role, clock: Clock) {
        if self.role == Role::Departure && role != Role::Departure {
            return;
        }
        if self.role != role {
            self.time = None;
        }
        self.role = role;
        self.time = self.time.or(Some(clock));
    }
}

/// Under which name messages wait for a diversion.
pub(crate) fn flight_name(designator: Designator, utc_day: civil::Date) -> String {
    format!("{designator}/{utc_day}")
}

fn not_that_day(designator: Designator, day: civil::Date) -> String {
    format!("{designator} does not fly on {day} (UTC)")
}
