//! `/api/v1/feeds`: how far every reader of every log is, and rebuilding one from the beginning.

use actix_web::{HttpResponse, web};
use kernel::{ReaderStatus, ReadersAsk, ReplayReader, Role};
use serde::Deserialize;
use serde_json::json;

use crate::{
    edge::{Stop, Visit},
    portal::Portal,
};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/feeds", web::get().to(feeds)).route("/feeds/{reader}/replays", web::post().to(replay));
}

async fn feeds(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Ops, Role::Migrator, Role::Auditor])?;
    let readers: Vec<_> = readers(&visit).await.iter().map(with_lag).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": readers })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replay {
    reason: String,
}

async fn replay(
    visit: Visit,
    reader: web::Path<String>,
    body: web::Json<Replay>,
) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Ops])?;
    rebuild(&visit, &reader, &body.reason).await?;
    Ok(HttpResponse::Accepted().json(json!({ "reader": *reader })))
}

/// Every reader of every module that can be asked now; one that is away is simply not listed.
pub(crate) async fn readers(visit: &Visit) -> Vec<ReaderStatus> {
    let (portal, ctx): (&Portal, _) = (&visit.portal, &visit.ctx);
    let (search, status, notes) = futures_util::join!(
        portal.faces.search.readers(ctx, ReadersAsk {}),
        portal.faces.status.readers(ctx, ReadersAsk {}),
        portal.faces.notes.readers(ctx, ReadersAsk {}),
    );
    let mut all = search.unwrap_or_default();
    all.extend(status.unwrap_or_default());
    all.extend(notes.unwrap_or_default());
    all
}

/// Rebuilds a reader, by the module that its name begins with, and writes it into the audit.
pub(crate) async fn rebuild(visit: &Visit, reader: &str, reason: &str) -> Result<(), Stop> {
    if reason.trim().is_empty() {
        return Err(Stop::BadRequest("A reason is needed, for the audit.".into()));
    }
    let ask = ReplayReader { reader: reader.to_owned(), reason: reason.to_owned() };
    let (portal, ctx): (&Portal, _) = (&visit.portal, &visit.ctx);
    match reader.split('.').next().unwrap_or_default() {
        "search" => portal.faces.search.replay(ctx, ask).await?,
        "status" => portal.faces.status.replay(ctx, ask).await?,
        "notes" => portal.faces.notes.replay(ctx, ask).await?,
        _ => return Err(Stop::NotFound),
    }
    portal.cockpit.record(ctx, "feed.replayed", reader, reason).await?;
    Ok(())
}

fn with_lag(reader: &ReaderStatus) -> serde_json::Value {
    let mut json = json!(reader);
    if let Some(object) = json.as_object_mut() {
        object.insert("lag".into(), json!(reader.lag()));
    }
    json
}
