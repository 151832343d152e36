//! How a total is made up. Search shows it and booking charges it, so both must call this one function.

use kernel::{Iata, Money, MoneyError, Party};

use crate::{
    Item, ItemKind,
    events::{Fare, TaxesChanged},
};

/// What a child pays of an adult's fare, in hundredths of a percent.
pub const CHILD_BASIS_POINTS: i64 = 7_500;
/// What a lap infant pays.
pub const INFANT_BASIS_POINTS: i64 = 1_000;

/// One direction, as far as its price depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedSlice<'a> {
    pub from: Iata,
    pub to: Iata,
    /// The country of each departure, in order.
    pub departure_countries: Vec<&'a str>,
    pub fare: &'a Fare,
}

/// The lines of one slice for a whole party: a base line per passenger type, and one tax line. Each line is rounded once, half up.
pub fn price(slice: &PricedSlice<'_>, taxes: &TaxesChanged, party: Party) -> Result<Vec<Item>, MoneyError> {
    let adult = slice.fare.amount;
    let types = [
        ("Adult", party.adults, 10_000),
        ("Child", party.children, CHILD_BASIS_POINTS),
        ("Infant", party.infants, INFANT_BASIS_POINTS),
    ];
    let mut items = Vec::with_capacity(4);
    for (word, count, points) in types.into_iter().filter(|(_, count, _)| *count > 0) {
        items.push(Item {
            kind: ItemKind::Base,
            title: format!("{count} × {word}, {} to {}, {}", slice.from, slice.to, slice.fare.family),
            amount: adult.basis_points(points)?.times(i64::from(count))?,
        });
    }
    let tax = tax(slice, taxes, party)?;
    if tax.minor != 0 {
        items.push(Item {
            kind: ItemKind::Tax,
            title: format!("Taxes, {} to {}", slice.from, slice.to),
            amount: tax,
        });
    }
    Ok(items)
}

/// The sum of the lines that [`price`] makes.
pub fn total(slice: &PricedSlice<'_>, taxes: &TaxesChanged, party: Party) -> Result<Money, MoneyError> {
    Money::sum(price(slice, taxes, party)?.into_iter().map(|item| item.amount), slice.fare.amount.currency)
}

fn tax(slice: &PricedSlice<'_>, taxes: &TaxesChanged, party: Party) -> Result<Money, MoneyError> {
    let currency = slice.fare.amount.currency;
    let per_passenger = slice.departure_countries.iter().filter_map(|country| tax_of(taxes, country));
    let same_currency = per_passenger.filter(|amount| amount.currency == currency);
    Money::sum(same_currency, currency)?.times(i64::from(party.seats()))
}

fn tax_of(taxes: &TaxesChanged, country: &str) -> Option<Money> {
    let find = |name: &str| taxes.by_country.iter().find(|(code, _)| code == name).map(|(_, amount)| *amount);
    find(country).or_else(|| find("*"))
}
