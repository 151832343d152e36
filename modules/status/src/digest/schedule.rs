//! Changes of the schedule as facts: which dates, which legs, and which times.

use jiff::{Span, Timestamp, civil};
use kernel::Designator;
use status_api::Times;

use super::Digesting;
use crate::{
    facts::{Planned, What, utc_day},
    messages::{Action, Change, Clock, Dates, ScheduleMessage, Scope, shifted},
};

impl Digesting<'_> {
    pub(super) fn schedule(&mut self, message: &ScheduleMessage) {
        if !message.says_mode {
            self.warn("no time mode is given: read as UTC".to_owned());
        }
        for change in &message.changes {
            if let Action::Other(word) = change.action {
                self.warn(format!("{word} is understood, but there is nothing to apply"));
            }
            for scope in &change.flights {
                for date in self.dates(scope) {
                    self.change(message, change, scope.designator, date);
                }
            }
        }
    }

    /// The dates of a change; of a period only those that somebody could still care for.
    fn dates(&mut self, scope: &Scope) -> Vec<civil::Date> {
        let today = utc_day(self.at);
        let Dates::Period(from, to, days) = scope.dates else {
            let Dates::On(day) = scope.dates else { return Vec::new() };
            let date = day.near(today);
            if date.is_none() {
                self.refuse(format!("{day} is no date").into());
            }
            return date.into_iter().collect();
        };
        let (Some(from), Some(to)) = (from.near(today), to.near(today)) else {
            self.refuse(format!("{from} to {to} is no period").into());
            return Vec::new();
        };
        let horizon = shifted(today, HORIZON_DAYS).unwrap_or(today);
        if to > horizon {
            self.warn(format!(
                "{} is changed until {horizon} only: later dates need a schedule file",
                scope.designator
            ));
        }
        let mut dates = Vec::new();
        let mut date = from.max(shifted(today, -PAST_DAYS).unwrap_or(today));
        while date <= to.min(horizon) {
            if days & (1 << date.weekday().to_monday_zero_offset()) != 0 {
                dates.push(date);
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        let period = dates.len() > 1;
        dates.retain(|date| !period || !self.legs(scope.designator, *date, false, true).is_empty());
        if dates.is_empty() {
            self.refuse(format!("{} does not fly between {from} and {to}", scope.designator).into());
        }
        dates
    }

    /// The legs of a flight on a date in the message's time mode. A message that names no mode may mean either.
    fn legs(&self, designator: Designator, date: civil::Date, local: bool, either: bool) -> Vec<Planned> {
        let legs = self.scene.flight_on(designator, date, local);
        if legs.is_empty() && either { self.scene.flight_on(designator, date, !local) } else { legs }
    }

    fn change(
        &mut self,
        message: &ScheduleMessage,
        change: &Change,
        designator: Designator,
        date: civil::Date,
    ) {
        let legs = self.legs(designator, date, message.local, !message.says_mode);
        if legs.is_empty() {
            let reason = match change.action {
                _ if !self.scene.timetable.has(designator) => format!("{designator} is in no schedule"),
                _ => format!("{designator} does not fly on {date}"),
            };
            if matches!(change.action, Action::New) {
                return self.warn(format!(
                    "NEW is understood, but not applied: {reason}; load it with a schedule file"
                ));
            }
            return self.refuse(reason.into());
        }
        match change.action {
            Action::Cancel => self.each(change, legs, &What::Cancelled { reason: change.reason.clone() }),
            Action::Reinstate => self.each(change, legs, &What::Reinstated),
            Action::Retime | Action::New | Action::Replace | Action::Reroute => {
                self.retime(message.local, change, &legs, date);
                self.equip(change, legs);
            }
            Action::Equipment if change.aircraft.is_none() => {
                self.refuse("EQT names no aircraft".to_owned().into());
            }
            Action::Equipment => self.equip(change, legs),
            Action::Other(_) => {}
        }
    }

    /// Every leg of the flight, or only those that the change names.
    fn each(&mut self, change: &Change, legs: Vec<Planned>, what: &What) {
        let named =
            |leg: &Planned| change.legs.iter().any(|line| line.from == leg.key.from && line.to == leg.key.to);
        let (mine, others): (Vec<_>, Vec<_>) =
            legs.into_iter().partition(|leg| change.legs.is_empty() || named(leg));
        if mine.is_empty() {
            let key = others.first().map(|leg| leg.key);
            return self.refuse(
                key.map_or(String::new(), |key| {
                    format!("{} of {} has no leg that is named", key.designator, key.date)
                })
                .into(),
            );
        }
        for leg in mine {
            self.hear(leg, what.clone(), |_| {});
        }
    }

    fn retime(&mut self, local: bool, change: &Change, legs: &[Planned], date: civil::Date) {
        let word = change.action.word();
        if change.action == Action::Retime && change.legs.iter().all(|line| line.times.is_none()) {
            return self.refuse("TIM gives no times".to_owned().into());
        }
        for line in &change.legs {
            let Some((departure, arrival)) = line.times else { continue };
            let Some(leg) = legs.iter().find(|leg| leg.key.from == line.from && leg.key.to == line.to) else {
                self.warn(format!(
                    "{word} is understood, but a new leg {}-{} is not applied: load it with a schedule file",
                    line.from, line.to
                ));
                continue;
            };
            let times = self.instant(local, date, departure, (leg, true)).and_then(|departure| {
                Ok(Times { departure, arrival: self.instant(local, date, arrival, (leg, false))? })
            });
            match times {
                Ok(times) if times.arrival > times.departure => {
                    self.hear(leg.clone(), What::Retimed(times), |_| {});
                }
                Ok(times) => match times.arrival.checked_add(Span::new().hours(24)) {
                    Ok(arrival) if arrival > times.departure => {
                        self.warn(format!("{word}: the arrival at {} is read as the next day", leg.key.to));
                        self.hear(leg.clone(), What::Retimed(Times { arrival, ..times }), |_| {});
                    }
                    _ => self
                        .refuse(format!("{word}: {} arrives before it departs", leg.key.designator).into()),
                },
                Err(reason) => self.refuse(reason.into()),
            }
        }
    }

    fn instant(
        &self,
        local: bool,
        date: civil::Date,
        (clock, days): (Clock, i8),
        (leg, departs): (&Planned, bool),
    ) -> Result<Timestamp, String> {
        let far = || format!("{clock} is out of range");
        let day = shifted(date, i32::from(days)).ok_or_else(far)?;
        if !local {
            return clock.on(day).ok_or_else(far);
        }
        let (iata, offset) =
            if departs { (leg.key.from, leg.offsets.0) } else { (leg.key.to, leg.offsets.1) };
        let time = civil::Time::midnight();
        let wall = day.to_datetime(time).checked_add(Span::new().minutes(clock.minute)).map_err(|_| far())?;
        let found = self.places.zone(iata, offset).to_ambiguous_timestamp(wall);
        found.unambiguous().map_err(|_| format!("{wall} at {iata} does not exist, or exists twice"))
    }

    fn equip(&mut self, change: &Change, legs: Vec<Planned>) {
        if let Some(aircraft) = &change.aircraft {
            for leg in legs {
                self.hear(leg, What::Aircraft(aircraft.clone()), |_| {});
            }
        }
    }
}

/// A change of a period reaches so far, and no further back.
const HORIZON_DAYS: i32 = 400;
const PAST_DAYS: i32 = 2;
