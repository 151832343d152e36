//! Changes that wait until somebody else agrees.

use actix_web::{HttpResponse, web};
use cockpit::{CockpitError, Waiting};

use super::{
    MAY_CHANGE,
    difference::{self, KeyChange},
    may_change,
    people::People,
    steps, words,
};
use crate::{
    admin::page::{Reason, given},
    edge::{FlashKind, Form, Stop, Visit},
};

/// A waiting change, in the shape of `pieces/cockpit.html`.
pub(super) struct WaitingView {
    pub(super) id: String,
    pub(super) module: String,
    pub(super) what: String,
    pub(super) by: String,
    pub(super) at: String,
    pub(super) reason: String,
    pub(super) keys: Vec<KeyChange>,
    pub(super) moves: Vec<String>,
    pub(super) agreed: String,
    /// It is the visitor's own.
    pub(super) own: bool,
    /// The binding was changed since: it can only be rejected.
    pub(super) stale: bool,
    pub(super) may_decide: bool,
}

pub(super) async fn approve(id: web::Path<String>, form: Form<Reason>) -> Result<HttpResponse, Stop> {
    let visit = form.visit;
    visit.staff(&MAY_CHANGE)?;
    match visit.portal.cockpit.approve(&visit.ctx, &id).await {
        Ok(done) => Ok(steps::said(&visit, "/admin/switch", "Agreed", &done)),
        Err(error @ (CockpitError::Conflict(_) | CockpitError::NoChange(_) | CockpitError::OwnChange)) => {
            Ok(visit.redirect_saying("/admin/switch", FlashKind::Error, &said(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn reject(id: web::Path<String>, form: Form<Reason>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    let reason = given(&fields.reason)?;
    match visit.portal.cockpit.reject(&visit.ctx, &id, reason).await {
        Ok(()) => {
            let words = "The change is rejected; nothing has moved.";
            Ok(visit.redirect_saying("/admin/switch", FlashKind::Note, words))
        }
        Err(error @ CockpitError::NoChange(_)) => {
            Ok(visit.redirect_saying("/admin/switch", FlashKind::Error, &said(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

fn said(error: &CockpitError) -> String {
    match error {
        CockpitError::Conflict(epoch) => format!(
            "The table has changed since this was proposed: epoch {epoch} is in force. Reject it, and have it proposed again."
        ),
        other => crate::pages::say::sentence(&other.to_string()),
    }
}

impl WaitingView {
    pub(super) fn of(visit: &Visit, change: &Waiting, people: &People) -> Self {
        let more =
            change.needs_people.saturating_sub(1 + u32::try_from(change.approved_by.len()).unwrap_or(0));
        let by: Vec<_> = change.approved_by.iter().map(|label| people.name(label)).collect();
        let agreed = if by.is_empty() { String::new() } else { format!("{} agreed. ", by.join(", ")) };
        Self {
            id: change.change_id.clone(),
            module: change.module.clone(),
            what: change.what.clone(),
            by: people.name(&change.author),
            at: words::instant(visit.locale, change.at),
            reason: change.reason.clone(),
            keys: difference::keys(std::slice::from_ref(&change.difference)),
            moves: words::moves(&change.moves),
            agreed: match more {
                1 => format!("{agreed}One more person has to agree."),
                n => format!("{agreed}{n} more people have to agree."),
            },
            own: change.author == visit.ctx.actor.label(),
            stale: change.is_stale,
            may_decide: may_change(visit),
        }
    }

    pub(super) fn labels(change: &Waiting) -> impl Iterator<Item = &str> {
        std::iter::once(&*change.author).chain(change.approved_by.iter().map(String::as_str))
    }
}
