//! `/api/v1/switch`: the cockpit for programs. The `ETag` is the epoch; a change needs `If-Match`, a kill does not.

use ::switch::{BindingFile, Table, To};
use actix_web::{HttpResponse, http::header, web};
use cockpit::{CockpitError, Done};
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
    Ok(done(visit.portal.cockpit.apply(&visit.ctx, &file, Some(expected), &why.reason).await?))
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
    let to: To = body.to.parse().map_err(Stop::BadRequest)?;
    let (expected, _) = (if_match(&visit)?, known(&visit, &name)?);
    Ok(done(visit.portal.cockpit.transition(&visit.ctx, &name, to, Some(expected), &body.reason).await?))
}

fn done(done: Done) -> HttpResponse {
    match done {
        Done::InForce(changed) => HttpResponse::Ok().json(changed),
        Done::Waiting { change_id, needs_approvals } => HttpResponse::Accepted()
            .json(json!({ "change_id": change_id, "needs_approvals": needs_approvals })),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    scope: String,
    reason: String,
}

async fn kill(visit: Visit, body: web::Json<Kill>) -> Result<HttpResponse, Stop> {
    visit.caller(&[Role::Migrator])?;
    let module = Some(body.scope.as_str()).filter(|scope| *scope != "all");
    Ok(HttpResponse::Ok().json(visit.portal.cockpit.kill(&visit.ctx, module, &body.reason).await?))
}

async fn simulate(visit: Visit, body: web::Json<Value>) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let moves = visit.portal.cockpit.preview(&read(body.into_inner())?)?.moves;
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
            CockpitError::File(_)
            | CockpitError::NoBinding(..)
            | CockpitError::NoReason
            | CockpitError::Override(_) => Self::BadRequest(error.to_string()),
            CockpitError::NoChange(_) => Self::NotFound,
            CockpitError::Conflict(_) => Self::Stale(error.to_string()),
            CockpitError::Guards(_) | CockpitError::NoWayBack(_) => Self::Conflict(error.to_string()),
            CockpitError::Forbidden | CockpitError::OwnChange => Self::Forbidden(error.to_string()),
            CockpitError::Store(_) => Self::Away(error.into()),
        }
    }
}
