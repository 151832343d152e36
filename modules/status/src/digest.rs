//! From the text of a message to facts about legs: read, match, and name each part so that a repeat is known as one.

use jiff::{Span, Timestamp, civil};
use kernel::Designator;
use sha2::{Digest, Sha256};
use status_api::{RawMessage, Times};

use crate::{
    facts::{Heard, Planned, What, utc_day},
    matching::{NotFound, Scene},
    messages::{
        self, Action, Body, Change, Clock, Dates, Movement, Report, ScheduleMessage, Scope, Telex, shifted,
    },
    places::Places,
};

/// What one message comes to.
#[derive(Debug, Default)]
pub(crate) struct Digested {
    /// Its text, hashed without what differs between copies.
    pub(crate) id: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) warnings: Vec<String>,
    /// Why it, or a part of it, was refused.
    pub(crate) refused: Option<NotFound>,
}

/// Something heard of one leg.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) leg: Planned,
    pub(crate) heard: Heard,
}

/// Reads one message and finds its legs.
pub(crate) fn digest(scene: &Scene<'_>, places: &Places, raw: &RawMessage) -> Digested {
    let id = hash(&[&messages::normal(&raw.text)]);
    let telex = match messages::read(&raw.text) {
        Ok(telex) => telex,
        Err(reason) => return Digested { id, refused: Some(reason.into()), ..Digested::default() },
    };
    let sent = telex.sent.and_then(|clock| clock.near(raw.received_at));
    let mut digest = Digesting {
        scene,
        places,
        raw,
        at: sent.unwrap_or(raw.received_at),
        sent: sent.is_some(),
        out: Digested { id, ..Digested::default() },
    };
    digest.telex(&telex);
    digest.out
}

struct Digesting<'a> {
    scene: &'a Scene<'a>,
    places: &'a Places,
    raw: &'a RawMessage,
    at: Timestamp,
    sent: bool,
    out: Digested,
}

impl Digesting<'_> {
    fn telex(&mut self, telex: &Telex) {
        for line in &telex.unread {
            self.warn(format!("kept without being understood: {}", messages::quoted(line)));
        }
        match &telex.body {
            Body::Movement(movement) => self.movement(movement),
            Body::Load(load) => {
                let what = What::Reports(vec![Report::Passengers(load.passengers)]);
                match self.scene.leg_of_load(load, self.at) {
                    Ok(leg) => {
                        let registration = load.registration.clone();
                        self.hear(leg, what, |heard| heard.registration = registration);
                    }
                    Err(why) => self.refuse(why),
                }
            }
            Body::Schedule(message) => self.schedule(message),
        }
    }

    fn movement(&mut self, movement: &Movement) {
        let leg = match self.scene.leg_of(movement, self.at) {
            Ok(leg) => leg,
            Err(why) => return self.refuse(why),
        };
        for report in &movement.reports {
            if let Report::ExpectedTouchdown(_, Some(airport)) = report
                && *airport != leg.key.to
                && !movement.reports.contains(&Report::Diversion(*airport))
            {
                self.warn(format!("it expects a touchdown at {airport}, but the leg goes to {}", leg.key.to));
            }
        }
        self.hear(leg, What::Reports(movement.reports.clone()), |heard| {
            heard.correction = movement.correction;
            heard.automatic = movement.automatic;
            heard.station = Some(movement.station);
            heard.registration.clone_from(&movement.registration);
        });
    }

    fn schedule(&mut self, message: &ScheduleMessage) {
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
                    self.hear(leg.clone(), What::Retimed(times), |_| {})
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

    fn hear(&mut self, leg: Planned, what: What, with: impl FnOnce(&mut Heard)) {
        let sent = if self.sent { self.at.to_string() } else { String::new() };
        let nth = self.out.facts.iter().filter(|fact| fact.leg.key == leg.key).count().to_string();
        let name = crate::facts::stream(&leg.key);
        let id = hash(&[&meaning(&self.raw.text), &sent, &name, &nth]);
        let mut heard = Heard {
            id,
            at: self.at,
            sent: self.sent,
            correction: false,
            automatic: false,
            station: None,
            registration: None,
            what,
        };
        with(&mut heard);
        self.out.facts.push(Fact { leg, heard });
    }

    fn warn(&mut self, warning: String) {
        self.out.warnings.push(warning);
    }

    fn refuse(&mut self, why: NotFound) {
        self.out.refused.get_or_insert(why);
    }
}

/// A change of a period reaches so far, and no further back.
const HORIZON_DAYS: i32 = 400;
const PAST_DAYS: i32 = 2;

/// The message from its identifier on: address lines differ between two copies of one message.
fn meaning(text: &str) -> String {
    messages::normal(&messages::without_header(text))
}

/// The first 128 bits of SHA-256 in hexadecimal.
pub(crate) fn hash(parts: &[&str]) -> String {
    use std::fmt::Write as _;
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.len().to_le_bytes());
        sha.update(part);
    }
    sha.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
