//! Fares and taxes as booking told them, and the families that are open on a journey.

use std::{collections::HashMap, sync::Arc};

use booking_api::{
    events::{Fare, FaresChanged, TaxesChanged, usual_cabin},
    pricing::{self, PricedSlice},
};
use jiff::civil;
use kernel::{Iata, Money, Party};

use crate::classes::seats_in;

#[derive(Debug, Clone)]
pub(crate) struct Prices {
    fares: HashMap<(Iata, Iata), Arc<[Fare]>>,
    taxes: Arc<TaxesChanged>,
}

impl Default for Prices {
    fn default() -> Self {
        Self { fares: HashMap::new(), taxes: Arc::new(TaxesChanged { by_country: Vec::new() }) }
    }
}

impl Prices {
    pub(crate) fn change_fares(&mut self, change: FaresChanged) {
        let pair = (change.from, change.to);
        if change.fares.is_empty() {
            self.fares.remove(&pair);
        } else {
            self.fares.insert(pair, change.fares.into());
        }
    }

    pub(crate) fn change_taxes(&mut self, change: TaxesChanged) {
        self.taxes = Arc::new(change);
    }

    /// What may be sold between two airports on a local day in one cabin.
    pub(crate) fn slice(&self, question: &SliceAsk) -> SlicePrices<'_> {
        let fares = self.fares.get(&(question.from, question.to)).map_or(&[][..], AsRef::as_ref);
        let fits = |fare: &&Fare| {
            fare.valid_from <= question.date
                && question.date <= fare.valid_to
                && usual_cabin(fare.class) == question.cabin
        };
        let mut fares: Vec<&Fare> = fares.iter().filter(fits).collect();
        fares.sort_by_key(|fare| (fare.amount.minor, fare.class));
        SlicePrices { fares, taxes: &self.taxes, question: question.clone() }
    }
}

/// Whom and what a price is for.
#[derive(Debug, Clone)]
pub(crate) struct SliceAsk {
    pub(crate) from: Iata,
    pub(crate) to: Iata,
    pub(crate) date: civil::Date,
    pub(crate) cabin: char,
    pub(crate) party: Party,
}

/// The fares of one question, cheapest first.
pub(crate) struct SlicePrices<'a> {
    fares: Vec<&'a Fare>,
    taxes: &'a TaxesChanged,
    question: SliceAsk,
}

/// The cheapest open class of one family.
pub(crate) struct Open<'a> {
    pub(crate) fare: &'a Fare,
    pub(crate) total: Money,
    pub(crate) seats: u8,
}

impl<'a> SlicePrices<'a> {
    /// One entry per family, cheapest first. `legs` are the open classes of each leg, `countries` those of each departure.
    pub(crate) fn families(&self, legs: &[&[(u8, u8)]], countries: &[&str]) -> Vec<Open<'a>> {
        let mut open: Vec<Open<'a>> = Vec::new();
        for fare in &self.fares {
            let known = open.iter().any(|family| family.fare.family == fare.family);
            let seats = legs.iter().map(|classes| seats_in(classes, fare.class)).min().unwrap_or(0);
            if known || seats == 0 || seats < self.question.party.seats() {
                continue;
            }
            if let Some(total) = self.total(fare, countries) {
                open.push(Open { fare, total, seats });
            }
        }
        open
    }

    fn total(&self, fare: &Fare, countries: &[&str]) -> Option<Money> {
        let departure_countries = countries.to_vec();
        let slice = PricedSlice { from: self.question.from, to: self.question.to, departure_countries, fare };
        pricing::total(&slice, self.taxes, self.question.party).ok()
    }
}
