//! OFREP 0.3.0 on the ops listener: any OpenFeature client reads the same decisions as the forks. A flag is an
//! operation (`booking.find`) or a group of routes (`notes/view`), and its value is the target.

mod caller;
mod context;
mod events;
mod flags;
mod no;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes, Data},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    edge::{Limits, Rates, Sessions},
    hex::hex,
    portal::Portal,
};
use context::Context;
use flags::Flag;
use no::No;

/// What the endpoints work with, shared by all workers.
pub(crate) struct Ofrep {
    portal: Data<Portal>,
    sessions: Sessions,
    limits: Limits,
}

const EVENTS: &str = "/ofrep/v1/events";
/// After so many seconds without a byte a client may close the stream.
const INACTIVITY: u32 = 120;

impl Ofrep {
    pub(crate) fn new(portal: Data<Portal>, rates: &Rates) -> Self {
        Self { portal, sessions: Sessions::new(), limits: Limits::new(rates) }
    }
}

/// The routes; the app needs `Data` of [`Ofrep`].
pub(crate) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/ofrep/v1/evaluate/flags", web::post().to(bulk))
        .route("/ofrep/v1/evaluate/flags/{key:.*}", web::post().to(one))
        .route(EVENTS, web::get().to(events::events));
}

async fn one(
    ofrep: Data<Ofrep>,
    request: HttpRequest,
    key: web::Path<String>,
    body: Bytes,
) -> Result<HttpResponse, No> {
    caller::check(&ofrep, &request).await?;
    let look = ofrep.portal.cockpit.switch().look();
    let flag = Flag::find(&key, look.table()).ok_or_else(|| No::Missing(key.clone()))?;
    let context = Context::read(&body).map_err(|bad| No::Bad(bad, Some(key.into_inner())))?;
    Ok(HttpResponse::Ok().json(flag.evaluate(&look, &context, ofrep.portal.outside.now())))
}

async fn bulk(ofrep: Data<Ofrep>, request: HttpRequest, body: Bytes) -> Result<HttpResponse, No> {
    caller::check(&ofrep, &request).await?;
    let context = Context::read(&body).map_err(|bad| No::Bad(bad, None))?;
    let (look, now) = (ofrep.portal.cockpit.switch().look(), ofrep.portal.outside.now());
    let flags: Vec<Value> =
        Flag::all(look.table()).iter().map(|flag| flag.evaluate(&look, &context, now)).collect();
    let etag = etag(look.epoch(), &context, &flags);
    if is_known(&request, &etag) {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .json(json!({
            "flags": flags,
            "metadata": { "epoch": look.epoch() },
            "eventStreams": [
                { "type": "sse", "endpoint": { "requestUri": EVENTS }, "inactivityDelaySec": INACTIVITY },
            ],
        })))
}

/// Of the epoch and the context, and of the answers: a time ramp and the end of a rule change them within an epoch.
fn etag(epoch: u64, context: &Context, flags: &[Value]) -> String {
    let mut sha = Sha256::new();
    for part in [epoch.to_string(), context.raw.to_string(), json!(flags).to_string()] {
        sha.update(part.len().to_le_bytes());
        sha.update(part.as_bytes());
    }
    let hash = hex(&sha.finalize());
    format!("\"{epoch}-{}\"", hash.get(..32).unwrap_or_default())
}

fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let lines = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == etag || tag == "*")
}
