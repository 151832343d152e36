//! Whose basket it is: its id stands in the path, and in a sealed cookie of whoever opened it. The path alone
//! opens nothing.

use actix_web::{HttpResponse, cookie::time::Duration};
use booking_api::{Basket, BasketId, BasketOf};

use crate::edge::{Stop, Visit};

const COOKIE: &str = "baskets";
/// One for each tab that somebody may have open.
const MOST: usize = 8;

/// Adds a basket to those of this visitor.
pub(super) fn grant(visit: &Visit, response: HttpResponse, id: BasketId) -> HttpResponse {
    let mut ids = granted(visit);
    ids.retain(|known| *known != id);
    ids.insert(0, id);
    ids.truncate(MOST);
    visit.with_cookie(response, visit.portal.seal.cookie(COOKIE, &ids, Some(Duration::days(1))))
}

/// The basket of this path, if it is this visitor's.
pub(super) async fn basket(visit: &Visit, id: &str) -> Result<Basket, Stop> {
    let id: BasketId = id.parse().map_err(|_| Stop::NotFound)?;
    if !granted(visit).contains(&id) {
        return Err(Stop::NotFound);
    }
    Ok(visit.portal.faces.shop.basket(&visit.ctx, BasketOf { id }).await?)
}

fn granted(visit: &Visit) -> Vec<BasketId> {
    visit.portal.seal.read(visit.request(), COOKIE).unwrap_or_default()
}
