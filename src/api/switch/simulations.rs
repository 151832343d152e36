//! Who would move: under a binding, or between two of them. Nothing changes.

use ::switch::{Binding, BindingFile};
use actix_web::{
    HttpResponse,
    web::{self, Bytes, PayloadConfig},
};
use cockpit::CockpitError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAY_LOOK, moves, read};
use crate::{
    edge::{Stop, Visit},
    moving::Moving,
};

/// The longest body, in bytes: a day's subjects.
const LONGEST: usize = 1_000_000;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/simulations").app_data(PayloadConfig::new(LONGEST)).route(web::post().to(simulate)),
    );
}

/// Two bindings, and the subjects that are looked at one by one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Between {
    /// Left out: the binding that is in force.
    from: Option<BindingFile>,
    to: BindingFile,
    traffic: Option<Vec<String>>,
}

async fn simulate(visit: Visit, body: Bytes) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let body: Value = read(&body)?;
    let is_two = body.as_object().is_some_and(|body| body.contains_key("to") || body.contains_key("from"));
    let answer =
        if is_two { between(&visit, read_value(body)?)? } else { under(&visit, &read_value(body)?)? };
    Ok(HttpResponse::Ok().json(answer))
}

/// What applying a binding would do.
fn under(visit: &Visit, file: &BindingFile) -> Result<Value, Stop> {
    let cockpit = &visit.portal.cockpit;
    let preview = cockpit.preview(file)?;
    Ok(json!({ "epoch": cockpit.table().epoch, "module": file.module, "moves": moves(&preview.moves),
        "needs_people": preview.needs_people }))
}

fn between(visit: &Visit, asked: Between) -> Result<Value, Stop> {
    let Between { from, to, traffic } = asked;
    let (cockpit, now) = (&visit.portal.cockpit, visit.portal.outside.now());
    let binding = |file: &BindingFile| file.binding(cockpit.known(), now).map_err(CockpitError::from);
    let table = cockpit.table();
    let before = match &from {
        Some(file) if file.module != to.module => {
            let words = format!("The bindings are of two names, `{}` and `{}`.", file.module, to.module);
            return Err(Stop::BadRequest(words));
        }
        Some(file) => binding(file)?,
        None => table.bindings.get(to.module.as_str()).cloned().unwrap_or_else(Binding::here),
    };
    let moving = Moving::between(&to.module, before, binding(&to)?, now);
    let met = traffic.map(|subjects| moving.meet(subjects.into_iter()));
    Ok(json!({ "epoch": table.epoch, "module": to.module, "moves": moves(moving.buckets()), "traffic": met }))
}

fn read_value<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Stop> {
    serde_json::from_value(body)
        .map_err(|error| Stop::BadRequest(format!("The body could not be read: {error}")))
}
