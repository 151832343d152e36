//! The messages that a day of operation sends: MVT for what moves, ASM for what does not, each at the minute it would arrive.

use std::fmt;

use jiff::Timestamp;

use super::calendar::{DAY, ddmmmyy, instant};
use super::operation::{Cancellation, Fate, Movement, Outcome, of_day};
use super::rotation::registration;
use super::{CARRIER, World};

/// A message and when it arrives. As text it is an entry of an `import movements` file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimedMessage {
    pub at: Timestamp,
    /// The message's own lines.
    pub text: String,
}

impl fmt::Display for TimedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "@{}\n{}\n=", self.at.strftime("%Y-%m-%dT%H:%MZ"), self.text)
    }
}

/// A delay is announced from a quarter of an hour.
const WORTH_SAYING: i64 = 15;

pub(super) fn of_date(world: &World, date: i64) -> Vec<TimedMessage> {
    let mut messages: Vec<TimedMessage> =
        of_day(world, date).iter().flat_map(|outcome| Writer { world, outcome }.messages()).collect();
    messages.sort();
    messages
}

struct Writer<'a> {
    world: &'a World,
    outcome: &'a Outcome,
}

impl Writer<'_> {
    fn messages(&self) -> Vec<TimedMessage> {
        match &self.outcome.fate {
            Fate::Cancelled(cancellation) if self.outcome.leg == 0 => vec![self.cancelled(*cancellation)],
            Fate::Cancelled(_) => Vec::new(),
            Fate::Flown(movement) => self.flown(movement),
        }
    }

    fn cancelled(&self, cancellation: Cancellation) -> TimedMessage {
        let date = ddmmmyy(self.outcome.scheduled.0.div_euclid(DAY));
        let text = format!("ASM\nUTC\nCNL {}\n{CARRIER}{}/{date}", cancellation.reason, self.outcome.number);
        TimedMessage { at: instant(cancellation.known), text }
    }

    fn flown(&self, movement: &Movement) -> Vec<TimedMessage> {
        let mut messages = Vec::new();
        let late = movement.off_block - self.outcome.scheduled.0;
        if late >= WORTH_SAYING {
            let before = if movement.passed_on { 55 } else { 8 };
            let lines = format!("ED{}\nDL{}", day_time(movement.off_block), movement.code);
            messages.push(self.message(self.outcome.scheduled.0 - before, self.outcome.from, &lines));
        }
        messages.push(self.message(movement.airborne + 1, self.outcome.from, &self.departed(movement, late)));
        if let Some(instead) = movement.diverted {
            let lines = format!("DIV {}\nSI DEMO DIVERSION", self.iata(instead));
            messages.push(self.message(movement.landed - 25, self.outcome.to, &lines));
        } else {
            let lines = format!("AA{}/{}", day_time(movement.landed), day_time(movement.on_block));
            messages.push(self.message(movement.on_block + 1, self.outcome.to, &lines));
        }
        messages
    }

    fn departed(&self, movement: &Movement, late: i64) -> String {
        let (off, up) = (day_time(movement.off_block), day_time(movement.airborne));
        let code = match late {
            WORTH_SAYING.. => format!("\nDL{}/{:02}{:02}", movement.code, late / 60, late % 60),
            _ => String::new(),
        };
        let expected = time(movement.landed - (movement.landed % 3));
        format!("AD{off}/{up} EA{expected} {}{code}\nPX{}", self.iata(self.outcome.to), movement.passengers)
    }

    /// The flight is named by its scheduled date in UTC and the station where this happens.
    fn message(&self, at: i64, station: usize, lines: &str) -> TimedMessage {
        let Outcome { number, aircraft, scheduled, .. } = self.outcome;
        let day = super::calendar::date_of(scheduled.0.div_euclid(DAY)).day();
        let place = self.iata(station);
        let text = format!("MVT\n{CARRIER}{number}/{day:02}.{}.{place}\n{lines}", registration(*aircraft));
        TimedMessage { at: instant(at), text }
    }

    fn iata(&self, station: usize) -> &'static str {
        self.world.airports.get(station).map_or("XXX", |airport| airport.iata)
    }
}

fn time(minute: i64) -> String {
    let minute = minute.rem_euclid(DAY);
    format!("{:02}{:02}", minute / 60, minute % 60)
}

fn day_time(minute: i64) -> String {
    format!("{:02}{}", super::calendar::date_of(minute.div_euclid(DAY)).day(), time(minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_speaks_in_order() {
        let world = World::build(1, jiff::civil::date(2026, 11, 20), 30);
        let messages = world.movements(jiff::civil::date(2026, 11, 20));
        assert!((3700..=5200).contains(&messages.len()), "{}", messages.len());
        assert!(messages.is_sorted_by_key(|message| message.at));
        assert!(messages.iter().all(|message| message.text.is_ascii() && !message.text.contains("XXX")));
        for begins in ["MVT\nXI", "ASM\nUTC\nCNL "] {
            assert!(messages.iter().any(|message| message.text.starts_with(begins)));
        }
        for holds in ["\nAD", "\nAA", "\nED", "\nDL93", "\nPX"] {
            assert!(messages.iter().any(|message| message.text.contains(holds)), "{holds}");
        }
    }

    #[test]
    fn an_entry_has_its_time_and_its_end() {
        let message = TimedMessage {
            at: "2026-11-20T05:00:00Z".parse().unwrap(),
            text: "MVT\nXI1/20.QBAAA.AMS".to_owned(),
        };
        assert_eq!(message.to_string(), "@2026-11-20T05:00Z\nMVT\nXI1/20.QBAAA.AMS\n=\n");
    }
}
