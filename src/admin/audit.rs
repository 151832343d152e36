//! Audit: who did what, and why, in each module's own words.

use actix_web::HttpResponse;
use askama::Template;
use kernel::{AuditRow, Cursor, Page, PageAsk, Role};
use serde::Deserialize;

use super::page::{moment, next};
use crate::{
    api::Query,
    edge::{Shell, Stop, Visit},
    pages::pieces::Choice,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    of: String,
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct List {
    shell: Shell,
    of: Vec<Choice>,
    rows: Vec<Row>,
    next: String,
    first: String,
}

struct Row {
    at: String,
    actor: String,
    action: String,
    subject: String,
    reason: String,
    request_id: String,
}

pub(super) async fn list(visit: Visit, Query(wish): Query<Wish>) -> Result<HttpResponse, Stop> {
    visit.staff(&[Role::Auditor])?;
    let first = if wish.after.is_some() { format!("/admin/audit?of={}", wish.of) } else { String::new() };
    let page = PageAsk { after: wish.after, limit: 50 };
    let found: Page<AuditRow> = match wish.of.as_str() {
        "accounts" => visit.portal.faces.accounts.audit(&visit.ctx, page).await?,
        "switch" => visit.portal.cockpit.audit(page).await?,
        _ => visit.portal.faces.orders.audit(&visit.ctx, page).await?,
    };
    let of = [("booking", "Bookings and flights"), ("accounts", "Accounts"), ("switch", "Switch and feeds")];
    let chosen = if of.iter().any(|(word, _)| *word == wish.of) { wish.of.as_str() } else { "booking" };
    visit.page(&List {
        shell: visit.shell(),
        of: of.map(|(word, label)| Choice::new(word, label, word == chosen)).to_vec(),
        next: next("/admin/audit", &[("of", chosen)], found.next.as_ref()),
        rows: found
            .items
            .into_iter()
            .map(|row| Row {
                at: moment(visit.locale, row.at),
                actor: row.actor,
                action: row.action,
                subject: row.subject,
                reason: row.reason,
                request_id: row.request_id,
            })
            .collect(),
        first,
    })
}
