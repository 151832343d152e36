//! Signing up, in and out.

use accounts_api::{AccountsError, NewAccount, OpenedSession, ShownToken, SignIn};
use actix_web::{HttpResponse, http::StatusCode, web::Query};
use askama::Template;
use kernel::{Role, Secret};
use serde::Deserialize;

use super::next::own_path;
use crate::{
    edge::{Class, FlashKind, Form, Shell, Stop, Visit},
    pages::pieces::Troubles,
};

#[derive(Template)]
#[template(path = "account/sign_up.html")]
struct SignUpPage {
    shell: Shell,
    email: String,
    next: String,
    troubles: Troubles,
}

#[derive(Template)]
#[template(path = "account/sign_in.html")]
struct SignInPage {
    shell: Shell,
    email: String,
    next: String,
    resting: bool,
    troubles: Troubles,
}

#[derive(Template)]
#[template(path = "account/sign_out.html")]
struct SignOutPage {
    shell: Shell,
    email: String,
}

/// Where to go on. What is no path of ours counts as not given.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Onward {
    #[serde(default)]
    next: String,
}

impl Onward {
    fn path(&self) -> &str {
        own_path(&self.next).unwrap_or("")
    }
}

#[derive(Deserialize)]
pub(super) struct SignUpFields {
    #[serde(default)]
    email: String,
    #[serde(default = "blank")]
    password: Secret,
    #[serde(default = "blank")]
    repeat_password: Secret,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct SignInFields {
    #[serde(default)]
    email: String,
    #[serde(default = "blank")]
    password: Secret,
    #[serde(default)]
    next: String,
}

pub(super) async fn new(visit: Visit, onward: Query<Onward>) -> Result<HttpResponse, Stop> {
    let next = onward.path().to_owned();
    visit.page(&SignUpPage {
        shell: visit.shell(),
        email: String::new(),
        next,
        troubles: Troubles::default(),
    })
}

pub(super) async fn up(posted: Form<SignUpFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    let new = NewAccount {
        email: fields.email.clone(),
        password: fields.password,
        repeat_password: fields.repeat_password,
        subject: Some(visit.ctx.subject.to_string()),
    };
    let onward = Onward { next: fields.next };
    match visit.portal.faces.accounts.sign_up(&visit.ctx, new).await {
        Ok(_) => {
            let to = with_next("/signin/", onward.path());
            Ok(visit.redirect_saying(&to, FlashKind::Ok, "Account is created. Now you can sign in."))
        }
        Err(AccountsError::Invalid(errors)) => {
            let next = onward.path().to_owned();
            let page =
                SignUpPage { shell: visit.shell(), email: fields.email, next, troubles: errors.into() };
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(other) => Err(other.into()),
    }
}

pub(super) async fn ask(visit: Visit, onward: Query<Onward>) -> Result<HttpResponse, Stop> {
    visit.page(&sign_in_page(&visit, String::new(), onward.path(), Troubles::default()))
}

pub(super) async fn open(posted: Form<SignInFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    let onward = Onward { next: fields.next };
    visit.count(Class::SignIn, &fields.email)?;
    let with = SignIn { email: fields.email.clone(), password: fields.password, device: visit.device() };
    let troubles = match visit.portal.faces.accounts.sign_in(&visit.ctx, with).await {
        Ok(opened) => {
            visit.end_session().await;
            return Ok(welcome(&visit, &opened, onward.path()));
        }
        Err(AccountsError::WrongPassword) => Troubles::one("", "Wrong email or password"),
        Err(AccountsError::Invalid(errors)) => errors.into(),
        Err(other) => return Err(other.into()),
    };
    let page = sign_in_page(&visit, fields.email, onward.path(), troubles);
    visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

fn welcome(visit: &Visit, opened: &OpenedSession, next: &str) -> HttpResponse {
    let to = match (next, opened.session.account.role) {
        ("", Role::Traveller) => "/notes/",
        ("", _) => "/admin/",
        (own, _) => own,
    };
    visit.signed_in(visit.redirect_saying(to, FlashKind::Ok, "You are signed in!"), opened)
}

pub(super) async fn leaving(visit: Visit) -> Result<HttpResponse, Stop> {
    let Some(session) = &visit.session else { return Ok(visit.redirect("/signin/")) };
    let email = session.account.email.to_string();
    visit.page(&SignOutPage { shell: visit.shell(), email })
}

pub(super) async fn out(posted: Form<()>) -> Result<HttpResponse, Stop> {
    let visit = posted.visit;
    if let Some(token) = visit.token.clone() {
        visit.portal.faces.accounts.sign_out(&visit.ctx, ShownToken { token }).await?;
    }
    Ok(visit.signed_out(visit.redirect_saying("/signin/", FlashKind::Note, "You are signed out.")))
}

fn sign_in_page(visit: &Visit, email: String, next: &str, troubles: Troubles) -> SignInPage {
    SignInPage { shell: visit.shell(), email, next: next.to_owned(), resting: visit.resting, troubles }
}

/// `next` is a path of ours, in which only `&`, `#`, `+` and `%` would be misread as part of a query.
fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.to_owned();
    }
    let next = next.replace('%', "%25").replace('&', "%26").replace('#', "%23").replace('+', "%2B");
    format!("{path}?next={next}")
}

pub(super) fn blank() -> Secret {
    Secret::new("")
}
