//! Pads: the piles that notes are kept in.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig, get, post, resource},
};
use notes_api::{NotesError, Pad, PadDraft, PadEdit, PadOf};
use serde::Deserialize;

use super::{
    Shown, list_of, pad_id,
    views::{DeletePage, PadFormPage, pad_path},
};
use crate::{
    edge::{FlashKind, Form, Stop, Visit},
    pages::pieces::Troubles,
};

pub(super) fn routes(cfg: &mut ServiceConfig) {
    let pads = |path: &str| resource([format!("/pads{path}"), format!("/pads{path}/")]);
    cfg.service(pads("/create").route(get().to(new)).route(post().to(create)))
        .service(pads("/{id}").route(get().to(view)))
        .service(pads("/{id}/edit").route(get().to(settings)).route(post().to(rename)))
        .service(pads("/{id}/delete").route(get().to(confirm)).route(post().to(delete)));
}

#[derive(Debug, Deserialize)]
struct PadFields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    idempotency_key: String,
}

async fn view(visit: Visit, id: Path<String>, shown: Query<Shown>) -> Result<HttpResponse, Stop> {
    let pad = find(&visit, &id).await?;
    list_of(&visit, Some(pad), &shown).await
}

async fn new(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.account()?;
    visit.page(&new_page(&visit, String::new(), Troubles::default()))
}

async fn create(posted: Form<PadFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    visit.account()?;
    let draft = PadDraft { name: fields.name.clone() };
    let mut done =
        visit.portal.faces.notes.add_pad(&visit.ctx_with_key(&fields.idempotency_key)?, draft.clone()).await;
    if done == Err(NotesError::KeyReused) {
        done = visit.portal.faces.notes.add_pad(&visit.ctx, draft).await;
    }
    match done {
        Ok(_) => Ok(visit.redirect_saying("/notes/", FlashKind::Ok, "Pad is successfully created")),
        Err(NotesError::Invalid(errors)) => refused(&visit, &new_page(&visit, fields.name, errors.into())),
        Err(other) => Err(other.into()),
    }
}

async fn settings(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let pad = find(&visit, &id).await?;
    visit.page(&settings_page(&visit, &pad, pad.name.clone(), Troubles::default()))
}

async fn rename(id: Path<String>, posted: Form<PadFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    let pad = find(&visit, &id).await?;
    let edit = PadEdit { id: pad.id, name: fields.name.clone() };
    match visit.portal.faces.notes.rename_pad(&visit.ctx, edit).await {
        Ok(pad) => Ok(visit.redirect_saying(&pad_path(pad.id), FlashKind::Ok, "Pad is successfully updated")),
        Err(NotesError::Invalid(errors)) => {
            refused(&visit, &settings_page(&visit, &pad, fields.name, errors.into()))
        }
        Err(other) => Err(other.into()),
    }
}

async fn confirm(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let pad = find(&visit, &id).await?;
    let along = match pad.notes {
        0 => String::new(),
        1 => "The note in it is deleted too.".to_owned(),
        many => format!("The {many} notes in it are deleted too."),
    };
    visit.page(&DeletePage { shell: visit.shell(), name: pad.name, along, back: pad_path(pad.id) })
}

async fn delete(id: Path<String>, posted: Form<()>) -> Result<HttpResponse, Stop> {
    let visit = posted.visit;
    visit.account()?;
    visit.portal.faces.notes.delete_pad(&visit.ctx, PadOf { id: pad_id(&id)? }).await?;
    Ok(visit.redirect_saying("/notes/", FlashKind::Ok, "Pad is successfully deleted"))
}

async fn find(visit: &Visit, id: &str) -> Result<Pad, Stop> {
    visit.account()?;
    Ok(visit.portal.faces.notes.pad(&visit.ctx, PadOf { id: pad_id(id)? }).await?)
}

fn refused(visit: &Visit, page: &PadFormPage) -> Result<HttpResponse, Stop> {
    visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, page)
}

fn new_page(visit: &Visit, typed: String, troubles: Troubles) -> PadFormPage {
    PadFormPage {
        shell: visit.shell(),
        heading: "New pad",
        typed,
        troubles,
        key: visit.new_key(),
        back: "/notes/".to_owned(),
        delete: String::new(),
    }
}

fn settings_page(visit: &Visit, pad: &Pad, typed: String, troubles: Troubles) -> PadFormPage {
    let back = pad_path(pad.id);
    PadFormPage {
        heading: "Pad settings",
        delete: format!("{back}delete/"),
        back,
        ..new_page(visit, typed, troubles)
    }
}
