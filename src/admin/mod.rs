//! The staff's panel. Each screen searches and pages through the modules' own questions, and does one real thing,
//! which leaves an audit row where it is done.

mod accounts;
mod audit;
mod bookings;
mod feeds;
mod flights;
mod home;
mod page;
mod switch;

use actix_web::web::{self, ServiceConfig, get, post};

/// Every address of the panel.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        web::scope("/admin")
            .route("", get().to(home::show))
            .route("/", get().to(home::show))
            .route("/bookings", get().to(bookings::list))
            .route("/bookings/{locator}", get().to(bookings::show))
            .route("/bookings/{locator}/refunds", post().to(bookings::refund))
            .route("/flights", get().to(flights::list))
            .route("/flights/{designator}/{date}/{from}/{to}", get().to(flights::show))
            .route("/flights/{designator}/{date}/{from}/{to}/cancellation", post().to(flights::cancel))
            .route("/accounts", get().to(accounts::list))
            .route("/accounts/{person}", get().to(accounts::show))
            .route("/accounts/{person}/role", post().to(accounts::role))
            .route("/accounts/{person}/sessions", post().to(accounts::end_sessions))
            .route("/feeds", get().to(feeds::list))
            .route("/feeds/{reader}/replays", post().to(feeds::replay))
            .route("/audit", get().to(audit::list))
            .configure(switch::routes),
    );
}
