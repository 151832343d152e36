//! The notes panel of a trip: the asker's notes on it, and a small form for another. Notes may be away; then the
//! panel says so and the trip stands.

use kernel::{Locator, PageAsk};
use notes_api::{Note, NotesOf};

use super::live::PATIENCE;
use crate::{edge::Visit, pages::notes::when::Here};

/// What the panel shows.
pub(super) enum NotesPanel {
    /// Nobody is signed in.
    SignedOut,
    Resting,
    Notes {
        notes: Vec<NoteView>,
        more: i64,
        key: String,
    },
}

pub(super) struct NoteView {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) snippet: String,
    pub(super) when: String,
}

const SHOWN: u32 = 10;

pub(super) async fn ask(visit: &Visit, trip: Locator) -> NotesPanel {
    if visit.session.is_none() {
        return if visit.resting { NotesPanel::Resting } else { NotesPanel::SignedOut };
    }
    let of = NotesOf { trip: Some(trip), page: PageAsk::first(SHOWN), ..NotesOf::default() };
    let ctx = visit.ctx.clone().with_time(PATIENCE);
    let Ok(Ok(list)) = tokio::time::timeout(PATIENCE, visit.portal.faces.notes.list(&ctx, of)).await else {
        return NotesPanel::Resting;
    };
    let here = Here::of(visit);
    let notes: Vec<_> = list.page.items.iter().map(|note| view(note, &here)).collect();
    let more = list.total - i64::try_from(notes.len()).unwrap_or(list.total);
    NotesPanel::Notes { notes, more, key: visit.new_key() }
}

fn view(note: &Note, here: &Here) -> NoteView {
    NoteView {
        href: format!("/notes/{}/", note.id),
        name: note.name.clone(),
        snippet: note.text.chars().take(200).collect(),
        when: here.say(note.updated_at),
    }
}
