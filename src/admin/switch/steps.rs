//! A hop's way: on, hold, back, and the removal of a group that nobody is on any more. What guards refuse is said on
//! the module's page, which keeps what was typed.

use ::switch::To;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use cockpit::{CockpitError, Done};
use serde::Deserialize;

use super::{
    MAY_CHANGE,
    module::{self, Showing},
    name_of,
};
use crate::{
    edge::{FlashKind, Form, Stop, Visit},
    pages::say::sentence,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StepFields {
    to: String,
    reason: String,
    epoch: String,
}

pub(super) async fn go(request: HttpRequest, form: Form<StepFields>) -> Result<HttpResponse, Stop> {
    let to = form.fields.to.parse().map_err(Stop::BadRequest)?;
    step(&name_of(&request), to, form).await
}

pub(super) async fn back(request: HttpRequest, form: Form<StepFields>) -> Result<HttpResponse, Stop> {
    step(&name_of(&request), To::Back, form).await
}

async fn step(name: &str, to: To, form: Form<StepFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    let expected = seen(&fields.epoch)?;
    let done = visit.portal.cockpit.transition(&visit.ctx, name, to, expected, &fields.reason).await;
    answer(&visit, name, to, done, fields.reason).await
}

async fn answer(
    visit: &Visit,
    name: &str,
    to: To,
    done: Result<Done, CockpitError>,
    reason: String,
) -> Result<HttpResponse, Stop> {
    let refused = match done {
        Ok(done) => return Ok(said(visit, &format!("/admin/switch/{name}"), &in_words(name, to), &done)),
        Err(CockpitError::NoBinding(..)) => return Err(Stop::NotFound),
        Err(CockpitError::Guards(refused)) => refused.iter().map(|refused| sentence(&refused.why)).collect(),
        Err(error @ (CockpitError::Conflict(_) | CockpitError::NoReason | CockpitError::NoWayBack(_))) => {
            vec![sentence(&error.to_string())]
        }
        Err(error) => return Err(error.into()),
    };
    let showing =
        Showing { status: StatusCode::CONFLICT, refused, step_reason: reason, ..Showing::default() };
    module::page(visit, name, showing).await
}

pub(super) async fn remove(request: HttpRequest, form: Form<StepFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    let name = name_of(&request);
    let expected = seen(&fields.epoch)?;
    match visit.portal.cockpit.remove(&visit.ctx, &name, expected, &fields.reason).await {
        Ok(done) => Ok(said(&visit, "/admin/switch", &format!("{name} is removed"), &done)),
        other => answer(&visit, &name, To::Back, other, fields.reason).await,
    }
}

/// On to a page that says what came of it.
pub(super) fn said(visit: &Visit, to: &str, what: &str, done: &Done) -> HttpResponse {
    match done {
        Done::InForce(changed) => {
            let stored = if changed.stored { "" } else { " The switch's database did not take it yet." };
            let words = format!("{what}: epoch {} is in force.{stored}", changed.epoch);
            visit.redirect_saying(to, FlashKind::Ok, &words)
        }
        Done::Waiting { needs_approvals, .. } => {
            let more = if *needs_approvals == 1 { "one more person" } else { "more people" };
            let words = format!(
                "Nothing has moved yet: the change waits until {more} agree{}.",
                if *needs_approvals == 1 { "s" } else { "" }
            );
            visit.redirect_saying(to, FlashKind::Note, &words)
        }
    }
}

fn in_words(name: &str, to: To) -> String {
    match to {
        To::Next => format!("{name} has taken its next step"),
        To::Hold => format!("{name} holds"),
        To::Back => format!("{name} is back"),
        To::State(state) => format!("{name} is {}", state.as_str()),
    }
}

/// A form without an epoch is for the table in force, whatever it is by then.
fn seen(epoch: &str) -> Result<Option<u64>, Stop> {
    if epoch.is_empty() { Ok(None) } else { super::epoch(epoch).map(Some) }
}
