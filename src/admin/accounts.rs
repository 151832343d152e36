//! Accounts: found by address or role; a role is changed and sessions are ended, each with a reason.

use accounts_api::{Account, EndSessions, FindAccounts, PersonOf, SetRole};
use actix_web::{HttpResponse, web};
use askama::Template;
use kernel::{Cursor, PageAsk, PersonId, Role};
use serde::Deserialize;

use super::page::{Reason, given, moment, next};
use crate::{
    api::Query,
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::pieces::Choice,
};

const MAY_LOOK: [Role; 1] = [Role::Auditor];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    q: String,
    role: String,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct List {
    shell: Shell,
    q: String,
    roles: Vec<Choice>,
    rows: Vec<Row>,
    next: String,
    first: String,
}

struct Row {
    href: String,
    email: String,
    role: String,
    created: String,
    seen: String,
}

pub(super) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let first = if wish.after.is_some() { "/admin/accounts".to_owned() } else { String::new() };
    let page = PageAsk { after: wish.after, limit: 50 };
    let ask = FindAccounts { text: wish.q.trim().to_owned(), role: wish.role.parse().ok(), page };
    let found = visit.portal.faces.accounts.find(&visit.ctx, ask).await?;
    let mut roles = vec![Choice::new("", "Any role", wish.role.is_empty())];
    roles.extend(Role::ALL.map(|role| Choice::new(role, role, role.as_str() == wish.role)));
    visit.page(&List {
        shell: visit.shell(),
        next: next("/admin/accounts", &[("q", &wish.q), ("role", &wish.role)], found.next.as_ref()),
        q: wish.q,
        roles,
        rows: found.items.iter().map(|account| row(&visit, account)).collect(),
        first,
    })
}

fn row(visit: &Visit, account: &Account) -> Row {
    Row {
        href: format!("/admin/accounts/{}", account.id),
        email: account.email.to_string(),
        role: account.role.to_string(),
        created: moment(visit.locale, account.created_at),
        seen: account.last_seen.map_or_else(|| "never".to_owned(), |at| moment(visit.locale, at)),
    }
}

#[derive(Template)]
#[template(path = "admin/account.html")]
struct Page {
    shell: Shell,
    account: Row,
    roles: Vec<Choice>,
    sessions: Vec<(String, String, String)>,
    may_change: bool,
    own: bool,
    key: String,
}

pub(super) async fn show(visit: Visit, person: web::Path<String>) -> Result<HttpResponse, Stop> {
    let me = visit.staff(&MAY_LOOK)?.id;
    let person = person_of(&person)?;
    let account = visit.portal.faces.accounts.account(&visit.ctx, PersonOf { person }).await?;
    let may_change = visit.ctx.actor.may(&[]);
    let sessions = if may_change {
        visit.portal.faces.accounts.sessions(&visit.ctx, PersonOf { person }).await?
    } else {
        Vec::new()
    };
    let locale = visit.locale;
    visit.page(&Page {
        account: row(&visit, &account),
        roles: Role::ALL.map(|role| Choice::new(role, role, role == account.role)).to_vec(),
        sessions: sessions
            .into_iter()
            .map(|s| (s.device, moment(locale, s.created_at), moment(locale, s.last_seen)))
            .collect(),
        may_change,
        own: me == person,
        key: visit.new_key(),
        shell: visit.shell(),
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct RoleForm {
    role: String,
    reason: String,
    idempotency_key: String,
}

pub(super) async fn role(person: web::Path<String>, form: Form<RoleForm>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[])?;
    let change = SetRole {
        person: person_of(&person)?,
        role: fields.role.parse()?,
        reason: given(&fields.reason)?.to_owned(),
    };
    let to = format!("/admin/accounts/{}", change.person);
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    let person = change.person;
    let account = visit.portal.faces.accounts.set_role(&ctx, change).await?;
    visit.sessions.shut(person, visit.portal.outside.now());
    let said = format!("{} is a {} now; their sessions have ended.", account.email, account.role);
    Ok(visit.redirect_saying(&to, FlashKind::Ok, &said))
}

pub(super) async fn end_sessions(
    person: web::Path<String>,
    form: Form<Reason>,
) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[])?;
    let person = person_of(&person)?;
    let reason = given(&fields.reason)?.to_owned();
    let ctx = visit.ctx_with_key(&fields.idempotency_key)?;
    let all = EndSessions { person, only: None, keep: None, reason };
    let ended = visit.portal.faces.accounts.end_sessions(&ctx, all).await?;
    visit.sessions.shut(person, visit.portal.outside.now());
    let said = format!("{ended} sessions have ended.");
    Ok(visit.redirect_saying(&format!("/admin/accounts/{person}"), FlashKind::Ok, &said))
}

fn person_of(text: &str) -> Result<PersonId, Stop> {
    text.parse().map_err(|_| Stop::NotFound)
}
