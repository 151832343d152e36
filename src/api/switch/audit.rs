//! The audit: who changed what and why, each change with its difference and its link in the chain.

use actix_web::{HttpResponse, web};
use kernel::{Cursor, PageAsk};
use serde::Deserialize;
use serde_json::json;

use super::MAY_LOOK;
use crate::{
    api::query::Query,
    edge::{Stop, Visit},
};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/audit", web::get().to(audit)).route("/audit/verification", web::get().to(verification));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    after: Option<Cursor>,
    limit: Option<u32>,
    #[serde(default)]
    order: Order,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Newest,
    /// For export: everything after a number, as it happened.
    Oldest,
}

async fn audit(visit: Visit, Query(listed): Query<Listed>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let Listed { after, limit, order } = listed;
    let number = after.as_ref().map(|cursor| cursor.0.parse::<i64>()).transpose();
    let number = number.map_err(|_| Stop::BadRequest("`after` is not a place in the audit.".into()))?;
    let page = PageAsk { after, ..limit.map_or_else(PageAsk::default, PageAsk::first) };
    let cockpit = &visit.portal.cockpit;
    let found = match order {
        Order::Newest => cockpit.audit_entries(page).await?,
        Order::Oldest => cockpit.audit_after(number.unwrap_or(0), page.bounded()).await?,
    };
    Ok(HttpResponse::Ok().json(json!({ "data": found.items, "next": found.next })))
}

async fn verification(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let broken = visit.portal.cockpit.verify().await?;
    Ok(HttpResponse::Ok().json(json!({ "ok": broken.is_none(), "broken": broken })))
}
