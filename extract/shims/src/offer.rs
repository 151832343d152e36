//! The far end: interfaces of this process on the service listener. Every call shows a signed identity.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes, Data, Path, PayloadConfig, ServiceConfig},
};
use kernel::{Clock, Fault, Served};

use crate::ServiceKey;

/// The longest question that is read, in bytes: an airline's season file fits.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// What is offered, and how callers are judged.
pub struct Offered {
    pub served: Served,
    pub key: Arc<ServiceKey>,
    pub clock: Arc<dyn Clock>,
}

/// Adds `POST /call/{module}/{op}` to a listener.
pub fn offer(config: &mut ServiceConfig, offered: Data<Offered>) {
    config
        .app_data(offered)
        .app_data(PayloadConfig::new(BODY_LIMIT))
        .route("/call/{module}/{op}", web::post().to(call));
}

async fn call(
    request: HttpRequest,
    path: Path<(String, String)>,
    offered: Data<Offered>,
    body: Bytes,
) -> HttpResponse {
    let (module, op) = path.into_inner();
    match caller(&request, &offered, &module) {
        Ok(caller) => tracing::debug!(caller, module, op, "a service calls"),
        Err(why) => {
            tracing::warn!(module, op, why, "a call without a valid service identity was refused");
            return HttpResponse::Unauthorized().finish();
        }
    }
    match offered.served.answer(&module, &op, &body).await {
        Ok(answer) => HttpResponse::Ok().content_type("application/json").body(answer),
        Err(fault) => refusal(&fault),
    }
}

fn caller(request: &HttpRequest, offered: &Offered, module: &str) -> Result<String, String> {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or("no bearer token")?;
    offered.key.verify(token, module, offered.clock.now()).map_err(|e| e.to_string())
}

fn refusal(fault: &Fault) -> HttpResponse {
    match fault {
        Fault::Unavailable(_) | Fault::TimedOut(_) => HttpResponse::ServiceUnavailable().json(fault),
        Fault::Malformed(_) => HttpResponse::BadGateway().json(fault),
        Fault::Refused(_) => HttpResponse::NotFound().json(fault),
    }
}
