//! The payloads of booking's feed that other modules build their views from. The schedule travels as it is
//! written, in periods; nobody gets a row per day.

use jiff::{Timestamp, civil};
use kernel::{Carrier, Conditions, Designator, Iata, Locator, Money, PersonId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LegKey;

/// `schedule.loaded`: one season flight. A later one with the same `key` replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeasonFlight {
    /// Unique in the schedule; the stream is `season/{key}`.
    pub key: String,
    pub designator: Designator,
    /// First and last base date. A base date is the date at the first station in the file's time mode.
    pub from: civil::Date,
    pub to: civil::Date,
    /// Bit 0 is Monday.
    pub days: u8,
    /// Only every second week, counted from `from`.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub fortnightly: bool,
    /// SSIM service type; sold to passengers: J S G B C Q R L U.
    pub service: char,
    pub legs: Vec<SeasonLeg>,
    /// Whether this is another carrier's flight under our number.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub codeshare: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeasonLeg {
    pub from: Iata,
    pub to: Iata,
    /// Minutes after the base date's midnight **in UTC**, by passenger times; the arrival is later.
    pub departs: i32,
    pub arrives: i32,
    /// Minutes east of UTC that the file gave: for stations whose zone nobody knows.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub departs_offset: i32,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub arrives_offset: i32,
    /// Days from the base date to the flight's date (its local date at the first station). The same on every leg.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub date_shift: i8,
    pub aircraft: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from_terminal: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to_terminal: String,
    /// `D`, `I`, or blank: the status for connecting times at departure and arrival.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_status: Option<char>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_status: Option<char>,
    /// SSIM bytes 150–160 without trailing blanks: place n restricts the n-th following off point.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub restrictions: String,
    /// Seats by cabin letter, highest cabin first.
    pub seats: Vec<(char, u32)>,
    /// Availability of an untouched dated leg: (class, seats), highest class first.
    pub open: Vec<(char, u32)>,
}

/// `schedule.withdrawn`: this season flight is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeasonFlightWithdrawn {
    pub key: String,
}

/// `fares.changed`: all fares of one origin and destination, replacing those before. Stream `fares/AMS-LHR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaresChanged {
    pub from: Iata,
    pub to: Iata,
    pub fares: Vec<Fare>,
}

/// What one adult pays for one direction, before taxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fare {
    pub class: char,
    pub family: String,
    pub amount: Money,
    /// Days of departure (local) on which it holds.
    pub valid_from: civil::Date,
    pub valid_to: civil::Date,
    pub conditions: Conditions,
}

/// `taxes.changed`: what a departure from a country adds per seated passenger. Stream `taxes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxesChanged {
    /// ISO 3166 alpha-2, and the amount; `*` for all others.
    pub by_country: Vec<(String, Money)>,
}

/// `connecting_times.changed`: the whole table. Stream `connecting-times`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectingTimes {
    /// Minutes where nothing else says, by (arriving, departing) status: DD, DI, ID, II.
    pub defaults: [u16; 4],
    pub airports: Vec<(Iata, u16)>,
    pub carriers: Vec<CarrierConnectingTime>,
}

impl Default for ConnectingTimes {
    fn default() -> Self {
        Self { defaults: [30, 60, 90, 90], airports: Vec::new(), carriers: Vec::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CarrierConnectingTime {
    /// `None`: at any airport.
    pub airport: Option<Iata>,
    pub from: Carrier,
    pub to: Carrier,
    pub minutes: u16,
}

/// `inventory.changed`: what can be sold on one dated leg now. Stream `leg/{designator}/{date}/{from}-{to}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InventoryChanged {
    pub leg: LegKey,
    /// (class, seats), highest class first; absolute, not a difference.
    pub open: Vec<(char, u32)>,
}

/// `flight.cancelled`, `flight.reinstated`: one dated leg does not fly, or does again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegCancelled {
    pub leg: LegKey,
    #[serde(default)]
    pub reason: String,
}

/// `flight.schedule_changed`: one dated leg flies at other times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegRetimed {
    pub leg: LegKey,
    pub departs: Timestamp,
    pub arrives: Timestamp,
}

/// `order.confirmed`, `order.ticketed`, `order.cancelled`, …: what other modules may know of an order. Stream `order/{locator}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderFact {
    pub locator: Locator,
    #[serde(default)]
    pub owner: Option<PersonId>,
    pub state: crate::OrderState,
    /// Such as `Amsterdam to London`.
    pub title: String,
    pub departs: Timestamp,
    pub total: Money,
}

/// What a reader takes for granted is not written: a schedule has many thousand flights.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The cabin that a booking class or a configuration letter belongs to by custom: F, J, W or Y.
pub fn usual_cabin(letter: char) -> char {
    match letter {
        'F' | 'A' | 'P' => 'F',
        'J' | 'C' | 'D' | 'I' | 'Z' => 'J',
        'W' | 'E' => 'W',
        _ => 'Y',
    }
}

impl SeasonLeg {
    /// The cabin in which this leg sells a class; `None` if it has no such cabin.
    pub fn cabin_of(&self, class: char) -> Option<char> {
        let cabin = usual_cabin(class);
        self.seats.iter().any(|(letter, _)| *letter == cabin).then_some(cabin)
    }

    /// The untouched levels of each cabin: its letter, its seats, and (class, seats) from the highest class down.
    pub fn by_cabin(&self) -> impl Iterator<Item = (char, u32, Vec<(char, u32)>)> + '_ {
        self.seats.iter().map(|(cabin, seats)| {
            let classes =
                self.open.iter().filter(|(class, _)| usual_cabin(*class) == *cabin).copied().collect();
            (*cabin, *seats, classes)
        })
    }
}

impl SeasonFlight {
    /// Whether the flight has this base date.
    pub fn flies_on(&self, base: civil::Date) -> bool {
        let weekday = base.weekday().to_monday_zero_offset();
        let within = self.from <= base && base <= self.to;
        within && self.days & (1 << weekday) != 0 && (!self.fortnightly || self.weeks_in(base) % 2 == 0)
    }

    fn weeks_in(&self, base: civil::Date) -> i32 {
        self.from.until(base).map_or(0, |span| span.get_days() / 7)
    }
}
