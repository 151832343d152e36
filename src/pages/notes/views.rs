//! What the pages about notes show: small values for the templates, made from the interface's answers.

use askama::Template;
use kernel::Locator;
use notes_api::{Note, NoteDraft, NoteOrder, Pad, PadId};

use super::when::Here;
use crate::{
    edge::Shell,
    pages::pieces::{Choice, Troubles},
};

/// All notes, or those of one pad.
#[derive(Template)]
#[template(path = "notes/list.html")]
pub(super) struct ListPage {
    pub(super) shell: Shell,
    /// The name of the pad, or "All notes".
    pub(super) name: String,
    pub(super) total: i64,
    /// The pad that is shown; empty on the page of all notes.
    pub(super) pad: String,
    pub(super) rows: Vec<Row>,
    pub(super) by_name: Head,
    pub(super) by_date: Head,
    pub(super) pads: Vec<PadLink>,
    pub(super) onward: Onward,
}

/// One line of a list.
pub(super) struct Row {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) snippet: String,
    pub(super) pad: Option<PadLink>,
    pub(super) trip: String,
    pub(super) when: String,
    /// RFC 3339, for the machine's eye.
    pub(super) at: String,
}

/// A column's head, which sorts by it.
pub(super) struct Head {
    pub(super) href: String,
    /// The value of `aria-sort`; empty unless the list is in this order.
    pub(super) sort: &'static str,
}

#[derive(Debug, Clone)]
pub(super) struct PadLink {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) notes: i64,
    pub(super) here: bool,
}

/// The way to the next page and back to the first; empty where there is none.
pub(super) struct Onward {
    pub(super) label: &'static str,
    pub(super) next: String,
    pub(super) first: String,
}

#[derive(Template)]
#[template(path = "notes/note.html")]
pub(super) struct NotePage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) name: String,
    pub(super) text: String,
    pub(super) pad: Option<PadLink>,
    pub(super) trip: Option<TripLink>,
    pub(super) when: String,
    pub(super) at: String,
}

pub(super) struct TripLink {
    pub(super) locator: String,
    pub(super) title: String,
}

/// The note form, for a new note and for an old one.
#[derive(Template)]
#[template(path = "notes/form.html")]
pub(super) struct FormPage {
    pub(super) shell: Shell,
    pub(super) heading: &'static str,
    pub(super) back: String,
    pub(super) form: NoteForm,
}

/// What is typed into a note form, and what is wrong with it.
pub(super) struct NoteForm {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) pads: Vec<Choice>,
    /// A locator, or empty.
    pub(super) trip: String,
    /// The version that was read; empty for a new note.
    pub(super) version: String,
    pub(super) key: String,
    pub(super) troubles: Troubles,
}

impl NoteForm {
    pub(super) fn new(draft: NoteDraft, pads: &[Pad], key: String) -> Self {
        Self {
            pads: pad_choices(pads, draft.pad),
            name: draft.name,
            text: draft.text,
            trip: draft.trip.as_ref().map(Locator::to_string).unwrap_or_default(),
            version: String::new(),
            key,
            troubles: Troubles::default(),
        }
    }

    fn summary(&self) -> Troubles {
        self.troubles.named(&[("name", "Name"), ("text", "Text"), ("pad", "Pad"), ("trip", "Trip")])
    }
}

/// Two people, or two windows: the note as it is, and what was typed here.
#[derive(Template)]
#[template(path = "notes/conflict.html")]
pub(super) struct ConflictPage {
    pub(super) shell: Shell,
    pub(super) href: String,
    pub(super) theirs_name: String,
    pub(super) theirs_text: String,
    pub(super) when: String,
    pub(super) form: NoteForm,
}

#[derive(Template)]
#[template(path = "notes/delete.html")]
pub(super) struct DeletePage {
    pub(super) shell: Shell,
    pub(super) name: String,
    /// What goes along, in words; empty for nothing.
    pub(super) along: String,
    pub(super) back: String,
}

#[derive(Template)]
#[template(path = "notes/pad_form.html")]
pub(super) struct PadFormPage {
    pub(super) shell: Shell,
    pub(super) heading: &'static str,
    /// The name, as typed.
    pub(super) typed: String,
    pub(super) troubles: Troubles,
    pub(super) key: String,
    pub(super) back: String,
    /// Where the pad can be deleted; empty for a new one.
    pub(super) delete: String,
}

impl Row {
    pub(super) fn new(note: Note, here: &Here) -> Self {
        Self {
            href: note_path(&note),
            snippet: snippet(&note.text),
            pad: note.pad.map(|pad| PadLink {
                href: pad_path(pad.id),
                name: pad.name,
                notes: 0,
                here: false,
            }),
            trip: note.trip.map(|trip| trip.locator.to_string()).unwrap_or_default(),
            when: here.say(note.updated_at),
            at: note.updated_at.to_string(),
            name: note.name,
        }
    }
}

impl Head {
    /// The first click sorts as `first`; another click on the same head turns it round.
    pub(super) fn new(base: &str, now: NoteOrder, first: NoteOrder, second: NoteOrder) -> Self {
        let next = if now == first { second } else { first };
        let sort = match now {
            _ if now != first && now != second => "",
            NoteOrder::Name | NoteOrder::Oldest => "ascending",
            NoteOrder::NameDown | NoteOrder::Newest => "descending",
        };
        Self { href: format!("{base}?order={}", next.word()), sort }
    }
}

impl PadLink {
    pub(super) fn of(pad: &Pad, here: Option<PadId>) -> Self {
        Self { href: pad_path(pad.id), name: pad.name.clone(), notes: pad.notes, here: here == Some(pad.id) }
    }
}

pub(super) fn note_path(note: &Note) -> String {
    format!("/notes/{}/", note.id)
}

pub(super) fn pad_path(id: PadId) -> String {
    format!("/pads/{id}/")
}

fn pad_choices(pads: &[Pad], chosen: Option<PadId>) -> Vec<Choice> {
    let none = Choice::new("", "---------", chosen.is_none());
    let own = pads.iter().map(|pad| Choice::new(pad.id, &pad.name, chosen == Some(pad.id)));
    std::iter::once(none).chain(own).collect()
}

/// The beginning of a text on one line.
fn snippet(text: &str) -> String {
    const LONGEST: usize = 160;
    // Of a very long text only the beginning is looked at.
    let start: String = text.chars().take(LONGEST * 4).collect();
    let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST).collect::<String>() + "…"
}
