//! The notes panel of a trip: the asker's notes on it, and a small form for another. Notes may be away; then the
//! panel says so and the trip stands.

use kernel::{Locale, Locator, PageAsk};
use notes_api::{Note, NotesOf};

use super::live::PATIENCE;
use crate::edge::Visit;

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
    let Ok(Ok(list)) = tokio::time::timeout(PATIENCE, visit.portal.notes.list(&ctx, of)).await else {
        return NotesPanel::Resting;
    };
    let notes: Vec<_> = list.page.items.iter().map(|note| view(note, visit.locale)).collect();
    let more = list.total - i64::try_from(notes.len()).unwrap_or(list.total);
    NotesPanel::Notes { notes, more, key: visit.new_key() }
}

fn view(note: &Note, locale: Locale) -> NoteView {
    let day = note.updated_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    NoteView {
        href: format!("/notes/{}/", note.id),
        name: note.name.clone(),
        snippet: note.text.chars().take(200).collect(),
        when: locale.date(day),
    }
}
