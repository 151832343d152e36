//! Notes and pads as a person reads and writes them.

mod draft;
mod pads;
mod views;
pub(crate) mod when;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Path, Query, ServiceConfig, get, post, resource},
};
use kernel::{Cursor, PageAsk};
use notes_api::{
    Note, NoteDraft, NoteEdit, NoteId, NoteOf, NoteOrder, NotesError, NotesOf, Pad, PadId, PadsOf,
};
use serde::Deserialize;

use self::{
    draft::{NoteFields, Preset},
    views::{
        ConflictPage, DeletePage, FormPage, Head, ListPage, NoteForm, NotePage, Onward, PadLink, Row,
        TripLink, note_path, pad_path,
    },
    when::Here,
};
use crate::edge::{FlashKind, Form, Stop, Visit};

pub fn routes(cfg: &mut ServiceConfig) {
    let notes = |path: &str| resource([format!("/notes{path}"), format!("/notes{path}/")]);
    cfg.service(notes("").route(get().to(list)))
        .service(notes("/create").route(get().to(new)).route(post().to(create)))
        .service(notes("/{id}").route(get().to(view)))
        .service(notes("/{id}/edit").route(get().to(edit)).route(post().to(save)))
        .service(notes("/{id}/delete").route(get().to(confirm)).route(post().to(delete)));
    pads::routes(cfg);
}

/// How a list is to be shown.
#[derive(Debug, Default, Deserialize)]
struct Shown {
    #[serde(default)]
    order: String,
    limit: Option<u32>,
    after: Option<String>,
}

async fn list(visit: Visit, shown: Query<Shown>) -> Result<HttpResponse, Stop> {
    list_of(&visit, None, &shown).await
}

/// The page of all notes, or of one pad.
async fn list_of(visit: &Visit, pad: Option<Pad>, shown: &Shown) -> Result<HttpResponse, Stop> {
    visit.account()?;
    let here = Here::of(visit);
    let order = NoteOrder::from_word(&shown.order);
    let after = shown.after.clone().map(Cursor);
    let page = PageAsk { after, ..shown.limit.map_or_else(PageAsk::default, PageAsk::first) };
    let of = NotesOf { pad: pad.as_ref().map(|pad| pad.id), trip: None, order, page };
    let found = visit.portal.faces.notes.list(&visit.ctx, of).await?;
    let base = pad.as_ref().map_or_else(|| "/notes/".to_owned(), |pad| pad_path(pad.id));
    let mine = pads_of(visit).await?;
    visit.page(&ListPage {
        shell: visit.shell(),
        total: found.total,
        rows: found.page.items.into_iter().map(|note| Row::new(note, &here)).collect(),
        by_name: Head::new(&base, order, NoteOrder::Name, NoteOrder::NameDown),
        by_date: Head::new(&base, order, NoteOrder::Newest, NoteOrder::Oldest),
        pads: mine.iter().map(|other| PadLink::of(other, pad.as_ref().map(|pad| pad.id))).collect(),
        onward: onward(&base, shown, order, found.page.next),
        pad: pad.as_ref().map(|pad| pad.id.to_string()).unwrap_or_default(),
        name: pad.map_or_else(|| "All notes".to_owned(), |pad| pad.name),
    })
}

fn onward(base: &str, shown: &Shown, order: NoteOrder, next: Option<Cursor>) -> Onward {
    let label = match order {
        NoteOrder::Newest => "Older notes",
        NoteOrder::Oldest => "Newer notes",
        NoteOrder::Name | NoteOrder::NameDown => "More notes",
    };
    let limit = shown.limit.map(|limit| format!("&limit={limit}")).unwrap_or_default();
    let way = |after: &str| format!("{base}?order={}{limit}{after}", order.word());
    let first = if shown.after.is_some() { way("") } else { String::new() };
    Onward { label, next: next.map(|cursor| way(&format!("&after={}", cursor.0))).unwrap_or_default(), first }
}

async fn new(visit: Visit, preset: Query<Preset>) -> Result<HttpResponse, Stop> {
    visit.account()?;
    let draft = preset.draft();
    let back = back_of(&draft);
    let pads = pads_of(&visit).await?;
    let form = NoteForm::new(draft, &pads, visit.new_key());
    visit.page(&FormPage { shell: visit.shell(), heading: "New note", back, form })
}

