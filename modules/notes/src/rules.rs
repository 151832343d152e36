//! What may be written and by whom, and how a place in a list is told: decisions over values alone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use kernel::{Actor, Ctx, Cursor, FieldErrors, PersonId, Role};
use notes_api::{NAME_LIMIT, Note, NoteDraft, NoteId, NoteOrder, NotesError, TEXT_LIMIT};
use serde::{Deserialize, Serialize};

/// Notes belong to people. A machine has none, whatever its role.
pub(crate) fn owner(ctx: &Ctx) -> Result<PersonId, NotesError> {
    match ctx.actor {
        Actor::Anonymous => Err(NotesError::SignedOut),
        Actor::Person { id, .. } => Ok(id),
        Actor::Machine { .. } | Actor::System { .. } => Err(NotesError::Forbidden),
    }
}

/// The log and its readers are the business of services and of those who run them, never of travellers.
pub(crate) fn runs_the_house(ctx: &Ctx) -> bool {
    ctx.actor.may(&[Role::Ops, Role::Migrator, Role::Auditor])
}

/// Only these may set a reader back.
pub(crate) fn may_replay(ctx: &Ctx) -> bool {
    ctx.actor.may(&[Role::Ops, Role::Migrator])
}

/// What a draft says, once it is fit to be kept: the name without the blanks around it, the text as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wording {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Everything that is wrong with a draft at once, so that a form shows it in one go.
pub(crate) fn wording(draft: &NoteDraft, pad_is_mine: bool) -> Result<Wording, FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = name(&draft.name, &mut errors);
    text(&draft.text, &mut errors);
    if !pad_is_mine {
        errors.push("pad", "You have no such pad.");
    }
    errors.check()?;
    Ok(Wording { name, text: draft.text.clone() })
}

/// The name of a pad.
pub(crate) fn pad_name(typed: &str) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::default();
    let name = name(typed, &mut errors);
    errors.check()?;
    Ok(name)
}

const REQUIRED: &str = "This field is required.";

fn name(typed: &str, errors: &mut FieldErrors) -> String {
    let name = typed.trim();
    if name.is_empty() {
        errors.push("name", REQUIRED);
    } else if name.chars().count() > NAME_LIMIT {
        errors.push("name", format!("A name has at most {NAME_LIMIT} characters."));
    } else if name.chars().any(char::is_control) {
        errors.push("name", "A name is one line of ordinary characters.");
    }
    name.to_owned()
}

fn text(typed: &str, errors: &mut FieldErrors) {
    if typed.trim().is_empty() {
        errors.push("text", REQUIRED);
    } else if typed.len() > TEXT_LIMIT {
        errors.push("text", "This text is too long: 200,000 bytes at most.");
    } else if typed.contains('\0') {
        // PostgreSQL cannot keep it.
        errors.push("text", "This text holds a character (NUL) that cannot be kept.");
    }
}

/// A place in a list: the order that it belongs to, and the last note seen there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    order: NoteOrder,
    pub(crate) name: String,
    pub(crate) updated_at: Timestamp,
    pub(crate) id: NoteId,
}

impl Place {
    pub(crate) fn of(order: NoteOrder, note: &Note) -> Self {
        Self { order, name: note.name.clone(), updated_at: note.updated_at, id: note.id }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor(URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default()))
    }

    /// Reads a cursor that was made in the same order.
    pub(crate) fn read(cursor: &Cursor, order: NoteOrder) -> Result<Self, NotesError> {
        let place =
            URL_SAFE_NO_PAD.decode(&cursor.0).ok().and_then(|json| serde_json::from_slice(&json).ok());
        place.filter(|place: &Self| place.order == order).ok_or_else(|| {
            NotesError::Invalid(FieldErrors::one(
                "after",
                "This place in the list is not known; start again.",
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn draft(name: &str, text: &str) -> NoteDraft {
        NoteDraft { name: name.to_owned(), text: text.to_owned(), ..NoteDraft::default() }
    }

    #[test]
    fn drafts() {
        let long = "é".repeat(NAME_LIMIT);
        let too_long = "é".repeat(NAME_LIMIT + 1);
        let much = "x".repeat(TEXT_LIMIT);
        let too_much = "x".repeat(TEXT_LIMIT + 1);
        let table: [(&str, &str, &[&str]); 11] = [
            ("a", "b", &[]),
            ("  a  ", "\n b ", &[]),
            (&long, "b", &[]),
            ("a", &much, &[]),
            ("", "", &["name", "text"]),
            (" \t", " \r\n ", &["name", "text"]),
            (&too_long, "b", &["name"]),
            ("a\nb", "b", &["name"]),
            ("a\0", "b", &["name"]),
            ("a", "b\0c", &["text"]),
            ("a", &too_much, &["text"]),
        ];
        for (name, text, wrong) in table {
            let fields: Vec<String> = match wording(&draft(name, text), true) {
                Ok(wording) => {
                    assert_eq!((wording.name.as_str(), wording.text.as_str()), (name.trim(), text));
                    Vec::new()
                }
                Err(errors) => errors.0.into_iter().map(|error| error.field).collect(),
            };
            assert_eq!(fields, wrong, "{name:?} {:?}", text.len());
        }
    }

    #[test]
    fn another_pad_is_named_beside_the_rest() {
        let errors = wording(&draft("", "text"), false).unwrap_err();
        assert_eq!((errors.of("name").count(), errors.of("pad").count()), (1, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_cursor_comes_back(name in ".{0,100}", micros in -1_000_000_000_000_i64..4_000_000_000_000_000, id: u128) {
            let id = NoteId(uuid::Uuid::from_u128(id));
            let updated_at = Timestamp::from_microsecond(micros).unwrap();
            let place = Place { order: NoteOrder::Name, name, updated_at, id };
            prop_assert_eq!(&Place::read(&place.cursor(), NoteOrder::Name).unwrap(), &place);
            prop_assert!(Place::read(&place.cursor(), NoteOrder::Newest).is_err());
        }

        #[test]
        fn a_strange_cursor_is_refused(text in ".{0,60}") {
            prop_assert!(Place::read(&Cursor(text), NoteOrder::Newest).is_err());
        }
    }
}
