//! A forgotten password: a link by mail that works once, for half an hour. The answer never tells who has an account.

use accounts_api::{AccountsError, RequestReset, ResetPassword};
use actix_web::{HttpResponse, http::StatusCode, web::Path};
use askama::Template;
use kernel::Secret;
use serde::Deserialize;

use super::sign::blank;
use crate::{
    edge::{Class, FlashKind, Form, Shell, Stop, Visit},
    pages::pieces::Troubles,
};

#[derive(Template)]
#[template(path = "account/forgot.html")]
struct ForgotPage {
    shell: Shell,
    email: String,
    troubles: Troubles,
}

#[derive(Template)]
#[template(path = "account/reset.html")]
struct ResetPage {
    shell: Shell,
    /// The link was used, has expired, or never was one.
    expired: bool,
    troubles: Troubles,
}

#[derive(Deserialize)]
pub(super) struct ForgotFields {
    #[serde(default)]
    email: String,
}

#[derive(Deserialize)]
pub(super) struct ResetFields {
    #[serde(default = "blank")]
    new_password: Secret,
    #[serde(default = "blank")]
    repeat_new_password: Secret,
}

pub(super) async fn ask(visit: Visit) -> Result<HttpResponse, Stop> {
    let email = visit.session.as_ref().map(|session| session.account.email.to_string()).unwrap_or_default();
    visit.page(&ForgotPage { shell: visit.shell(), email, troubles: Troubles::default() })
}

pub(super) async fn send(posted: Form<ForgotFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    visit.count(Class::SignIn, &fields.email)?;
    let ask = RequestReset { email: fields.email.clone() };
    match visit.portal.faces.accounts.request_reset(&visit.ctx, ask).await {
        Ok(()) => Ok(visit.redirect_saying(
            "/signin/",
            FlashKind::Note,
            "If there is an account with this address, a link to choose a new password is on its way. It works once, for 30 minutes.",
        )),
        Err(AccountsError::Invalid(errors)) => {
            let page = ForgotPage { shell: visit.shell(), email: fields.email, troubles: errors.into() };
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(other) => Err(other.into()),
    }
}

/// Looking at the link does not use it: mail scanners follow links too.
pub(super) async fn choose(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.page(&ResetPage { shell: unnamed(&visit), expired: false, troubles: Troubles::default() })
}

pub(super) async fn set(token: Path<String>, posted: Form<ResetFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    let reset = ResetPassword {
        token: Secret::new(token.as_str()),
        new_password: fields.new_password,
        repeat_new_password: fields.repeat_new_password,
    };
    let (expired, troubles) = match visit.portal.faces.accounts.reset_password(&visit.ctx, reset).await {
        Ok(()) => {
            visit.sessions.forget();
            let words = "Your password is successfully changed. Now you can sign in.";
            return Ok(visit.redirect_saying("/signin/", FlashKind::Ok, words));
        }
        Err(AccountsError::LinkExpired) => (true, Troubles::default()),
        Err(AccountsError::Invalid(errors)) => (false, errors.into()),
        Err(other) => return Err(other.into()),
    };
    let status = if expired { StatusCode::GONE } else { StatusCode::UNPROCESSABLE_ENTITY };
    visit.page_as(status, &ResetPage { shell: unnamed(&visit), expired, troubles })
}

/// The frame of a page whose address is a secret, without that address in it.
fn unnamed(visit: &Visit) -> Shell {
    Shell { path: "/forgot-password/".to_owned(), ..visit.shell() }
}
