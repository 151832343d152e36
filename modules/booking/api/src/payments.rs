//! Payments: one intent per order, behind a provider. The sandbox provider is embedded, and its page is the
//! portal's; a card number travels from there to the provider and is never stored.

use jiff::Timestamp;
use kernel::{Ctx, Locator, Money, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::BookingError;

kernel::interface! { "booking",
    /// Money in, by intents.
    pub trait Payments {
        /// One intent: its amount, order and state. The id is unguessable and is the right to pay it.
        #[query]
        async fn intent(&self, ctx: &Ctx, of: IntentOf) -> Result<PaymentIntent, BookingError>;
        /// The sandbox provider's card form. 4242… approves, …0002 declines, …3155 asks, …0341 takes its time.
        #[command]
        async fn pay(&self, ctx: &Ctx, card: SandboxCard) -> Result<PaymentIntent, BookingError>;
        /// The answer to the sandbox provider's question.
        #[command]
        async fn answer(&self, ctx: &Ctx, answer: ChallengeAnswer) -> Result<PaymentIntent, BookingError>;
    }
}

kernel::id!(
    /// A payment intent.
    IntentId
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IntentOf {
    pub id: IntentId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentIntent {
    pub id: IntentId,
    pub locator: Locator,
    pub amount: Money,
    pub state: IntentState,
    /// Why the last try failed, in plain words.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Until when the seats are held.
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntentState {
    RequiresPaymentMethod,
    RequiresAction,
    Processing,
    Succeeded,
    Canceled,
}

/// What was typed into the provider's page. Field names in errors: `number`, `expiry`, `code`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SandboxCard {
    pub intent: IntentId,
    pub number: Secret,
    /// `MM/YY`.
    pub expiry: String,
    pub code: Secret,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChallengeAnswer {
    pub intent: IntentId,
    pub approve: bool,
}
