//! Modules and groups of routes: where their calls and requests go, their bindings, and the steps of their hops.

use ::switch::{Binding, BindingFile, Side, Table, To};
use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Bytes},
};
use cockpit::{Cockpit, CockpitError};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    MAY_CHANGE, MAY_LOOK, done, if_match, known, measures,
    name::{Name, RESERVED},
    percent, read, tagged,
};
use crate::{
    api::query::Query,
    edge::{Stop, Visit},
};

/// The words after a name come before the groups, so that `/modules/notes/binding` is the binding of `notes`.
pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/modules", web::get().to(modules))
        .route("/modules/{module}", web::get().to(module))
        .route("/modules/{module}/binding", web::get().to(binding))
        .route("/modules/{module}/binding", web::put().to(put_binding))
        .route("/modules/{module}/transitions", web::post().to(transition))
        .route("/modules/{module}/gates", web::get().to(measures::gates))
        .route("/modules/{module}/series", web::get().to(measures::series))
        .route("/modules/{module}/{group}", web::get().to(module))
        .route("/modules/{module}/{group}/binding", web::get().to(binding))
        .route("/modules/{module}/{group}/binding", web::put().to(put_binding))
        .route("/modules/{module}/{group}/binding", web::delete().to(remove_group))
        .route("/modules/{module}/{group}/transitions", web::post().to(transition))
        .route("/modules/{module}/{group}/gates", web::get().to(measures::gates))
        .route("/modules/{module}/{group}/series", web::get().to(measures::series));
}

async fn modules(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let cockpit = &visit.portal.cockpit;
    let table = cockpit.table();
    let data: Vec<_> = all_json(cockpit, &table, visit.portal.outside.now());
    Ok(tagged(StatusCode::OK, table.epoch, &json!({ "epoch": table.epoch, "data": data })))
}

async fn module(visit: Visit, name: Name) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = known(&visit, &name.0)?;
    let binding = table.bindings.get(name.0.as_str()).ok_or(Stop::NotFound)?;
    let data = state_json(&visit.portal.cockpit, &table, &name.0, binding, visit.portal.outside.now());
    Ok(tagged(StatusCode::OK, table.epoch, &json!({ "epoch": table.epoch, "data": data })))
}

async fn binding(visit: Visit, name: Name) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = known(&visit, &name.0)?;
    let binding = table.bindings.get(name.0.as_str()).ok_or(Stop::NotFound)?;
    Ok(tagged(StatusCode::OK, table.epoch, &json!(BindingFile::of(&name.0, binding))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    reason: String,
}

async fn put_binding(
    visit: Visit,
    name: Name,
    Query(why): Query<Why>,
    body: Bytes,
) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    let file: BindingFile = read(&body)?;
    if file.module != name.0 {
        return Err(Stop::BadRequest(format!(
            "The address says `{}`, the binding says `{}`.",
            name.0, file.module
        )));
    }
    if let Some((_, group)) = name.0.split_once('/').filter(|(_, group)| RESERVED.contains(group)) {
        return Err(Stop::BadRequest(format!(
            "A group cannot be called `{group}`: the API means that word."
        )));
    }
    let expected = if_match(&visit)?;
    Ok(done(visit.portal.cockpit.apply(&visit.ctx, &file, Some(expected), &why.reason).await?))
}

async fn remove_group(visit: Visit, name: Name, Query(why): Query<Why>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    let expected = if_match(&visit)?;
    known(&visit, &name.0)?;
    Ok(done(visit.portal.cockpit.remove(&visit.ctx, &name.0, Some(expected), &why.reason).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    to: String,
    #[serde(default)]
    reason: String,
    /// Of the judge, which is not there yet: nothing is proven by it.
    #[serde(default, rename = "evidence")]
    _evidence: Option<Value>,
}

async fn transition(visit: Visit, name: Name, body: Bytes) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    let Transition { to, reason, .. } = read(&body)?;
    let to: To = to.parse().map_err(Stop::BadRequest)?;
    let (expected, table) = (if_match(&visit)?, known(&visit, &name.0)?);
    if expected != table.epoch {
        return Err(CockpitError::Conflict(table.epoch).into());
    }
    Ok(done(visit.portal.cockpit.transition(&visit.ctx, &name.0, to, Some(expected), &reason).await?))
}

/// The state of every binding of a table.
pub(super) fn all_json(cockpit: &Cockpit, table: &Table, now: Timestamp) -> Vec<Value> {
    table.bindings.iter().map(|(name, binding)| state_json(cockpit, table, name, binding, now)).collect()
}

/// State, shares and hop. `ranges` are buckets, `shares` the same in percent, both as of now: a time ramp moves them.
pub(super) fn state_json(
    cockpit: &Cockpit,
    table: &Table,
    name: &str,
    binding: &Binding,
    now: Timestamp,
) -> Value {
    let ranges = binding.ranges_at(now);
    let shares: Map<_, _> =
        ranges.shares().map(|(target, share)| (target.to_string(), json!(percent(share)))).collect();
    let overrides = table.overrides.iter().filter(|over| over.module == name && over.until > now);
    json!({
        "module": name,
        "state": binding.state,
        "hop": binding.hop,
        "hopping": binding.is_hopping(),
        "ranges": ranges,
        "shares": shares,
        "rules": binding.rules,
        "routes": binding.routes,
        "ramp": binding.ramp,
        "glide": binding.glide.map(|glide| json!({ "begins": glide.begins, "ends": glide.ends() })),
        "steps_ahead": binding.steps_ahead(now),
        "since": binding.since,
        "last": binding.last,
        "approve": binding.approve,
        "overrides": overrides.count(),
        "sides": sides(cockpit, name, binding),
    })
}

fn sides(cockpit: &Cockpit, name: &str, binding: &Binding) -> Vec<Value> {
    let side = |side: &Side| {
        json!({ "target": side.target, "breaker": side.breaker, "in_flight": side.in_flight, "streams": side.streams,
            "minute": measures::point_json(&side.minute, None) })
    };
    let asked = cockpit.traffic().sides(name);
    let hop = [&binding.hop.from, &binding.hop.to];
    let quiet = hop.iter().enumerate().filter(|(at, target)| {
        !hop.iter().take(*at).any(|other| other == *target)
            && !asked.iter().any(|side| side.target == ***target)
    });
    let quiet = quiet
        .map(|(_, target)| json!({ "target": target, "breaker": cockpit.traffic().breaker(name, target) }));
    asked.iter().map(side).chain(quiet).collect()
}
