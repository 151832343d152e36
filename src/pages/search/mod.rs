//! Being written.
use actix_web::web::ServiceConfig;
pub fn routes(_: &mut ServiceConfig) {}
