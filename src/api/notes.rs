//! Notes and pads over the API. A note has an `ETag` that counts its versions; whoever changes one says with
//! `If-Match` which version was read.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Bytes, PayloadConfig, delete, get, post, put, resource},
};
use kernel::{Cursor, Locator, PageAsk};
use notes_api::{
    Note, NoteDraft, NoteEdit, NoteId, NoteOf, NoteOrder, NotesError, NotesOf, Pad, PadDraft, PadEdit, PadId,
    PadOf, PadsOf,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::query::Query;
use crate::edge::{Stop, Visit};

/// The longest body, in bytes: the longest note, with every character escaped.
const LONGEST: usize = 1_500_000;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    let notes = resource("/notes").app_data(PayloadConfig::new(LONGEST));
    let note = resource("/notes/{id}").app_data(PayloadConfig::new(LONGEST));
    cfg.service(notes.route(get().to(list)).route(post().to(add)))
        .service(note.route(get().to(one)).route(put().to(change)).route(delete().to(remove)))
        .service(resource("/pads").route(get().to(pads)).route(post().to(add_pad)))
        .service(
            resource("/pads/{id}")
                .route(get().to(pad))
                .route(put().to(rename_pad))
                .route(delete().to(remove_pad)),
        );
}

#[derive(Deserialize)]
struct Listed {
    #[serde(default)]
    order: String,
    pad: Option<PadId>,
    trip: Option<Locator>,
    limit: Option<u32>,
    after: Option<Cursor>,
}

/// A note as it is sent. Whose it is and which version it has are not for the sender to say; other fields are ignored.
#[derive(Deserialize)]
struct NoteBody {
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    pad: Option<PadId>,
    #[serde(default)]
    trip: Option<Locator>,
}

#[derive(Deserialize)]
struct PadBody {
    #[serde(default)]
    name: String,
}

async fn list(visit: Visit, listed: Query<Listed>) -> Result<HttpResponse, Stop> {
    let Listed { order, pad, trip, limit, after } = listed.0;
    let page = PageAsk { after, ..limit.map_or_else(PageAsk::default, PageAsk::first) };
    let of = NotesOf { pad, trip, order: NoteOrder::from_word(&order), page };
    let found = visit.portal.faces.notes.list(&visit.ctx, of).await.map_err(stop)?;
    let notes: Vec<Value> = found.page.items.iter().map(note_json).collect();
    let next = found.page.next.map(|cursor| cursor.0);
    Ok(HttpResponse::Ok().json(json!({ "data": notes, "total": found.total, "next": next })))
}

async fn one(visit: Visit, id: web::Path<String>) -> Result<HttpResponse, Stop> {
    let of = NoteOf { id: note_id(&id)?, version: None };
    let note = visit.portal.faces.notes.note(&visit.ctx, of).await.map_err(stop)?;
    Ok(tagged(StatusCode::OK, &note))
}

async fn add(visit: Visit, body: Bytes) -> Result<HttpResponse, Stop> {
    let draft = read::<NoteBody>(&visit, &body)?.into();
    let note = visit.portal.faces.notes.add(&visit.ctx, draft).await.map_err(stop)?;
    let mut answer = tagged(StatusCode::CREATED, &note);
    located(&mut answer, &format!("/api/v1/notes/{}", note.id));
    Ok(answer)
}

async fn change(visit: Visit, id: web::Path<String>, body: Bytes) -> Result<HttpResponse, Stop> {
    let id = note_id(&id)?;
    let version = if_match(visit.request())?;
    let draft = read::<NoteBody>(&visit, &body)?.into();
    let note =
        visit.portal.faces.notes.edit(&visit.ctx, NoteEdit { id, draft, version }).await.map_err(stop)?;
    Ok(tagged(StatusCode::OK, &note))
}

