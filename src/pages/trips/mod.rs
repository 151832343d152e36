//! Trips: finding one by reference and family name, seeing everything about it on one page, its receipt and its
//! calendar file, and giving it back.

mod calendar;
mod cancellation;
mod find;
mod found;
mod live;
mod notes;
mod receipt;
mod state;
mod trip;

use actix_web::web::{ServiceConfig, get, post, resource};
use booking_api::{BookingError, Order, OrderOf};

pub(crate) use found::grant;

use crate::edge::{Stop, Visit};

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource(["/trips", "/trips/"]).route(get().to(find::show)).route(post().to(find::find)));
    cfg.service(
        resource(["/trips/{locator}/cancellation", "/trips/{locator}/cancellation/"])
            .route(get().to(cancellation::show))
            .route(post().to(cancellation::cancel)),
    );
    cfg.service(
        resource(["/trips/{locator}/receipt", "/trips/{locator}/receipt/"]).route(get().to(receipt::show)),
    );
    cfg.service(resource("/trips/{locator}/calendar.ics").route(get().to(calendar::file)));
    cfg.service(resource(["/trips/{locator}", "/trips/{locator}/"]).route(get().to(trip::show)));
}

/// The order of this path, if this visitor may see it. Somebody else's and a missing one are the same.
async fn order(visit: &Visit, locator: &str) -> Result<(OrderOf, Order), Stop> {
    let of = found::order_of(visit, locator)?;
    match visit.portal.faces.orders.find(&visit.ctx, of.clone()).await {
        Ok(order) => Ok((of, order)),
        // While accounts is away nobody can be recognised as the owner: not a reason to deny the trip.
        Err(BookingError::NotFound) if visit.resting => {
            Err(Stop::Away(kernel::Fault::Unavailable("accounts".into())))
        }
        Err(error) => Err(error.into()),
    }
}
