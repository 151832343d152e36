//! The far end: interfaces of this process on the service listener. Every call shows a signed identity before a byte
//! of its body is read, and is dropped when its asker's time is over.

use std::{sync::Arc, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes, Data, Path, Payload, ServiceConfig},
};
use kernel::{Clock, Deadline, Fault, Served};
use serde::Deserialize;
use tokio::time::timeout;
use tracing::Instrument;

use crate::ServiceKey;

/// The longest question that is read, in bytes: an airline's season file fits.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;
/// How long a question may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// What is offered, and how callers are judged.
pub struct Offered {
    pub served: Served,
    pub key: Arc<ServiceKey>,
    pub clock: Arc<dyn Clock>,
}

/// Adds `POST /call/{module}/{op}` to a listener.
pub fn offer(config: &mut ServiceConfig, offered: Data<Offered>) {
    config.app_data(offered).route("/call/{module}/{op}", web::post().to(call));
}

/// A call's pin is obeyed by whatever it reaches: nobody gets further than the first lines without a token.
async fn call(
    request: HttpRequest,
    path: Path<(String, String)>,
    offered: Data<Offered>,
    payload: Payload,
) -> HttpResponse {
    let (module, op) = path.into_inner();
    match caller(&request, &offered, &module) {
        Ok(caller) => tracing::debug!(caller, module, op, "a service calls"),
        Err(why) => {
            tracing::warn!(module, op, why, "a call without a valid service identity was refused");
            return HttpResponse::Unauthorized().finish();
        }
    }
    let body = match read(payload).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let asked = Asked::of(&body);
    let span = tracing::info_span!(
        "call",
        module,
        op,
        request_id = asked.request_id,
        trace_id = asked.trace_id,
        epoch = asked.pin.map(|pin| pin.epoch)
    );
    let answer = offered.served.answer(&module, &op, &body).instrument(span);
    match timeout(asked.left_ms.map_or(BODY_TIME, Deadline::left), answer).await {
        Ok(Ok(answer)) => HttpResponse::Ok().content_type("application/json").body(answer),
        Ok(Err(fault)) => refusal(&fault),
        Err(_) => refusal(&Fault::TimedOut(format!("{module}.{op} took longer than its asker waits"))),
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

async fn read(payload: Payload) -> Result<Bytes, HttpResponse> {
    match timeout(BODY_TIME, payload.to_bytes_limited(BODY_LIMIT)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_))) => Err(HttpResponse::BadRequest().finish()),
        Ok(Err(_)) => Err(HttpResponse::PayloadTooLarge().finish()),
        Err(_) => Err(HttpResponse::RequestTimeout().finish()),
    }
}

/// What of a call's circumstances is looked at before it is answered. One that says nothing is told by
/// [`Served::answer`] that this is no call.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    request_id: String,
    trace_id: String,
    left_ms: Option<Deadline>,
    pin: Option<Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    epoch: u64,
}

impl Asked {
    fn of(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Call {
            ctx: Asked,
        }
        serde_json::from_slice::<Call>(body).map_or_else(|_| Self::default(), |call| call.ctx)
    }
}

fn refusal(fault: &Fault) -> HttpResponse {
    match fault {
        Fault::Unavailable(_) | Fault::TimedOut(_) => {
            HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).json(fault)
        }
        Fault::Malformed(_) => HttpResponse::BadGateway().json(fault),
        Fault::Refused(_) => HttpResponse::NotFound().json(fault),
    }
}
