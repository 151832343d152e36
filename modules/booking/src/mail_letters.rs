//! What travellers are written about, and the values that each template needs.

use std::collections::BTreeMap;

use kernel::Locale;
use store::{DbError, Tx};

use crate::{
    mail,
    orders::{
        rows::OrderRow,
        sold::{segments, title},
    },
};

/// The tickets are issued.
pub(crate) fn confirmed(tx: &mut Tx<'_>, order: &OrderRow) -> Result<(), DbError> {
    let values = values(order, [("total", Locale::default().money(order.money(order.total)))]);
    mail::post(tx, &order.email.0, "order_confirmed", values)
}

/// The traveller, or somebody for them, has cancelled.
pub(crate) fn cancelled(tx: &mut Tx<'_>, order: &OrderRow, because: &str) -> Result<(), DbError> {
    let refund = Locale::default().money(order.money(order.refunded));
    let values = values(order, [("refund", refund), ("because", because.to_owned())]);
    mail::post(tx, &order.email.0, "order_cancelled", values)
}

/// The airline has cancelled a flight.
pub(crate) fn flight_cancelled(
    tx: &mut Tx<'_>,
    order: &OrderRow,
    flight: &str,
    reason: &str,
) -> Result<(), DbError> {
    let values = values(order, [("flight", flight.to_owned()), ("reason", reason.to_owned())]);
    mail::post(tx, &order.email.0, "flight_cancelled", values)
}

fn values<const N: usize>(order: &OrderRow, more: [(&str, String); N]) -> BTreeMap<String, String> {
    let slices = &order.slices.0;
    let first = segments(slices).next();
    let departs = first.map(|segment| {
        let (locale, local) = (Locale::default(), segment.departs_local);
        format!("{}, {}", locale.long_date(local.date()), locale.time(local.time()))
    });
    let flights: Vec<String> = segments(slices).map(|segment| segment.designator.to_string()).collect();
    let common = [
        ("locator", order.locator.0.to_string()),
        ("name", order.lead_name.clone()),
        ("route", title(slices)),
        ("departs", departs.unwrap_or_default()),
        ("flights", flights.join(", ")),
    ];
    common.into_iter().chain(more).map(|(key, value)| (key.to_owned(), value)).collect()
}
