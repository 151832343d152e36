//! What the commands do inside their transaction: look, decide by the rules, change the rows, tell the log.

use jiff::Timestamp;
use kernel::{NewEvent, PersonId};
use notes_api::{
    Note, NoteDraft, NoteEdit, NoteId, NoteOf, NotesError, Pad, PadDraft, PadEdit, PadId, PadOf,
    events::{NoteFact, PadFact},
};
use store::{AsText, DbError, Expected, Micros, Tx, TxError};

use crate::{
    rows::{self, NoteChange, NoteRow},
    rules,
};

type Done<T> = Result<T, TxError<NotesError>>;

/// Who writes, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) owner: PersonId,
    pub(crate) now: Timestamp,
}

pub(crate) fn add(tx: &mut Tx<'_>, by: Stamp, id: NoteId, draft: &NoteDraft) -> Done<Note> {
    let wording = rules::wording(draft, pad_is_mine(tx, by, draft.pad)?).map_err(NotesError::Invalid)?;
    let row = NoteRow {
        id: AsText(id),
        owner: AsText(by.owner),
        pad: draft.pad.map(AsText),
        trip: draft.trip.map(AsText),
        name: wording.name,
        body: wording.text,
        version: 1,
        created_at: Micros(by.now),
        updated_at: Micros(by.now),
    };
    rows::insert_note(tx, &row)?;
    let note = mine(tx, by, id)?;
    tell(tx, by, "note.created", &note)?;
    Ok(note)
}

pub(crate) fn edit(tx: &mut Tx<'_>, by: Stamp, edit: &NoteEdit) -> Done<Note> {
    let before = mine(tx, by, edit.id)?;
    let draft = &edit.draft;
    let wording = rules::wording(draft, pad_is_mine(tx, by, draft.pad)?).map_err(NotesError::Invalid)?;
    refuse_stale(&before, edit.version)?;
    let change =
        NoteChange { pad: draft.pad, trip: draft.trip, name: wording.name, text: wording.text, now: by.now };
    if !rows::update_note(tx, edit.id, before.version, change)? {
        return moved_on(tx, by, edit.id);
    }
    let note = mine(tx, by, edit.id)?;
    tell(tx, by, "note.changed", &note)?;
    Ok(note)
}

pub(crate) fn delete(tx: &mut Tx<'_>, by: Stamp, of: &NoteOf) -> Done<Note> {
    let note = mine(tx, by, of.id)?;
    refuse_stale(&note, of.version)?;
    if !rows::delete_note(tx, of.id, note.version)? {
        return moved_on(tx, by, of.id);
    }
    tell(tx, by, "note.deleted", &note)?;
    Ok(note)
}

pub(crate) fn add_pad(tx: &mut Tx<'_>, by: Stamp, id: PadId, draft: &PadDraft) -> Done<Pad> {
    let name = rules::pad_name(&draft.name).map_err(NotesError::Invalid)?;
    rows::insert_pad(tx, by.owner, id, &name, by.now)?;
    tell_pad(tx, by, "pad.created", id)?;
    Ok(Pad { id, name, notes: 0 })
}

pub(crate) fn rename_pad(tx: &mut Tx<'_>, by: Stamp, edit: &PadEdit) -> Done<Pad> {
    let pad = my_pad(tx, by, edit.id)?;
    let name = rules::pad_name(&edit.name).map_err(NotesError::Invalid)?;
    rows::rename_pad(tx, edit.id, &name)?;
    tell_pad(tx, by, "pad.renamed", edit.id)?;
    Ok(Pad { name, ..pad })
}

pub(crate) fn delete_pad(tx: &mut Tx<'_>, by: Stamp, of: &PadOf) -> Done<Pad> {
    let pad = my_pad(tx, by, of.id)?;
    for row in rows::notes_in(tx, of.id)? {
        tell_fact(tx, by, "note.deleted", &fact(&row))?;
    }
    rows::delete_pad(tx, of.id)?;
    tell_pad(tx, by, "pad.deleted", of.id)?;
    Ok(pad)
}

fn mine(tx: &mut Tx<'_>, by: Stamp, id: NoteId) -> Done<Note> {
    rows::note(tx, by.owner, id)?.ok_or(TxError::Own(NotesError::NotFound))
}

fn my_pad(tx: &mut Tx<'_>, by: Stamp, id: PadId) -> Done<Pad> {
    rows::pad(tx, by.owner, id)?.ok_or(TxError::Own(NotesError::NotFound))
}

fn pad_is_mine(tx: &mut Tx<'_>, by: Stamp, pad: Option<PadId>) -> Result<bool, DbError> {
    pad.map_or(Ok(true), |id| Ok(rows::pad(tx, by.owner, id)?.is_some()))
}

fn refuse_stale(note: &Note, expected: Option<i64>) -> Result<(), NotesError> {
    match expected {
        Some(version) if version != note.version => Err(NotesError::Stale(Box::new(note.clone()))),
        _ => Ok(()),
    }
}

/// Another process was faster between our look and our change.
fn moved_on<T>(tx: &mut Tx<'_>, by: Stamp, id: NoteId) -> Done<T> {
    let now = mine(tx, by, id)?;
    Err(NotesError::Stale(Box::new(now)).into())
}

fn tell(tx: &mut Tx<'_>, by: Stamp, kind: &'static str, note: &Note) -> Result<(), DbError> {
    let fact = NoteFact {
        id: note.id,
        owner: by.owner,
        pad: note.pad.as_ref().map(|pad| pad.id),
        trip: note.trip.as_ref().map(|trip| trip.locator),
        version: note.version,
    };
    tell_fact(tx, by, kind, &fact)
}

fn tell_fact(tx: &mut Tx<'_>, by: Stamp, kind: &'static str, fact: &NoteFact) -> Result<(), DbError> {
    tx.append(&format!("note/{}", fact.id), Expected::Any, NewEvent::new(kind, by.now, fact))?;
    Ok(())
}

fn tell_pad(tx: &mut Tx<'_>, by: Stamp, kind: &'static str, id: PadId) -> Result<(), DbError> {
    let fact = PadFact { id, owner: by.owner };
    tx.append(&format!("pad/{id}"), Expected::Any, NewEvent::new(kind, by.now, &fact))?;
    Ok(())
}

fn fact(row: &NoteRow) -> NoteFact {
    NoteFact {
        id: row.id.0,
        owner: row.owner.0,
        pad: row.pad.map(|pad| pad.0),
        trip: row.trip.map(|trip| trip.0),
        version: row.version,
    }
}