async fn create(posted: Form<NoteFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    visit.account()?;
    let draft = fields.draft();
    let mut done = visit.portal.faces.notes.add(&fields.ctx(&visit)?, draft.clone()).await;
    if done == Err(NotesError::KeyReused) {
        // The same form, filled in anew after going back: another note is what is wanted.
        done = visit.portal.faces.notes.add(&visit.ctx, draft.clone()).await;
    }
    match done {
        Ok(note) => {
            // From a trip's page one goes back to the trip.
            let trip = note.trip.as_ref().filter(|_| note.pad.is_none());
            let to = trip.map_or_else(|| home_of(&note), |trip| format!("/trips/{}", trip.locator));
            Ok(visit.redirect_saying(&to, FlashKind::Ok, "Note is successfully created"))
        }
        Err(NotesError::Invalid(errors)) => {
            let form = NoteForm { troubles: errors.into(), ..typed(&visit, &fields, draft.clone()).await? };
            let page = FormPage { shell: visit.shell(), heading: "New note", back: back_of(&draft), form };
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(other) => Err(other.into()),
    }
}

async fn view(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let note = find(&visit, &id).await?;
    visit.page(&NotePage {
        shell: visit.shell(),
        href: note_path(&note),
        pad: note.pad.map(|pad| PadLink { href: pad_path(pad.id), name: pad.name, notes: 0, here: false }),
        trip: note.trip.map(|trip| TripLink {
            locator: trip.locator.to_string(),
            title: trip.title.unwrap_or_default(),
        }),
        when: Here::of(&visit).say(note.updated_at),
        at: note.updated_at.to_string(),
        name: note.name,
        text: note.text,
    })
}

async fn edit(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let note = find(&visit, &id).await?;
    let (back, version) = (note_path(&note), note.version.to_string());
    let pads = pads_of(&visit).await?;
    let form = NoteForm { version, ..NoteForm::new(draft_of(note), &pads, visit.new_key()) };
    visit.page(&FormPage { shell: visit.shell(), heading: "Edit note", back, form })
}

async fn save(id: Path<String>, posted: Form<NoteFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = posted;
    visit.account()?;
    let draft = fields.draft();
    let edit = NoteEdit { id: note_id(&id)?, draft: draft.clone(), version: fields.version() };
    let mut done = visit.portal.faces.notes.edit(&fields.ctx(&visit)?, edit.clone()).await;
    if done == Err(NotesError::KeyReused) {
        done = visit.portal.faces.notes.edit(&visit.ctx, edit.clone()).await;
    }
    match done {
        Ok(note) => Ok(visit.redirect_saying(&home_of(&note), FlashKind::Ok, "Note is successfully updated")),
        Err(NotesError::Invalid(errors)) => {
            let form = NoteForm { troubles: errors.into(), ..typed(&visit, &fields, draft).await? };
            let page = FormPage {
                shell: visit.shell(),
                heading: "Edit note",
                back: format!("/notes/{}/", edit.id),
                form,
            };
            visit.page_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(NotesError::Stale(now)) => conflict(&visit, &fields, draft, *now).await,
        Err(other) => Err(other.into()),
    }
}

/// Nothing is lost: both texts are on the page, and saving again is meant.
async fn conflict(
    visit: &Visit,
    fields: &NoteFields,
    draft: NoteDraft,
    now: Note,
) -> Result<HttpResponse, Stop> {
    let form = NoteForm {
        version: now.version.to_string(),
        key: visit.new_key(),
        ..typed(visit, fields, draft).await?
    };
    let page = ConflictPage {
        shell: visit.shell(),
        href: note_path(&now),
        when: Here::of(visit).say(now.updated_at),
        theirs_name: now.name,
        theirs_text: now.text,
        form,
    };
    visit.page_as(StatusCode::CONFLICT, &page)
}

async fn confirm(visit: Visit, id: Path<String>) -> Result<HttpResponse, Stop> {
    let note = find(&visit, &id).await?;
    let back = note_path(&note);
    visit.page(&DeletePage { shell: visit.shell(), name: note.name, along: String::new(), back })
}

async fn delete(id: Path<String>, posted: Form<()>) -> Result<HttpResponse, Stop> {
    let visit = posted.visit;
    visit.account()?;
    let of = NoteOf { id: note_id(&id)?, version: None };
    let note = visit.portal.faces.notes.delete(&visit.ctx, of).await?;
    Ok(visit.redirect_saying(&home_of(&note), FlashKind::Ok, "Note is successfully deleted"))
}

/// One's own note by the text in the address; anything else is not there.
async fn find(visit: &Visit, id: &str) -> Result<Note, Stop> {
    visit.account()?;
    Ok(visit.portal.faces.notes.note(&visit.ctx, NoteOf { id: note_id(id)?, version: None }).await?)
}

fn note_id(text: &str) -> Result<NoteId, Stop> {
    text.parse().map_err(|_| Stop::NotFound)
}

async fn pads_of(visit: &Visit) -> Result<Vec<Pad>, NotesError> {
    visit.portal.faces.notes.pads(&visit.ctx, PadsOf {}).await
}

/// The form as it was sent.
async fn typed(visit: &Visit, fields: &NoteFields, draft: NoteDraft) -> Result<NoteForm, Stop> {
    let pads = pads_of(visit).await?;
    let version = fields.version().map(|version| version.to_string()).unwrap_or_default();
    Ok(NoteForm { version, ..NoteForm::new(draft, &pads, visit.new_key()) })
}

fn draft_of(note: Note) -> NoteDraft {
    NoteDraft {
        name: note.name,
        text: note.text,
        pad: note.pad.map(|pad| pad.id),
        trip: note.trip.map(|trip| trip.locator),
    }
}

/// Where one goes from a note: to its pad, else to the list.
fn home_of(note: &Note) -> String {
    note.pad.as_ref().map_or_else(|| "/notes/".to_owned(), |pad| pad_path(pad.id))
}

fn back_of(draft: &NoteDraft) -> String {
    match (draft.pad, draft.trip) {
        (Some(pad), _) => pad_path(pad),
        (None, Some(trip)) => format!("/trips/{trip}"),
        (None, None) => "/notes/".to_owned(),
    }
}

fn pad_id(text: &str) -> Result<PadId, Stop> {
    text.parse().map_err(|_| Stop::NotFound)
}
