//! The lines of a file of bookings as they are written: JSON, one order or one sold count each.

use booking_api::{Contact, Passenger, PassengerType};
use jiff::{Timestamp, civil};
use kernel::{Designator, Iata, Locator, Money, PersonId};
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Order(WrittenOrder),
    Sold(Sold),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WrittenOrder {
    pub(super) locator: Locator,
    pub(super) created_at: Timestamp,
    /// The account that it belongs to, where that is known.
    #[serde(default)]
    pub(super) owner: Option<PersonId>,
    pub(super) contact: Contact,
    pub(super) passengers: Vec<WrittenPassenger>,
    pub(super) segments: Vec<WrittenSegment>,
    pub(super) total: Money,
    #[serde(default)]
    pub(super) tickets: Vec<WrittenTicket>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WrittenPassenger {
    pub(super) given_name: String,
    pub(super) family_name: String,
    /// May be empty.
    #[serde(default)]
    date_of_birth: Option<String>,
    #[serde(rename = "type", default = "adult")]
    kind: PassengerType,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WrittenSegment {
    pub(super) designator: Designator,
    pub(super) date: civil::Date,
    pub(super) from: Iata,
    pub(super) to: Iata,
    pub(super) class: char,
    #[serde(default)]
    pub(super) family: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WrittenTicket {
    pub(super) number: String,
    pub(super) passenger: usize,
    #[serde(default)]
    pub(super) coupons: Vec<WrittenCoupon>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct WrittenCoupon {
    pub(super) segment: usize,
    pub(super) status: char,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Sold {
    pub(super) designator: Designator,
    pub(super) date: civil::Date,
    pub(super) from: Iata,
    pub(super) to: Iata,
    pub(super) class: char,
    pub(super) count: u16,
}

/// Coupons that documents may have.
const STATUSES: &str = "OCLFERVS";
const MOST_PASSENGERS: usize = 18;
const MOST_SEGMENTS: usize = 16;

/// One line, checked as far as it can be without a schedule.
pub(super) fn read(line: &str) -> Result<Line, String> {
    let parsed: Line = serde_json::from_str(line).map_err(|error| in_words(&error))?;
    match &parsed {
        Line::Order(order) => order.check()?,
        Line::Sold(sold) => class(sold.class)?,
    }
    Ok(parsed)
}

/// Whether a file is of this kind: its first line is a JSON object with one of the two names.
pub(super) fn is_of_this_kind(first: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(first).is_ok_and(|value| {
        value.as_object().is_some_and(|object| object.contains_key("order") || object.contains_key("sold"))
    })
}

impl WrittenOrder {
    fn check(&self) -> Result<(), String> {
        if self.passengers.is_empty() || self.passengers.len() > MOST_PASSENGERS {
            return Err(format!("{} passengers instead of 1 to {MOST_PASSENGERS}", self.passengers.len()));
        }
        if self.segments.is_empty() || self.segments.len() > MOST_SEGMENTS {
            return Err(format!("{} segments instead of 1 to {MOST_SEGMENTS}", self.segments.len()));
        }
        if self.total.minor < 0 {
            return Err(format!("the total {} is below zero", self.total));
        }
        self.segments.iter().try_for_each(|segment| class(segment.class))?;
        self.passengers.iter().try_for_each(WrittenPassenger::check)?;
        self.tickets.iter().try_for_each(|ticket| ticket.check(self))
    }
}

impl WrittenPassenger {
    fn check(&self) -> Result<(), String> {
        if self.family_name.trim().is_empty() {
            return Err("a passenger has no family name".to_owned());
        }
        self.born().map(drop)
    }

    fn born(&self) -> Result<Option<civil::Date>, String> {
        let written = self.date_of_birth.as_deref().unwrap_or("").trim();
        if written.is_empty() {
            return Ok(None);
        }
        written
            .parse()
            .map(Some)
            .map_err(|_| format!("date of birth `{written}` is not a date such as 1980-12-31"))
    }

    pub(super) fn person(&self) -> Passenger {
        Passenger {
            kind: self.kind,
            given_name: self.given_name.trim().to_owned(),
            family_name: self.family_name.trim().to_owned(),
            date_of_birth: self.born().ok().flatten(),
        }
    }
}

impl WrittenTicket {
    fn check(&self, order: &WrittenOrder) -> Result<(), String> {
        let plain = self.number.len() == 13 && self.number.bytes().all(|b| b.is_ascii_digit());
        if !plain {
            return Err(format!("ticket number `{}` is not 13 digits", self.number));
        }
        if self.passenger >= order.passengers.len() {
            return Err(format!(
                "ticket {} names passenger {}, who is not there",
                self.number, self.passenger
            ));
        }
        match self.coupons.iter().find(|c| c.segment >= order.segments.len() || !STATUSES.contains(c.status))
        {
            Some(coupon) => Err(format!(
                "ticket {} has a coupon `{}` for segment {}",
                self.number, coupon.status, coupon.segment
            )),
            None => Ok(()),
        }
    }
}

fn class(letter: char) -> Result<(), String> {
    if letter.is_ascii_uppercase() {
        Ok(())
    } else {
        Err(format!("class `{letter}` is not a capital letter"))
    }
}

fn adult() -> PassengerType {
    PassengerType::Adult
}

/// Without the place in the line, which nobody counts.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line 1").next().unwrap_or(&text).to_owned()
}
