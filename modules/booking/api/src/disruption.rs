//! Disruption: what happens to the schedule after it was sold.

use jiff::Timestamp;
use kernel::{Ctx, Page, PageAsk};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BookingError, LegKey, OrderSummary};

kernel::interface! { "booking",
    /// Cancelled and delayed flights, and who is on them.
    pub trait Disruption {
        /// Operations cancels one dated leg: it is not sold any more, and its passengers' orders ask for action.
        #[command]
        async fn cancel_leg(&self, ctx: &Ctx, ask: CancelLeg) -> Result<Affected, BookingError>;
        /// Status tells what a movement message means for the schedule, keyed by message.
        #[command]
        async fn hear(&self, ctx: &Ctx, news: FlightNews) -> Result<(), BookingError>;
        /// Orders with a passenger on a leg, for staff.
        #[query]
        async fn on_leg(&self, ctx: &Ctx, ask: OnLeg) -> Result<Page<OrderSummary>, BookingError>;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelLeg {
    pub leg: LegKey,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Affected {
    pub leg: LegKey,
    pub orders: u32,
    pub passengers: u32,
}

/// What status has understood about one dated leg.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlightNews {
    pub leg: LegKey,
    pub what: News,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    Cancelled { reason: String },
    Reinstated,
    Estimated { departure: Option<Timestamp>, arrival: Option<Timestamp> },
    Retimed { departure: Timestamp, arrival: Timestamp },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OnLeg {
    pub leg: LegKey,
    #[serde(default)]
    pub page: PageAsk,
}
