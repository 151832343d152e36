//! `/api/v1/switch`: the cockpit for programs, a room per noun. The `ETag` is the epoch; a change needs `If-Match`
//! with the one that its author saw; a kill, an approval and an override do not.

mod audit;
mod changes;
mod events;
mod explanations;
mod kills;
mod measures;
mod modules;
mod name;
mod overrides;
mod simulations;

use std::sync::Arc;

use ::switch::{Move, Table};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web,
};
use cockpit::{CockpitError, Done};
use kernel::Role;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::edge::{Stop, Visit};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::scope("/switch")
            .configure(modules::routes)
            .configure(changes::routes)
            .configure(kills::routes)
            .configure(overrides::routes)
            .configure(explanations::routes)
            .configure(simulations::routes)
            .configure(audit::routes)
            .configure(events::routes),
    );
}

const MAY_LOOK: [Role; 3] = [Role::Migrator, Role::Ops, Role::Auditor];
const MAY_CHANGE: [Role; 1] = [Role::Migrator];

/// The epoch that the author saw, from `If-Match`.
fn if_match(visit: &Visit) -> Result<u64, Stop> {
    let missing = || {
        Stop::PreconditionRequired("A change needs If-Match with the epoch that you saw (the ETag).".into())
    };
    let value =
        visit.request().headers().get(header::IF_MATCH).and_then(|v| v.to_str().ok()).ok_or_else(missing)?;
    value.trim().trim_start_matches("W/").trim_matches('"').parse().map_err(|_| {
        Stop::BadRequest("If-Match is not an epoch: send the ETag of what you read, such as \"12\".".into())
    })
}

fn known(visit: &Visit, name: &str) -> Result<Arc<Table>, Stop> {
    let table = visit.portal.cockpit.table();
    if table.bindings.contains_key(name) { Ok(table) } else { Err(Stop::NotFound) }
}

/// A JSON body. What is wrong with it is said with the name of the key.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Stop> {
    serde_json::from_slice(body)
        .map_err(|error| Stop::BadRequest(format!("The body could not be read: {error}")))
}

/// As `read`, where nothing at all may be sent as well.
fn read_or_none<T: DeserializeOwned>(body: &[u8]) -> Result<T, Stop> {
    read(if body.is_empty() { b"{}" } else { body })
}

fn tagged(status: StatusCode, epoch: u64, body: &Value) -> HttpResponse {
    HttpResponse::build(status).insert_header((header::ETAG, format!("\"{epoch}\""))).json(body)
}

/// 200 with the new epoch, or 202 when other people have to agree first.
fn done(done: Done) -> HttpResponse {
    match done {
        Done::InForce(changed) => {
            let body =
                json!({ "epoch": changed.epoch, "moves": moves(&changed.moves), "stored": changed.stored });
            tagged(StatusCode::OK, changed.epoch, &body)
        }
        Done::Waiting { change_id, needs_approvals } => HttpResponse::Accepted()
            .insert_header((header::LOCATION, format!("/api/v1/switch/changes/{change_id}")))
            .json(json!({ "change_id": change_id, "needs_approvals": needs_approvals })),
    }
}

fn moves(moves: &[Move]) -> Value {
    moves
        .iter()
        .map(|m| json!({ "from": m.from, "to": m.to, "buckets": m.buckets, "percent": percent(m.buckets) }))
        .collect()
}

fn percent(buckets: u32) -> f64 {
    f64::from(buckets) / 1_000.0
}

impl From<CockpitError> for Stop {
    fn from(error: CockpitError) -> Self {
        let words = error.to_string();
        match error {
            CockpitError::Conflict(epoch) => Self::Stale(words).telling("epoch", json!(epoch)),
            CockpitError::Guards(guards) => Self::Conflict(words).telling("guards", json!(guards)),
            CockpitError::NoWayBack(_) => {
                let guards = json!([{ "guard": "retired", "why": words }]);
                Self::Conflict(words).telling("guards", guards)
            }
            CockpitError::NoChange(_) => Self::NotFound,
            CockpitError::Forbidden | CockpitError::OwnChange => Self::Forbidden(words),
            CockpitError::File(_)
            | CockpitError::NoBinding(..)
            | CockpitError::NoReason
            | CockpitError::Override(_) => Self::BadRequest(words),
            CockpitError::Store(_) => Self::Away(error.into()),
        }
    }
}
