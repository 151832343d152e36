//! What a traveller buys, as both the seller and the searcher must understand it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FieldErrors, Money};

/// Passengers by type. Lap infants hold no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Party {
    pub adults: u8,
    #[serde(default)]
    pub children: u8,
    #[serde(default)]
    pub infants: u8,
}

impl Party {
    pub const MOST_SEATS: u8 = 9;

    /// At least one adult, at most nine seats, no more lap infants than adults.
    pub fn check(self) -> Result<(), FieldErrors> {
        let mut errors = FieldErrors::default();
        if self.adults == 0 {
            errors.push("adults", "At least one adult must travel");
        }
        if self.adults.saturating_add(self.children) > Self::MOST_SEATS {
            errors.push("adults", "At most nine seats in one booking");
        }
        if self.infants > self.adults {
            errors.push("infants", "Each infant needs an adult's lap");
        }
        errors.check()
    }

    /// Seats that are needed: adults and children.
    pub fn seats(self) -> u8 {
        self.adults.saturating_add(self.children)
    }

    pub fn people(self) -> u8 {
        self.seats().saturating_add(self.infants)
    }
}

impl Default for Party {
    fn default() -> Self {
        Self { adults: 1, children: 0, infants: 0 }
    }
}

/// The three things that differ between fare families.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Conditions {
    /// `None`: no changes. Zero: free. Per passenger.
    #[serde(default)]
    pub change_fee: Option<Money>,
    /// `None`: no refund. Zero: everything comes back. Else what is kept, per passenger.
    #[serde(default)]
    pub refund_fee: Option<Money>,
    /// Checked bags that are included.
    #[serde(default)]
    pub bags: u8,
}
