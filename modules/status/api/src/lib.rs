//! The status interface: movement messages in; boards, flights and their changes out.

mod file;

pub use file::MovementFile;

use jiff::{Timestamp, civil};
use kernel::{
    Ctx, Cursor, Designator, Fault, FeedAfter, FeedBatch, FeedError, Iata, Page, PageAsk, ReaderStatus,
    ReadersAsk, ReplayReader,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::interface! { "status",
    /// What flights are really doing.
    pub trait Status {
        /// Takes movement messages (MVT, ASM, SSM) in order of receipt. Messages taken before are duplicates and change nothing.
        #[command]
        async fn take(&self, ctx: &Ctx, messages: Movements) -> Result<IntakeReport, StatusError>;
        /// One dated flight with the live state of every leg; `None` if it is in no schedule.
        #[query]
        async fn flight(&self, ctx: &Ctx, of: FlightOf) -> Result<Option<FlightStatus>, StatusError>;
        /// The departures or arrivals of one airport.
        #[query]
        async fn board(&self, ctx: &Ctx, ask: BoardAsk) -> Result<Board, StatusError>;
        /// Messages that could not be read or matched, newest first; for operations.
        #[query]
        async fn dead_letters(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<DeadLetter>, StatusError>;
        /// The event log: `flight.status_changed`, whose payload is a [`StatusChange`].
        #[feed]
        async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError>;
        /// How far the boards are behind their logs.
        #[query]
        async fn readers(&self, ctx: &Ctx, ask: ReadersAsk) -> Result<Vec<ReaderStatus>, StatusError>;
        /// Rebuilds the boards from the beginning.
        #[command]
        async fn replay(&self, ctx: &Ctx, ask: ReplayReader) -> Result<(), StatusError>;
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Movements {
    pub messages: Vec<RawMessage>,
}

/// One message as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RawMessage {
    pub received_at: Timestamp,
    pub text: String,
    /// The line of the file it began on, for the report; 0 elsewhere.
    #[serde(default)]
    pub line: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IntakeReport {
    pub accepted: u32,
    pub duplicates: u32,
    pub refused: Vec<Remark>,
    pub warnings: Vec<Remark>,
}

/// Something to tell about one line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remark {
    pub line: u32,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlightOf {
    pub designator: Designator,
    /// Local date of departure at the first station.
    pub date: civil::Date,
}

/// The movement state of a leg, from messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    Scheduled,
    OffBlock,
    Airborne,
    Landed,
    OnBlock,
    Cancelled,
    Diverted,
    Returned,
}

/// What the clock and estimates add while the aircraft is still at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Delayed,
    CheckIn,
    Boarding,
    FinalCall,
    GateClosed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlightStatus {
    pub designator: Designator,
    pub date: civil::Date,
    pub legs: Vec<LegStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegStatus {
    pub from: Station,
    pub to: Station,
    pub state: LegState,
    #[serde(default)]
    pub phase: Option<Phase>,
    pub scheduled: Times,
    pub estimated: EstimatedTimes,
    pub actual: ActualTimes,
    #[serde(default)]
    pub registration: Option<String>,
    #[serde(default)]
    pub aircraft: Option<String>,
    #[serde(default)]
    pub delay_codes: Vec<String>,
    /// The delay codes in plain words.
    #[serde(default)]
    pub reasons: Vec<String>,
    #[serde(default)]
    pub gate: Option<String>,
    /// Where a diverted flight goes instead.
    #[serde(default)]
    pub diverted_to: Option<Iata>,
    /// When more will be said.
    #[serde(default)]
    pub next_information: Option<Timestamp>,
    /// Passengers on board, as the departure message said.
    #[serde(default)]
    pub on_board: Option<u32>,
    /// Rises with each change.
    #[serde(default)]
    pub version: i64,
}

/// An airport with what is needed to show its local time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Station {
    pub iata: Iata,
    pub name: String,
    pub city: String,
    /// IANA name; `UTC` for a station that nobody knows.
    pub zone: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    pub departure: Timestamp,
    pub arrival: Timestamp,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EstimatedTimes {
    #[serde(default)]
    pub departure: Option<Timestamp>,
    #[serde(default)]
    pub arrival: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActualTimes {
    #[serde(default)]
    pub off_block: Option<Timestamp>,
    #[serde(default)]
    pub airborne: Option<Timestamp>,
    #[serde(default)]
    pub landed: Option<Timestamp>,
    #[serde(default)]
    pub on_block: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    Departures,
    Arrivals,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoardAsk {
    pub airport: Iata,
    pub direction: Direction,
    /// The local day; around now (from an hour ago) if absent.
    #[serde(default)]
    pub date: Option<civil::Date>,
    /// 1 to 500.
    pub limit: u32,
    #[serde(default)]
    pub after: Option<Cursor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Board {
    pub airport: Station,
    pub direction: Direction,
    pub rows: Page<BoardRow>,
    /// Rises with each change at this airport; `log_id:seq` of the last one read.
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BoardRow {
    pub designator: Designator,
    pub date: civil::Date,
    pub leg: LegStatus,
}

/// The payload of `flight.status_changed`: the leg as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StatusChange {
    pub designator: Designator,
    pub date: civil::Date,
    pub leg: LegStatus,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    pub id: String,
    pub received_at: Timestamp,
    pub text: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum StatusError {
    #[error("`{0}` is not an airport that we know")]
    UnknownAirport(Iata),
    #[error("there is no reader called `{0}`")]
    UnknownReader(String),
    #[error("this needs another role")]
    Forbidden,
    #[error("this key was used for something else")]
    KeyReused,
    #[error(transparent)]
    Fault(#[from] Fault),
}
kernel::interface_error!(StatusError);
