//! Being written.

use actix_web::web::ServiceConfig;

mod found;
pub(crate) use found::grant;

pub fn routes(_: &mut ServiceConfig) {}
