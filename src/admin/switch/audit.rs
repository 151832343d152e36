//! The switch's audit: every change with its difference and its place in the chain, a check of the whole chain, and
//! all of it as CSV.

use std::fmt::Write;

use actix_web::{HttpResponse, http::header, web::Bytes};
use askama::Template;
use cockpit::AuditEntry;
use futures_util::stream;
use kernel::{Cursor, PageAsk, Role};
use serde::Deserialize;

use super::{changes::WaitingView, history::ChangeView, people::People};
use crate::{
    admin::page::next,
    api::Query,
    edge::{Shell, Stop, Visit},
};

const MAY_READ: [Role; 3] = [Role::Migrator, Role::Ops, Role::Auditor];

#[derive(Template)]
#[template(path = "admin/switch_audit.html")]
struct AuditPage {
    shell: Shell,
    rows: Vec<ChangeView>,
    waiting: Vec<WaitingView>,
    /// What the check of the chain found; empty until it was asked for.
    verdict: &'static str,
    verdict_words: String,
    next: String,
    first: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    after: Option<Cursor>,
    verify: Option<String>,
}

pub(super) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_READ)?;
    let cockpit = &visit.portal.cockpit;
    let first = if wish.after.is_some() { "/admin/switch/audit".to_owned() } else { String::new() };
    let found = cockpit.audit_entries(PageAsk { after: wish.after, limit: 50 }).await?;
    let waiting = cockpit.waiting().await?;
    let (verdict, verdict_words) = match wish.verify {
        Some(_) => verdict(cockpit.verify().await?),
        None => ("", String::new()),
    };
    let labels =
        found.items.iter().flat_map(ChangeView::labels).chain(waiting.iter().flat_map(WaitingView::labels));
    let people = People::of(&visit, labels).await;
    visit.page(&AuditPage {
        shell: visit.shell(),
        next: next("/admin/switch/audit", &[], found.next.as_ref()),
        rows: found.items.iter().map(|entry| ChangeView::of(&visit, entry, &people)).collect(),
        waiting: waiting.iter().map(|change| WaitingView::of(&visit, change, &people)).collect(),
        verdict,
        verdict_words,
        first,
    })
}

fn verdict(broken: Option<i64>) -> (&'static str, String) {
    match broken {
        None => (
            "ok",
            "The chain holds: every row carries the hash of the one before, and nothing was changed."
                .to_owned(),
        ),
        Some(n) => (
            "error",
            format!("The chain is broken at row {n}: that row or one before it was changed or taken away."),
        ),
    }
}

/// All rows, oldest first, sent piece by piece.
pub(super) async fn export(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_READ)?;
    let portal = visit.portal.clone();
    let head = "number,epoch,at,actor,action,subject,reason,request_id,detail,previous,hash\n".to_owned();
    let pieces = stream::try_unfold((Some(0), head), move |(after, head)| {
        let portal = portal.clone();
        async move {
            let Some(after) = after else { return Ok(None) };
            let page = portal.cockpit.audit_after(after, 1_000).await.map_err(Stop::from)?;
            let last = page.items.last().map(|entry| entry.n).filter(|_| page.next.is_some());
            let text = page.items.iter().fold(head, |text, entry| text + &line(entry));
            Ok::<_, Stop>(Some((Bytes::from(text), (last, String::new()))))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"switch-audit.csv\""))
        .streaming(Box::pin(pieces)))
}

fn line(entry: &AuditEntry) -> String {
    let detail = serde_json::to_string(&entry.detail).unwrap_or_default();
    let mut line = format!("{},{},{}", entry.n, entry.epoch, entry.at);
    let texts = [
        &entry.actor,
        &entry.action,
        &entry.subject,
        &entry.reason,
        &entry.request_id,
        &detail,
        &entry.previous,
        &entry.hash,
    ];
    for text in texts {
        // Writing to a String cannot fail.
        let _ = write!(line, ",{}", cell(text));
    }
    line + "\n"
}

/// Quoted where it must be, and never a formula for a spreadsheet.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_anything() {
        for (text, written) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("", ""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
