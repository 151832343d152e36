//! Orders and counts that were sold elsewhere, with their flights found in the schedule: what is handed to the rooms that
//! keep orders and inventory.

use booking_api::{Contact, LegKey, Passenger};
use jiff::Timestamp;
use kernel::{Locator, Money, PersonId};

use crate::{
    inventory::{GroupBlock, Levels},
    orders::sold::SoldSlice,
};

/// A ticketed order from elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct TakenOrder {
    pub(crate) line: u32,
    pub(crate) locator: Locator,
    pub(crate) created_at: Timestamp,
    pub(crate) owner: Option<PersonId>,
    pub(crate) contact: Contact,
    pub(crate) passengers: Vec<Passenger>,
    /// In order of travel; what the slices are charged adds up to the total.
    pub(crate) slices: Vec<SoldSlice>,
    pub(crate) total: Money,
    pub(crate) tickets: Vec<TakenTicket>,
    /// The levels of each leg of the slices.
    pub(crate) levels: Vec<(LegKey, Levels)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenTicket {
    /// Thirteen digits.
    pub(crate) number: String,
    /// The passenger's place in the order.
    pub(crate) passenger: usize,
    pub(crate) coupons: Vec<TakenCoupon>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TakenCoupon {
    /// The segment's place in the order, over all slices.
    pub(crate) segment: usize,
    pub(crate) status: char,
}

/// Seats sold without names.
#[derive(Debug, Clone)]
pub(crate) struct TakenBlock {
    pub(crate) block: GroupBlock,
    pub(crate) levels: Levels,
}
