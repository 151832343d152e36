//! The search interface: itineraries with prices, and airports by what people type. A read side: it has no
//! commands but the rebuilding of its own view.

use jiff::{Timestamp, civil};
use kernel::{
    Conditions, Ctx, Cursor, Designator, Fault, Iata, Money, Page, Party, ReaderStatus, ReadersAsk,
    ReplayReader,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::interface! { "search",
    /// What can be flown, and for how much.
    pub trait Search {
        /// Itineraries that leave on one local day: the Pareto set first, or the whole exact set.
        #[query]
        async fn itineraries(&self, ctx: &Ctx, ask: ItinerariesAsk) -> Result<Itineraries, SearchError>;
        /// Airports whose code, name or city matches what was typed, best first.
        #[query]
        async fn airports(&self, ctx: &Ctx, ask: AirportsAsk) -> Result<Vec<AirportHit>, SearchError>;
        /// How far the view is behind booking's log.
        #[query]
        async fn readers(&self, ctx: &Ctx, ask: ReadersAsk) -> Result<Vec<ReaderStatus>, SearchError>;
        /// Rebuilds the view from the beginning; the old one answers until the new one is whole.
        #[command]
        async fn replay(&self, ctx: &Ctx, ask: ReplayReader) -> Result<(), SearchError>;
    }
}

/// Which set is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Set {
    /// The exact Pareto set on (later departure, earlier arrival, fewer legs), at most 500.
    Pareto,
    /// The Pareto set first, then the rest that is sensible.
    #[default]
    Ranked,
}

/// How a page of results is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    #[default]
    Best,
    Price,
    Duration,
    Departure,
    Arrival,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ItinerariesAsk {
    pub from: Iata,
    pub to: Iata,
    /// The local day of departure.
    pub date: civil::Date,
    /// 1 to 3.
    #[serde(default = "three")]
    pub max_legs: u8,
    #[serde(default)]
    pub set: Set,
    /// Whether detours of more than 2.5 times the great circle are left out.
    #[serde(default = "yes")]
    pub circuity: bool,
    #[serde(default)]
    pub party: Party,
    /// `Y`, `W` or `J`; economy if absent.
    #[serde(default)]
    pub cabin: Option<char>,
    #[serde(default)]
    pub sort: Sort,
    /// Not before this instant: the return leg of a trip.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// 1 to 500; 50 if absent.
    #[serde(default)]
    pub limit: Option<u32>,
    #[serde(default)]
    pub after: Option<Cursor>,
}

fn three() -> u8 {
    3
}

fn yes() -> bool {
    true
}

impl ItinerariesAsk {
    pub fn new(from: Iata, to: Iata, date: civil::Date) -> Self {
        Self {
            from,
            to,
            date,
            max_legs: 3,
            set: Set::default(),
            circuity: true,
            party: Party::default(),
            cabin: None,
            sort: Sort::default(),
            not_before: None,
            limit: None,
            after: None,
        }
    }
}

/// A page of itineraries with what the filters need: how many there are by number of stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Itineraries {
    pub page: Page<Itinerary>,
    /// Counts of itineraries with 0, 1 and 2 stops, before `max_legs` is applied.
    #[serde(default)]
    pub by_stops: [u32; 3],
    pub from: Place,
    pub to: Place,
}

/// An airport as pages show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    pub iata: Iata,
    pub name: String,
    pub city: String,
    pub country: String,
    /// IANA name; `UTC` for a station that nobody knows.
    pub zone: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Itinerary {
    pub departs: Timestamp,
    pub arrives: Timestamp,
    pub duration_minutes: i64,
    pub pareto: bool,
    /// The cheapest family's total for the whole party; `None` when it is not for sale.
    #[serde(default)]
    pub price: Option<Money>,
    pub legs: Vec<Leg>,
    /// Cheapest first.
    #[serde(default)]
    pub families: Vec<FamilyPrice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Leg {
    pub designator: Designator,
    /// The flight's date: local, at its first station.
    pub date: civil::Date,
    pub from: Iata,
    pub to: Iata,
    pub departs: Timestamp,
    pub arrives: Timestamp,
    pub departs_local: civil::DateTime,
    pub arrives_local: civil::DateTime,
    /// City and zone for the page.
    pub from_city: String,
    pub to_city: String,
    pub departs_zone: String,
    pub arrives_zone: String,
    pub aircraft: String,
}

/// What one family costs for the whole party, with the sealed quote that booking turns into an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FamilyPrice {
    /// `Light`, `Standard`, `Flex`.
    pub family: String,
    pub total: Money,
    pub conditions: Conditions,
    /// Opaque; valid until `expires_at`.
    pub quote: String,
    pub expires_at: Timestamp,
    /// Seats that are left at this price, up to nine.
    pub seats_left: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AirportsAsk {
    pub q: String,
    /// 1 to 50.
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AirportHit {
    pub place: Place,
    /// Whether any flight in the timetable touches it.
    pub served: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum SearchError {
    #[error("`{0}` is not an airport that we know")]
    UnknownAirport(Iata),
    #[error("{0}")]
    Invalid(kernel::FieldErrors),
    #[error("there is no reader called `{0}`")]
    UnknownReader(String),
    #[error("this needs another role")]
    Forbidden,
    #[error(transparent)]
    Fault(#[from] Fault),
}
kernel::interface_error!(SearchError);
