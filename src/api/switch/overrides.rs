//! Overrides: "show it to me as remote", for one subject and a while.

use ::switch::{Lasts, Override};
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Bytes},
};
use cockpit::OverrideAsk;
use kernel::Target;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAY_CHANGE, MAY_LOOK, read, tagged};
use crate::edge::{Stop, Visit};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/overrides", web::get().to(list))
        .route("/overrides", web::post().to(put))
        .route("/overrides/{id}", web::delete().to(end));
}

async fn list(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let (table, now) = (visit.portal.cockpit.table(), visit.portal.outside.now());
    let data: Vec<_> = table.overrides.iter().filter(|over| over.until > now).map(override_json).collect();
    Ok(tagged(StatusCode::OK, table.epoch, &json!({ "epoch": table.epoch, "data": data })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// A module, or `module/group`.
    module: String,
    target: Target,
    ttl: Lasts,
    /// Left out: whoever asks.
    #[serde(default)]
    subject: Option<String>,
}

async fn put(visit: Visit, body: Bytes) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    let Ask { module, target, ttl, subject } = read(&body)?;
    let subject = subject.unwrap_or_else(|| visit.ctx.subject.to_string());
    let ask = OverrideAsk { subject, module, target, ttl };
    let (over, epoch) = visit.portal.cockpit.put_override(&visit.ctx, ask).await?;
    let mut body = override_json(&over);
    if let Some(body) = body.as_object_mut() {
        body.insert("epoch".into(), json!(epoch));
    }
    Ok(tagged(StatusCode::CREATED, epoch, &body))
}

async fn end(visit: Visit, id: web::Path<String>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    if !visit.portal.cockpit.table().overrides.iter().any(|over| over.id == *id) {
        return Err(Stop::NotFound);
    }
    let epoch = visit.portal.cockpit.end_override(&visit.ctx, &id).await?;
    Ok(tagged(StatusCode::OK, epoch, &json!({ "epoch": epoch })))
}

fn override_json(over: &Override) -> Value {
    json!({ "id": over.id, "subject": over.subject, "module": over.module, "target": over.target,
        "until": over.until, "by": over.by })
}
