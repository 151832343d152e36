//! The shop: a sealed quote becomes a priced, expiring offer in a basket; a basket becomes an order.
//! A basket's id is 122 random bits and is the right to use it, as the cookie that holds it is sealed.

use jiff::{Timestamp, civil};
use kernel::{Conditions, Ctx, Money, Party};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BookingError, Order, PaymentIntent, Segment};

kernel::interface! { "booking",
    /// From a chosen price to an order that waits for money.
    pub trait Shop {
        /// Prices one or two sealed quotes (there, and back) again and puts the offer into a new basket.
        #[command]
        async fn open_basket(&self, ctx: &Ctx, choice: Choice) -> Result<Basket, BookingError>;
        #[query]
        async fn basket(&self, ctx: &Ctx, of: BasketOf) -> Result<Basket, BookingError>;
        /// Keeps who travels. Field names in errors: `passengers.N.given_name`, `…family_name`, `…date_of_birth`, `email`, `phone`.
        #[command]
        async fn put_passengers(&self, ctx: &Ctx, put: PutPassengers) -> Result<Basket, BookingError>;
        /// Prices once more, holds the seats for 15 minutes and makes the order and its payment intent.
        /// A changed price or a lost seat makes no order.
        #[command]
        async fn check_out(&self, ctx: &Ctx, ask: CheckOut) -> Result<CheckedOut, BookingError>;
    }
}

kernel::id!(
    /// A basket.
    BasketId
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choice {
    /// Sealed quotes, in order of travel.
    pub quotes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BasketOf {
    pub id: BasketId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Basket {
    pub id: BasketId,
    pub offer: Offer,
    /// As far as they were typed in; one per traveller of the party.
    pub passengers: Vec<Passenger>,
    #[serde(default)]
    pub contact: Option<Contact>,
    /// The order that it became.
    #[serde(default)]
    pub order: Option<kernel::Locator>,
}

/// A priced promise with an expiry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// One per direction.
    pub slices: Vec<Slice>,
    pub party: Party,
    pub items: Vec<Item>,
    pub total: Money,
    pub expires_at: Timestamp,
}

/// One direction of a trip, with the fare it is sold at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slice {
    pub segments: Vec<Segment>,
    pub family: String,
    pub cabin: char,
    pub conditions: Conditions,
}

/// One priced line. All lines of an order add up to its total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    pub kind: ItemKind,
    /// In plain words, such as `Adult, AMS to LHR, Standard`.
    pub title: String,
    pub amount: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    Base,
    Tax,
    Fee,
    Extra,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PassengerType {
    Adult,
    Child,
    Infant,
}

/// A traveller as typed, before and after the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Passenger {
    #[serde(rename = "type")]
    pub kind: PassengerType,
    pub given_name: String,
    pub family_name: String,
    /// `None` until it is known; required for children and infants.
    #[serde(default)]
    pub date_of_birth: Option<civil::Date>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    pub email: kernel::Email,
    #[serde(default)]
    pub phone: String,
}

/// Everything that the passengers form holds, as typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PutPassengers {
    pub basket: BasketId,
    pub passengers: Vec<TypedPassenger>,
    pub email: String,
    pub phone: String,
}

/// In the order of the party: adults, children, infants. The date of birth is ISO 8601, as date fields send it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TypedPassenger {
    pub given_name: String,
    pub family_name: String,
    pub date_of_birth: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckOut {
    pub basket: BasketId,
    /// The total that the traveller saw and agreed to.
    pub agreed: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckedOut {
    pub order: Order,
    pub payment: PaymentIntent,
}
