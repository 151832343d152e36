//! Booking's interfaces. Booking stays whole, so they are several faces of one module: the schedule, the
//! shop (quotes become offers and baskets), orders, payments and disruption. It calls nobody; what it did
//! flows out of its feed, whose payloads are in [`events`].

mod disruption;
pub mod events;
mod imports;
mod orders;
mod payments;
pub mod pricing;
mod quote;
mod schedule;
mod shop;

pub use disruption::*;
pub use imports::*;
pub use orders::*;
pub use payments::*;
pub use quote::*;
pub use schedule::*;
pub use shop::*;

use kernel::{Fault, FieldErrors, Money};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What booking may answer instead of the thing asked for. One enum for all its interfaces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum BookingError {
    /// Missing, or somebody else's: the two are one answer.
    #[error("there is no such booking, basket or payment")]
    NotFound,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The quote or offer is too old, or was not made by us.
    #[error("this price is no longer on offer; search again")]
    OfferExpired,
    /// Consent is needed: this is what it costs now.
    #[error("the price has changed to {0}")]
    PriceChanged(Money),
    #[error("these seats were sold in the meantime")]
    SoldOut,
    #[error("this flight is not for sale")]
    NotForSale,
    /// The order is in a state that does not allow this; the text says which.
    #[error("{0}")]
    NotNow(String),
    #[error("this needs another role")]
    Forbidden,
    #[error("this key was used for something else")]
    KeyReused,
    #[error("too many tries; wait {0} seconds")]
    SlowDown(u32),
    #[error(transparent)]
    Fault(#[from] Fault),
}
kernel::interface_error!(BookingError);
