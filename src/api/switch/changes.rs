//! Changes that wait until more people than their author agree.

use actix_web::{
    HttpResponse,
    web::{self, Bytes},
};
use serde::Deserialize;
use serde_json::json;

use super::{MAY_CHANGE, MAY_LOOK, done, read_or_none};
use crate::{
    api::query::Query,
    edge::{Stop, Visit},
};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/changes", web::get().to(waiting))
        .route("/changes/{id}", web::delete().to(reject))
        .route("/changes/{id}/approvals", web::post().to(approve));
}

async fn waiting(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let cockpit = &visit.portal.cockpit;
    let (epoch, data) = (cockpit.table().epoch, cockpit.waiting().await?);
    Ok(HttpResponse::Ok().json(json!({ "epoch": epoch, "data": data })))
}

/// An approval says nothing more than who gives it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {}

async fn approve(visit: Visit, id: web::Path<String>, body: Bytes) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    let Approval {} = read_or_none(&body)?;
    Ok(done(visit.portal.cockpit.approve(&visit.ctx, &id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    reason: String,
}

async fn reject(visit: Visit, id: web::Path<String>, Query(why): Query<Why>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    visit.portal.cockpit.reject(&visit.ctx, &id, &why.reason).await?;
    Ok(HttpResponse::NoContent().finish())
}
