//! Departure taxes. The figures are demo figures: round sums by country that show how a total is made up, not tariffs.

use booking_api::events::TaxesChanged;
use kernel::{Currency, Money, NewEvent};
use store::{DbError, Expected, Tx};

use super::rows;

/// Country and euro cents for each seated passenger and departure; `*` is everywhere else.
const DEMO: [(&str, i64); 16] = [
    ("AT", 1_200),
    ("BE", 1_000),
    ("CH", 1_600),
    ("DE", 1_950),
    ("DK", 900),
    ("ES", 800),
    ("FR", 1_250),
    ("GB", 2_150),
    ("IE", 700),
    ("IT", 1_050),
    ("JP", 1_400),
    ("NL", 2_940),
    ("PT", 750),
    ("SE", 850),
    ("US", 1_800),
    ("*", 1_100),
];

/// Publishes the demo figures, unless there are taxes already.
pub(crate) fn publish_first(tx: &mut Tx<'_>) -> Result<(), DbError> {
    if rows::has_taxes(tx.conn())? {
        return Ok(());
    }
    let amount = |(country, cents): (&str, i64)| (country.to_owned(), Money::new(cents, Currency::EUR));
    let taxes = TaxesChanged { by_country: DEMO.into_iter().map(amount).collect() };
    let now = tx.now();
    rows::put_taxes(tx.conn(), &taxes, now)?;
    tx.append("taxes", Expected::Any, NewEvent::new("taxes.changed", now, &taxes)).map(drop)
}