async fn remove(visit: Visit, id: web::Path<String>) -> Result<HttpResponse, Stop> {
    let of = NoteOf { id: note_id(&id)?, version: if_match(visit.request())? };
    visit.portal.faces.notes.delete(&visit.ctx, of).await.map_err(stop)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn pads(visit: Visit) -> Result<HttpResponse, Stop> {
    let found = visit.portal.faces.notes.pads(&visit.ctx, PadsOf {}).await.map_err(stop)?;
    let pads: Vec<Value> = found.iter().map(pad_json).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": pads, "next": null })))
}

async fn pad(visit: Visit, id: web::Path<String>) -> Result<HttpResponse, Stop> {
    let pad = visit.portal.faces.notes.pad(&visit.ctx, PadOf { id: pad_id(&id)? }).await.map_err(stop)?;
    Ok(HttpResponse::Ok().json(json!({ "data": pad_json(&pad) })))
}

async fn add_pad(visit: Visit, body: Bytes) -> Result<HttpResponse, Stop> {
    let PadBody { name } = read(&visit, &body)?;
    let pad = visit.portal.faces.notes.add_pad(&visit.ctx, PadDraft { name }).await.map_err(stop)?;
    let mut answer = HttpResponse::Created().json(json!({ "data": pad_json(&pad) }));
    located(&mut answer, &format!("/api/v1/pads/{}", pad.id));
    Ok(answer)
}

async fn rename_pad(visit: Visit, id: web::Path<String>, body: Bytes) -> Result<HttpResponse, Stop> {
    let PadBody { name } = read(&visit, &body)?;
    let edit = PadEdit { id: pad_id(&id)?, name };
    let pad = visit.portal.faces.notes.rename_pad(&visit.ctx, edit).await.map_err(stop)?;
    Ok(HttpResponse::Ok().json(json!({ "data": pad_json(&pad) })))
}

async fn remove_pad(visit: Visit, id: web::Path<String>) -> Result<HttpResponse, Stop> {
    visit.portal.faces.notes.delete_pad(&visit.ctx, PadOf { id: pad_id(&id)? }).await.map_err(stop)?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<NoteBody> for NoteDraft {
    fn from(body: NoteBody) -> Self {
        Self { name: body.name, text: body.text, pad: body.pad, trip: body.trip }
    }
}

fn note_json(note: &Note) -> Value {
    json!({
        "id": note.id,
        "name": note.name,
        "text": note.text,
        "pad": note.pad.as_ref().map(|pad| json!({ "id": pad.id, "name": pad.name })),
        "trip": note.trip.as_ref().map(|trip| json!({ "locator": trip.locator, "title": trip.title })),
        "version": note.version,
        "created_at": note.created_at,
        "updated_at": note.updated_at,
    })
}

fn pad_json(pad: &Pad) -> Value {
    json!({ "id": pad.id, "name": pad.name, "notes": pad.notes })
}

fn tagged(status: StatusCode, note: &Note) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::ETAG, format!("\"{}\"", note.version)))
        .json(json!({ "data": note_json(note) }))
}

fn located(answer: &mut HttpResponse, path: &str) {
    if let Ok(path) = path.parse() {
        answer.headers_mut().insert(header::LOCATION, path);
    }
}

/// The body, which must say that it is JSON: forms of other sites cannot.
fn read<T: DeserializeOwned>(visit: &Visit, body: &[u8]) -> Result<T, Stop> {
    let kind = visit.request().headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return Err(Stop::BadRequest("Send JSON, with Content-Type: application/json.".into()));
    }
    serde_json::from_slice(body)
        .map_err(|error| Stop::BadRequest(format!("The body could not be read: {error}")))
}

/// The version that the sender has read; `None` for `*`. A tag that no note of ours ever had matches nothing.
fn if_match(request: &HttpRequest) -> Result<Option<i64>, Stop> {
    let missing = || {
        Stop::PreconditionRequired("Send If-Match with the ETag of the version that you have read.".into())
    };
    let value = request.headers().get(header::IF_MATCH).ok_or_else(missing)?;
    let value = value.to_str().map_err(|_| Stop::BadRequest("If-Match is not plain text.".into()))?.trim();
    match value {
        "" => Err(missing()),
        "*" => Ok(None),
        several if several.contains(',') => Err(Stop::BadRequest("Send one ETag in If-Match.".into())),
        tag => {
            const NEVER: i64 = 0;
            let version =
                tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|v| v.parse().ok());
            Ok(Some(version.unwrap_or(NEVER)))
        }
    }
}

fn note_id(text: &str) -> Result<NoteId, Stop> {
    text.parse().map_err(|_| Stop::NotFound)
}

fn pad_id(text: &str) -> Result<PadId, Stop> {
    text.parse().map_err(|_| Stop::NotFound)
}

fn stop(error: NotesError) -> Stop {
    match error {
        NotesError::Forbidden => Stop::Forbidden("Notes belong to people; a machine has none.".into()),
        NotesError::Stale(now) => Stop::Stale(format!(
            "The note was changed in the meantime. It is at version {} now.",
            now.version
        )),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn if_match_names_one_version() {
        let asked = |value: &str| {
            if_match(&TestRequest::default().insert_header(("if-match", value)).to_http_request())
        };
        for (value, version) in
            [("\"3\"", Some(3)), ("*", None), ("W/\"3\"", Some(0)), ("3", Some(0)), ("\"x\"", Some(0))]
        {
            assert_eq!(asked(value).unwrap(), version, "{value}");
        }
        assert!(matches!(asked(""), Err(Stop::PreconditionRequired(_))));
        assert!(matches!(asked("\"1\", \"2\""), Err(Stop::BadRequest(_))));
        assert!(matches!(
            if_match(&TestRequest::default().to_http_request()),
            Err(Stop::PreconditionRequired(_))
        ));
    }
}
