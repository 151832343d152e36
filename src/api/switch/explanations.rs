//! Where one subject goes, and why: for an operation, or for a request that might come.

use std::collections::BTreeMap;

use ::switch::{Explanation, Look, RouteDecision, RouteKind};
use actix_web::{
    HttpResponse,
    web::{self, Bytes},
};
use kernel::{Actor, Ctx, Kind, Role, Target};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAY_LOOK, read};
use crate::{
    edge::{Stop, ToldRequest, Visit},
    ops,
};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/explanations", web::post().to(explain));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    subject: String,
    /// `notes.list`, or the name of a binding alone.
    op: Option<String>,
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// For rules by role: whose session it would be.
    role: Option<Role>,
}

async fn explain(visit: Visit, body: Bytes) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let Ask { subject, op, method, path, headers, role } = read(&body)?;
    let actor = role.map_or(Actor::Anonymous, |role| Actor::Machine { name: "explained".into(), role });
    let ctx = Ctx { subject: subject.into(), ..visit.ctx.clone().acting_as(actor) };
    let look = visit.portal.cockpit.switch().look();
    let answer = match (op, path) {
        (Some(op), None) if method.is_none() => of_op(&look, &op, &ctx, &ToldRequest::new("", headers))?,
        (None, Some(path)) => {
            let method = method.unwrap_or_else(|| "GET".to_owned()).to_ascii_uppercase();
            of_route(&look, &ctx, &method, &ToldRequest::new(bare(&path)?, headers))
        }
        _ => {
            return Err(Stop::BadRequest(
                "Send either `op`, or `method` and `path`, beside `subject`.".into(),
            ));
        }
    };
    Ok(HttpResponse::Ok().json(answer))
}

fn of_op(look: &Look, name: &str, ctx: &Ctx, seen: &ToldRequest) -> Result<Value, Stop> {
    let explained = match ops::op(name) {
        Some(op) => ops::explain(look, op, ctx, seen),
        None if name.contains('.') => return Err(no_op(name)),
        None => look.explain(name, ctx, seen, Kind::Query),
    };
    explained.map(|explained| json!(explained)).ok_or(Stop::NotFound)
}

fn no_op(name: &str) -> Stop {
    let module = name.split('.').next().unwrap_or_default();
    let known: Vec<_> = ops::ops().filter(|op| op.module == module).map(|op| op.name).collect();
    Stop::BadRequest(match known.join(", ").as_str() {
        "" => format!("There is no operation `{name}`: there is no module `{module}`."),
        known => format!("There is no operation `{name}`; those of {module} are {known}."),
    })
}

/// A declared route goes where its binding says. All others are ours, and so are the calls that their pages make.
fn of_route(look: &Look, ctx: &Ctx, method: &str, seen: &ToldRequest) -> Value {
    match look.route(ctx, seen, method, &seen.path) {
        Some(decision) => declared(look, ctx, seen, decision),
        None => json!({
            "target": Target::Here,
            "bucket": null,
            "range": null,
            "rule": null,
            "binding": null,
            "why": "no binding declares this route, so it is answered here; its calls go where their modules are",
            "epoch": look.epoch(),
            "calls": calls(look, ctx, seen),
        }),
    }
}

fn declared(look: &Look, ctx: &Ctx, seen: &ToldRequest, decision: RouteDecision) -> Value {
    let kind = if decision.kind == RouteKind::Query { Kind::Query } else { Kind::Command };
    let mut answer = json!(look.explain(&decision.binding, ctx, seen, kind));
    let is_here = decision.target == Target::Here;
    let more = json!({
        "target": decision.target,
        "kind": decision.kind,
        "upgrade": decision.upgrade,
        "fallback": decision.fallback,
        "calls": is_here.then(|| calls(look, ctx, seen)),
    });
    if let (Some(answer), Value::Object(more)) = (answer.as_object_mut(), more) {
        answer.extend(more);
    }
    answer
}

/// Where the queries of a page go, module by module.
fn calls(look: &Look, ctx: &Ctx, seen: &ToldRequest) -> Vec<Explanation> {
    let modules = look.table().bindings.keys().filter(|name| !name.contains('/'));
    modules.filter_map(|name| look.explain(name, ctx, seen, Kind::Query)).collect()
}

/// Without the query, which no route looks at.
fn bare(path: &str) -> Result<&str, Stop> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if path.starts_with('/') {
        Ok(path)
    } else {
        Err(Stop::BadRequest(format!("`{path}` is not a path: it starts with a slash.")))
    }
}
