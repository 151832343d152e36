//! Kills: everything of one module, or of all, at its hop's `from` at once. They need no `If-Match`, no approval and
//! no database.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{self, Bytes},
};
use cockpit::Replica;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAY_CHANGE, moves, read, tagged};
use crate::edge::{Stop, Visit};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/kills", web::post().to(kill));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    /// A module, `module/group`, or `all`.
    scope: String,
    reason: String,
}

async fn kill(visit: Visit, body: Bytes) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_CHANGE)?;
    let Kill { scope, reason } = read(&body)?;
    let module = Some(scope.as_str()).filter(|scope| *scope != "all");
    let killed = visit.portal.cockpit.kill(&visit.ctx, module, &reason).await?;
    let body = json!({
        "epoch": killed.epoch,
        "effective_ms": killed.effective_ms,
        "stored": killed.stored,
        "moves": moves(&killed.moves),
        "replicas": killed.replicas.iter().map(replica).collect::<Vec<_>>(),
        "left": killed.left,
    });
    Ok(tagged(StatusCode::OK, killed.epoch, &body))
}

fn replica(replica: &Replica) -> Value {
    json!({ "name": replica.name, "epoch": replica.epoch, "seen_at": replica.seen_at })
}
