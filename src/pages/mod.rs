//! Travellers' pages. Each area has its handlers, its views and its templates; `routes` lists its addresses.

pub mod account;
pub mod basket;
pub mod journey;
pub mod notes;
pub mod pieces;
pub mod say;
pub mod search;
pub mod status;
pub mod trips;

use actix_web::web::ServiceConfig;

/// Every address of the travellers' pages.
pub fn routes(cfg: &mut ServiceConfig) {
    search::routes(cfg);
    basket::routes(cfg);
    status::routes(cfg);
    trips::routes(cfg);
    notes::routes(cfg);
    account::routes(cfg);
    crate::sandbox::routes(cfg);
}
