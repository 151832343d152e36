//! Feeds: how far each reader is behind its log, and rebuilding one from the beginning.

use actix_web::{HttpResponse, web};
use askama::Template;
use kernel::{ReaderState, ReaderStatus, Role};

use super::page::{Reason, moment};
use crate::{
    api::{readers, rebuild},
    edge::{FlashKind, Form, Shell, Stop, Visit},
};

const MAY_LOOK: [Role; 3] = [Role::Ops, Role::Migrator, Role::Auditor];

#[derive(Template)]
#[template(path = "admin/feeds.html")]
struct List {
    shell: Shell,
    rows: Vec<Row>,
    may_replay: bool,
}

struct Row {
    name: String,
    source: String,
    position: i64,
    head: String,
    lag: String,
    moved: String,
    dead_letters: u32,
    state: &'static str,
    kind: &'static str,
    trouble: String,
    action: String,
}

pub(super) async fn list(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let rows = readers(&visit).await.iter().map(|reader| row(&visit, reader)).collect();
    let may_replay = visit.ctx.actor.may(&[Role::Ops]);
    visit.page(&List { shell: visit.shell(), rows, may_replay })
}

fn row(visit: &Visit, reader: &ReaderStatus) -> Row {
    let (state, kind) = match reader.state {
        ReaderState::Starting => ("Starting", "note"),
        ReaderState::Following => ("Following", "ok"),
        ReaderState::Rebuilding => ("Rebuilding", "note"),
        ReaderState::Waiting => ("Waiting for its source", "delay"),
        ReaderState::Stopped => ("Stopped", "trouble"),
    };
    let known = |number: Option<i64>| number.map_or_else(|| "unknown".to_owned(), |n| n.to_string());
    Row {
        name: reader.name.clone(),
        source: reader.source.clone(),
        position: reader.position,
        head: known(reader.head),
        lag: known(reader.lag()),
        moved: reader.moved_at.map_or_else(|| "not yet".to_owned(), |at| moment(visit.locale, at)),
        dead_letters: reader.dead_letters,
        state,
        kind,
        trouble: reader.trouble.clone().unwrap_or_default(),
        action: format!("/admin/feeds/{}/replays", reader.name),
    }
}

pub(super) async fn replay(reader: web::Path<String>, form: Form<Reason>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[Role::Ops])?;
    rebuild(&visit, &reader, &fields.reason).await?;
    let said = format!("{reader} is being rebuilt; what it had answers until it is done.");
    Ok(visit.redirect_saying("/admin/feeds", FlashKind::Ok, &said))
}
