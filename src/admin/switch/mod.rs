//! The cockpit's screens: the board, one binding with "who would move" before any save, the way on and back, KILL, the
//! audit with approvals, and trying it out. All of it works without scripts.

mod audit;
mod board;
mod changes;
mod difference;
mod editor;
mod history;
mod kill;
mod lines;
mod module;
mod people;
mod plan;
mod row;
mod steps;
mod try_it;
mod words;

use std::{future::Future, time::Duration};

use actix_web::{
    HttpRequest,
    web::{ServiceConfig, get, post},
};
use kernel::Role;

use crate::edge::{Stop, Visit};

const MAY_LOOK: [Role; 3] = [Role::Migrator, Role::Ops, Role::Auditor];
const MAY_CHANGE: [Role; 1] = [Role::Migrator];

/// Below `/admin`.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.route("/switch", get().to(board::show))
        .route("/switch/kill", post().to(kill::all))
        .route("/switch/new", get().to(module::new))
        .route("/switch/new", post().to(module::create))
        .route("/switch/audit", get().to(audit::show))
        .route("/switch/audit.csv", get().to(audit::export))
        .route("/switch/try", get().to(try_it::show))
        .route("/switch/overrides", post().to(try_it::hold))
        .route("/switch/overrides/{id}/end", post().to(try_it::end))
        .route("/switch/changes/{id}/approval", post().to(changes::approve))
        .route("/switch/changes/{id}/rejection", post().to(changes::reject));
    for binding in ["/switch/{module}", "/switch/{module}/{group}"] {
        cfg.route(&format!("{binding}/kill"), post().to(kill::one))
            .route(&format!("{binding}/binding"), post().to(module::apply))
            .route(&format!("{binding}/transitions"), post().to(steps::go))
            .route(&format!("{binding}/way-back"), post().to(steps::back))
            .route(&format!("{binding}/removal"), post().to(steps::remove));
    }
    cfg.route("/switch/{module}", get().to(module::show))
        .route("/switch/{module}/{group}", get().to(module::show));
}

/// The binding that an address names.
fn name_of(request: &HttpRequest) -> String {
    let part = |name: &str| request.match_info().get(name).unwrap_or_default();
    match part("group") {
        "" => part("module").to_owned(),
        group => format!("{}/{group}", part("module")),
    }
}

fn may_change(visit: &Visit) -> bool {
    visit.ctx.actor.may(&MAY_CHANGE)
}

/// How long a page waits for what it can do without.
const PATIENCE: Duration = Duration::from_millis(300);

/// An answer, unless it takes too long or there is none: then the page goes on without it.
async fn soon<T, E>(answer: impl Future<Output = Result<T, E>>) -> Option<T> {
    tokio::time::timeout(PATIENCE, answer).await.ok()?.ok()
}

/// The epoch that a form was made for.
fn epoch(text: &str) -> Result<u64, Stop> {
    text.trim().parse().map_err(|_| Stop::BadRequest("The form lost its epoch; load it again.".into()))
}
