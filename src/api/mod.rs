//! The JSON API under `/api/v1`. Handlers take, ask and show; errors become problem documents in `edge`.

mod feeds;
mod flights;
mod itineraries;
pub mod live;
mod notes;
mod openapi;
mod query;
mod switch;

use actix_web::{HttpResponse, web};

pub(crate) use feeds::{readers, rebuild};
pub(crate) use flights::flight_of;
pub use live::Hub;
pub use openapi::openapi_json;
pub(crate) use query::Query;

/// Every address of the API.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/api/v1")
            .route("/openapi.json", web::get().to(openapi))
            .configure(itineraries::routes)
            .configure(flights::routes)
            .configure(live::routes)
            .configure(notes::routes)
            .configure(switch::routes)
            .configure(feeds::routes),
    );
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi_json())
}

/// A time without its zone, to the minute: `2001-05-15T07:00`.
fn local(at: jiff::civil::DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}
