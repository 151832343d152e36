//! One's own account: the password, and where one is signed in.

use accounts_api::{AccountsError, ChangePassword, EndSessions, PersonOf, SessionId, SessionInfo};
use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use kernel::Secret;
use serde::Deserialize;

use super::sign::blank;
use crate::{
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::{notes::when::Here, pieces::Troubles},
};

#[derive(Template)]
#[template(path = "account/settings.html")]
struct SettingsPage {
    shell: Shell,
    email: String,
    confirmed: bool,
    sessions: Vec<Place>,
    troubles: Troubles,
}

/// One place where the person is signed in.
struct Place {
    id: String,
    device: String,
    since: String,
    seen: String,
    /// This very session.
    here: bool,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the form's field names are fixed")]
pub(super) struct PasswordFields {
    #[serde(default = "blank")]
    old_password: Secret,
    #[serde(default = "blank")]
    new_password: Secret,
    #[serde(default = "blank")]
    repeat_new_password: Secret,
}

#[derive(Deserialize)]
pub(super) struct EndFields {
    /// One session; without it all but this one.
    #[serde(default)]
    session: Option<SessionId>,
}

pub(super) async fn show(visit: Visit) -> Result<HttpResponse, Stop> {
    let page = settings_page(&visit, Troubles::default()).await?;
    visit.page(&page)
}

pub(super) async fn change(posted: Form<PasswordFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    visit.account()?;
    let change = ChangePassword {
        old_password: fields.old_password,
        new_password: fields.new_password,
        repeat_new_password: fields.repeat_new_password,
        keep: visit.session.as_ref().map(|session| session.id),
    };
    match visit.portal.faces.accounts.change_password(&visit.ctx, change).await {
        Ok(()) => {
            visit.sessions.shut(visit.account()?.id, visit.portal.outside.now());
            let words = "Your password is successfully changed.";
            Ok(visit.redirect_saying("/settings/", FlashKind::Ok, words))
        }
        Err(AccountsError::Invalid(errors)) => {
            let page = settings_page(&visit, errors.into()).await?;
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn end(posted: Form<EndFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    let person = visit.account()?.id;
    let keep = visit.session.as_ref().map(|session| session.id);
    let which = EndSessions { person, only: fields.session, keep, reason: String::new() };
    let ended = visit.portal.faces.accounts.end_sessions(&visit.ctx, which).await?;
    visit.sessions.forget();
    let words = match ended {
        0 => "You are signed in nowhere else.".to_owned(),
        1 => "One session was ended.".to_owned(),
        many => format!("{many} sessions were ended."),
    };
    Ok(visit.redirect_saying("/settings/", FlashKind::Ok, &words))
}

async fn settings_page(visit: &Visit, troubles: Troubles) -> Result<SettingsPage, Stop> {
    let account = visit.account()?;
    let of = PersonOf { person: account.id };
    let (here, mine) = (Here::of(visit), visit.session.as_ref().map(|session| session.id));
    let sessions = visit.portal.faces.accounts.sessions(&visit.ctx, of).await?;
    Ok(SettingsPage {
        shell: visit.shell(),
        email: account.email.to_string(),
        confirmed: account.confirmed,
        sessions: sessions.into_iter().map(|session| Place::new(session, &here, mine)).collect(),
        troubles,
    })
}

impl Place {
    fn new(session: SessionInfo, here: &Here, mine: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            since: here.say(session.created_at),
            seen: here.say(session.last_seen),
            here: mine == Some(session.id),
            device: session.device,
        }
    }
}
