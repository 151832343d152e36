//! The schedule: what flies when, as published, with the places it touches.

use jiff::{Timestamp, civil};
use kernel::{Ctx, Designator, FeedAfter, FeedBatch, FeedError, Iata, Page, PageAsk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BookingError, ImportReport, ImportText};

kernel::interface! { "booking",
    /// The published schedule, fares and inventory, and the feed of everything that booking did.
    pub trait Schedule {
        /// Reads an SSIM chapter 7 file. A later file replaces its carriers' flights inside its validity.
        #[command]
        async fn import_schedule(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError>;
        /// Reads a CSV of fares.
        #[command]
        async fn import_fares(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError>;
        /// Reads a CSV of connecting times.
        #[command]
        async fn import_connecting_times(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError>;
        /// Reads JSON lines of existing orders and sold counts. Nothing is done twice.
        #[command]
        async fn import_bookings(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError>;
        /// Every airport that booking knows (thousands: ask once and keep them).
        #[query]
        async fn airports(&self, ctx: &Ctx, ask: AllAirports) -> Result<Vec<Airport>, BookingError>;
        /// One dated flight as scheduled; `None` if it is not in the schedule.
        #[query]
        async fn dated_flight(&self, ctx: &Ctx, of: DatedFlightOf) -> Result<Option<DatedFlight>, BookingError>;
        /// Dated legs of one day with their counters, for staff.
        #[query]
        async fn flights(&self, ctx: &Ctx, ask: FlightsAsk) -> Result<Page<FlightRow>, BookingError>;
        /// The counters of one dated leg, class by class, for staff.
        #[query]
        async fn inventory(&self, ctx: &Ctx, of: LegKey) -> Result<LegInventory, BookingError>;
        /// Booking's event log. Payloads are in `booking_api::events`.
        #[feed]
        async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError>;
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AllAirports {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Airport {
    pub iata: Iata,
    pub name: String,
    pub city: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// IANA time zone name.
    pub zone: String,
}

/// One leg of one dated flight. `date` is the flight's: local, at its first station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct LegKey {
    pub designator: Designator,
    pub date: civil::Date,
    pub from: Iata,
    pub to: Iata,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatedFlightOf {
    pub designator: Designator,
    pub date: civil::Date,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatedFlight {
    pub designator: Designator,
    pub date: civil::Date,
    pub legs: Vec<DatedLeg>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatedLeg {
    pub key: LegKey,
    pub departs: Timestamp,
    pub arrives: Timestamp,
    pub departs_local: civil::DateTime,
    pub arrives_local: civil::DateTime,
    pub aircraft: String,
    #[serde(default)]
    pub cancelled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlightsAsk {
    /// Local date of departure at the first station.
    pub date: civil::Date,
    /// Part of a designator, or an airport code.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub page: PageAsk,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlightRow {
    pub leg: DatedLeg,
    /// Physical seats over all cabins.
    pub seats: u32,
    pub sold: u32,
    pub held: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegInventory {
    pub leg: DatedLeg,
    pub cabins: Vec<CabinCounters>,
    /// Highest class first within each cabin.
    pub classes: Vec<ClassCounters>,
    /// Orders with a passenger on it.
    pub orders: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CabinCounters {
    pub cabin: char,
    pub seats: u32,
    /// What may be sold in all: overbooking is by this level.
    pub authorised: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClassCounters {
    pub cabin: char,
    pub class: char,
    /// 0 is the highest.
    pub rank: u32,
    pub authorised: u32,
    pub sold: u32,
    pub held: u32,
    /// Seats that can be sold in this class now.
    pub available: u32,
}
