//! An offer: journeys priced with the seats that are open in this very transaction.

use booking_api::{BookingError, Item, Offer, QuotedSegment, Slice, events::TaxesChanged};
use jiff::Timestamp;
use kernel::{Money, Party};
use serde::{Deserialize, Serialize};
use store::Conn;

use super::{
    journey::{Journey, Wanted},
    rules::{self, Bought, Priced},
};
use crate::{
    failed::Failed,
    orders::sold::{SoldLeg, SoldSlice},
};

/// An offer as the basket keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptOffer {
    pub(crate) slices: Vec<SoldSlice>,
    pub(crate) party: Party,
    pub(crate) items: Vec<Item>,
    pub(crate) total: Money,
    pub(crate) expires_at: Timestamp,
}

/// What an offer is made from.
pub(crate) struct Basis {
    /// One per direction.
    pub(crate) journeys: Vec<Journey>,
    pub(crate) taxes: TaxesChanged,
    pub(crate) party: Party,
    pub(crate) expires_at: Timestamp,
}

impl Basis {
    /// Prices everything; `promised` is the offer that the traveller has seen.
    pub(crate) fn offer(&self, conn: &mut Conn, promised: Option<&KeptOffer>) -> Result<KeptOffer, Failed> {
        let mut slices = Vec::with_capacity(self.journeys.len());
        let mut items = Vec::new();
        for (nth, journey) in self.journeys.iter().enumerate() {
            let seen = promised.and_then(|offer| offer.slices.get(nth));
            let bought = self.buy(conn, journey, seen)?;
            slices.push(journey.sold(&bought));
            items.extend(bought.items);
        }
        let currency = items.first().ok_or(BookingError::NotForSale)?.amount.currency;
        let total = Money::sum(items.iter().map(|item| item.amount), currency)?;
        Ok(KeptOffer { slices, party: self.party, items, total, expires_at: self.expires_at })
    }

    fn buy(&self, conn: &mut Conn, journey: &Journey, seen: Option<&SoldSlice>) -> Result<Bought, Failed> {
        let open = journey.open(conn)?;
        let priced = journey.priced(&open).ok_or(BookingError::NotForSale)?;
        let promised = seen.and_then(|slice| Some((slice.legs.first()?.class, slice.charged)));
        Ok(rules::buy(&Priced { promised, ..priced }, &self.taxes, self.party)?)
    }
}

impl Journey {
    fn sold(&self, bought: &Bought) -> SoldSlice {
        let class = bought.fare.class;
        let mut segments = self.segments.clone();
        for segment in &mut segments {
            segment.class = class;
        }
        SoldSlice {
            slice: Slice {
                segments,
                family: self.family.clone(),
                cabin: self.cabin,
                conditions: bought.fare.conditions.clone(),
            },
            charged: bought.total,
            legs: self.legs.iter().map(|leg| SoldLeg { class, ..leg.sold }).collect(),
        }
    }
}

impl KeptOffer {
    /// The questions by which its journeys are found again.
    pub(crate) fn wanted(&self) -> Vec<Wanted> {
        self.slices.iter().map(|sold| Wanted::from(&sold.slice)).collect()
    }

    pub(crate) fn shown(&self) -> Offer {
        Offer {
            slices: self.slices.iter().map(|sold| sold.slice.clone()).collect(),
            party: self.party,
            items: self.items.clone(),
            total: self.total,
            expires_at: self.expires_at,
        }
    }
}

impl From<&Slice> for Wanted {
    fn from(slice: &Slice) -> Self {
        let quoted = slice.segments.iter().map(|segment| QuotedSegment {
            designator: segment.designator,
            date: segment.date,
            from: segment.from,
            to: segment.to,
            class: segment.class,
        });
        Self { segments: quoted.collect(), cabin: slice.cabin, family: slice.family.clone() }
    }
}
