//! Trips that a visitor has shown to know, by reference and family name, or has just bought: kept in a sealed
//! cookie. Booking is told the name each time, so a cookie opens no more than the name does.

use actix_web::{HttpResponse, cookie::time::Duration};
use booking_api::OrderOf;
use kernel::Locator;
use serde::{Deserialize, Serialize};

use crate::edge::{Stop, Visit};

const COOKIE: &str = "found_trips";
const MOST: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Found(Locator, String);

/// Lets this visitor open a trip from now on.
pub(crate) fn grant(
    visit: &Visit,
    response: HttpResponse,
    locator: Locator,
    family_name: String,
) -> HttpResponse {
    let mut all = found(visit);
    all.retain(|known| known.0 != locator);
    all.insert(0, Found(locator, family_name));
    all.truncate(MOST);
    visit.with_cookie(response, visit.portal.seal.cookie(COOKIE, &all, Some(Duration::days(1))))
}

/// The trip of this path, with the proof that this visitor has, if any.
pub(super) fn order_of(visit: &Visit, locator: &str) -> Result<OrderOf, Stop> {
    let locator: Locator = locator.parse().map_err(|_| Stop::NotFound)?;
    let family_name = found(visit).into_iter().find(|known| known.0 == locator).map(|known| known.1);
    Ok(OrderOf { locator, family_name })
}

fn found(visit: &Visit) -> Vec<Found> {
    visit.portal.seal.read(visit.request(), COOKIE).unwrap_or_default()
}
