//! What a page says when a price or a seat is gone: what happened, that nothing was charged, and the way back
//! to the search.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use booking_api::BookingError;

use crate::edge::{Shell, Stop, Visit};

#[derive(Template)]
#[template(path = "basket/gone.html")]
struct Gone {
    shell: Shell,
    title: &'static str,
    text: &'static str,
    search: String,
}

/// The page for an error that ends a purchase; every other error is the edge's.
pub(super) fn page(visit: &Visit, error: BookingError, search: &str) -> Result<HttpResponse, Stop> {
    let (title, text) = match error {
        BookingError::SoldOut => {
            ("These seats were just sold", "Somebody else took the last of them while you were deciding.")
        }
        BookingError::OfferExpired => (
            "This price is no longer on offer",
            "Prices are kept for a short while only. Search again for today's.",
        ),
        BookingError::NotForSale => {
            ("This flight is not for sale any more", "It was taken off sale or cancelled in the meantime.")
        }
        other => return Err(other.into()),
    };
    let page = Gone { shell: visit.shell(), title, text, search: search.to_owned() };
    visit.page_as(StatusCode::CONFLICT, &page)
}
