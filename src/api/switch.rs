//! `/api/v1/switch`: the cockpit for programs. The `ETag` is the epoch; a change needs `If-Match`, a kill does not.

use std::time::Instant;

use ::switch::{BindingFile, Table};
use actix_web::{HttpResponse, http::header, web};
use cockpit::{Changed, CockpitError};
use kernel::{Actor, Ctx, PageAsk, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::Query;
use crate::edge::{Stop, Visit};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/switch")
            .route("/modules", web::get().to(modules))
            .route("/modules/{module}", web::get().to(module))
            .route("/modules/{module}/binding", web::get().to(binding))
            .route("/modules/{module}/binding", web::put().to(put_binding))
            .route("/modules/{module}/transitions", web::post().to(transition))
            .route("/kills", web::post().to(kill))
            .route("/simulations", web::post().to(simulate))
            .route("/explanations", web::post().to(explain))
            .route("/audit", web::get().to(audit)),
    );
}

const MAY_LOOK: [Role; 3] = [Role::Migrator, Role::Ops, Role::Auditor];

async fn modules(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = visit.portal.cockpit.table();
    let data: Vec<_> = table.bindings.keys().map(|name| module_json(&table, name)).collect();
    Ok(tagged(&table, &json!({ "epoch": table.epoch, "data": data })))
}

async fn module(visit: Visit, name: web::Path<String>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = known(&visit, &name)?;
    Ok(tagged(&table, &json!({ "epoch": table.epoch, "data": module_json(&table, &name) })))
}

async fn binding(visit: Visit, name: web::Path<String>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let table = known(&visit, &name)?;
    let binding = table.bindings.get(name.as_str()).ok_or(Stop::NotFound)?;
    Ok(tagged(&table, &json!(BindingFile::of(&name, binding))))
}

#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    reason: String,
}

async fn put_binding(
    visit: Visit,
    name: web::Path<String>,
    Query(why): Query<Why>,
    body: web::Json<Value>,
) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Migrator])?;
    let file: BindingFile = read(body.into_inner())?;
    if file.module != *name {
        return Err(Stop::BadRequest(format!(
            "The address says `{name}`, the binding says `{}`.",
            file.module
        )));
    }
    let expected = if_match(&visit)?;
    let changed = visit.portal.cockpit.apply(&visit.ctx, &file, Some(expected), &why.reason).await?;
    Ok(HttpResponse::Ok().json(changed))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    to: String,
    #[serde(default)]
    reason: String,
}

async fn transition(
    visit: Visit,
    name: web::Path<String>,
    body: web::Json<Transition>,
) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Migrator])?;
    if body.to != "back" {
        return Err(Stop::Conflict(format!("`{}` is not a way to go from here; `back` is", body.to)));
    }
    let (expected, table) = (if_match(&visit)?, known(&visit, &name)?);
    if expected != table.epoch {
        return Err(CockpitError::Conflict(table.epoch).into());
    }
    let changed = visit.portal.cockpit.back(&visit.ctx, &name, &body.reason).await?;
    Ok(HttpResponse::Ok().json(changed))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    scope: String,
    reason: String,
}

async fn kill(visit: Visit, body: web::Json<Kill>) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Migrator])?;
    let begun = Instant::now();
    let module = Some(body.scope.as_str()).filter(|scope| *scope != "all");
    let Changed { epoch, moves, stored } =
        visit.portal.cockpit.kill(&visit.ctx, module, &body.reason).await?;
    let effective_ms = begun.elapsed().as_secs_f64() * 1_000.0;
    Ok(HttpResponse::Ok().json(json!({
        "epoch": epoch, "effective_ms": effective_ms, "stored": stored, "moves": moves, "replicas": [{ "name": "this", "epoch": epoch }],
    })))
}

async fn simulate(visit: Visit, body: web::Json<Value>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let moves = visit.portal.cockpit.preview(&read(body.into_inner())?)?;
    Ok(HttpResponse::Ok().json(json!({ "epoch": visit.portal.cockpit.table().epoch, "moves": moves })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Explain {
    subject: String,
    /// `notes.list`, or a module's name alone.
    op: String,
    role: Option<Role>,
}

async fn explain(visit: Visit, body: web::Json<Explain>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let asked = body.into_inner();
    let actor = asked.role.map_or(Actor::Anonymous, |role| Actor::Machine { name: "explained".into(), role });
    let ctx = Ctx { subject: asked.subject.into(), ..visit.ctx.clone().acting_as(actor) };
    let module = asked.op.split('.').next().unwrap_or_default();
    let explanation = visit.portal.cockpit.switch().explain(module, &ctx).ok_or(Stop::NotFound)?;
    Ok(HttpResponse::Ok().json(explanation))
}

async fn audit(visit: Visit, Query(page): Query<PageAsk>) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Migrator, Role::Auditor])?;
    let rows = visit.portal.cockpit.audit(page).await?;
    Ok(HttpResponse::Ok().json(json!({ "data": rows.items, "next": rows.next })))
}

/// The epoch that the author saw, from `If-Match`.
fn if_match(visit: &Visit) -> Result<u64, Stop> {
    let missing = || {
        Stop::PreconditionRequired("A change needs If-Match with the epoch that you saw (the ETag).".into())
    };
    let value =
        visit.request().headers().get(header::IF_MATCH).and_then(|v| v.to_str().ok()).ok_or_else(missing)?;
    value.trim().trim_matches('"').parse().map_err(|_| Stop::BadRequest("If-Match is not an epoch.".into()))
}

fn known(visit: &Visit, name: &str) -> Result<std::sync::Arc<Table>, Stop> {
    let table = visit.portal.cockpit.table();
    if table.bindings.contains_key(name) { Ok(table) } else { Err(Stop::NotFound) }
}

fn read(body: Value) -> Result<BindingFile, Stop> {
    serde_json::from_value(body)
        .map_err(|error| Stop::BadRequest(format!("The binding could not be read: {error}")))
}

fn tagged(table: &Table, body: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::ETAG, format!("\"{}\"", table.epoch))).json(body)
}

fn module_json(table: &Table, name: &str) -> Value {
    let binding = table.bindings.get(name);
    json!({
        "module": name,
        "state": binding.map(|b| b.state),
        "hop": binding.map(|b| &b.hop),
        "ranges": binding.map(|b| &b.ranges),
        "rules": binding.map(|b| &b.rules),
    })
}

impl From<CockpitError> for Stop {
    fn from(error: CockpitError) -> Self {
        match error {
            CockpitError::File(_) | CockpitError::NoBinding(..) | CockpitError::NoReason => {
                Self::BadRequest(error.to_string())
            }
            CockpitError::Conflict(_) => Self::Stale(error.to_string()),
            CockpitError::Guards(_) => Self::Conflict(error.to_string()),
            CockpitError::Forbidden => Self::Forbidden(error.to_string()),
            CockpitError::Store(_) => Self::Away(error.into()),
        }
    }
}
