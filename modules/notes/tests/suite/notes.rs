//! Writing, changing and deleting a note.

use ::notes_api::{NAME_LIMIT, NoteDraft, NoteEdit, NoteOf, Notes, NotesError, NotesOf, TEXT_LIMIT};

use super::{draft, in_pad, keyed, note, on_trip, pad, somebody, wrong};

pub(crate) async fn all(module: &dyn Notes) {
    a_note_is_kept_as_it_was_typed(module).await;
    what_is_missing_or_too_long_is_named(module).await;
    an_edit_changes_all_and_counts(module).await;
    a_stale_edit_shows_how_it_is_now(module).await;
    a_refused_edit_changes_nothing(module).await;
    deleting_answers_what_was_deleted(module).await;
    a_command_with_a_key_is_done_once(module).await;
}

async fn a_note_is_kept_as_it_was_typed(module: &dyn Notes) {
    let me = somebody();
    let text = "  first\r\n\r\nsecond <b>not bold</b> — ça va? 🧳\n";
    let made = module.add(&me, draft("  Things to pack  ", text)).await.unwrap();
    assert_eq!((made.name.as_str(), made.text.as_str(), made.version), ("Things to pack", text, 1));
    assert_eq!((&made.pad, &made.trip, made.created_at), (&None, &None, made.updated_at));
    assert_eq!(module.note(&me, NoteOf { id: made.id, version: None }).await, Ok(made));
}

async fn what_is_missing_or_too_long_is_named(module: &dyn Notes) {
    let me = somebody();
    let table = [
        (draft("", ""), vec!["name", "text"]),
        (draft(" ", "text"), vec!["name"]),
        (draft("name", " \r\n"), vec!["text"]),
        (draft(&"é".repeat(NAME_LIMIT + 1), "text"), vec!["name"]),
        (draft("name", &"x".repeat(TEXT_LIMIT + 1)), vec!["text"]),
        (draft("name", "a\0b"), vec!["text"]),
    ];
    for (bad, fields) in table {
        assert_eq!(wrong(module.add(&me, bad).await), fields);
    }
    let longest = draft(&"é".repeat(NAME_LIMIT), &"\n\"".repeat(TEXT_LIMIT / 2 - 1).replacen('\n', "x\n", 1));
    assert_eq!(module.add(&me, longest.clone()).await.unwrap().text, longest.text);
}

async fn an_edit_changes_all_and_counts(module: &dyn Notes) {
    let me = somebody();
    let (here, there) = (pad(module, &me, "Here").await, pad(module, &me, "There").await);
    let made = module.add(&me, in_pad("before", here.id)).await.unwrap();
    assert_eq!(made.pad.as_ref().map(|pad| pad.name.as_str()), Some("Here"));

    let trip = "7Q4ZK2".parse().unwrap();
    let after =
        NoteDraft { name: "after".into(), text: "other".into(), pad: Some(there.id), trip: Some(trip) };
    let edit = NoteEdit { id: made.id, draft: after, version: Some(1) };
    let moved = module.edit(&me, edit).await.unwrap();
    assert_eq!((moved.name.as_str(), moved.text.as_str(), moved.version), ("after", "other", 2));
    assert_eq!(moved.pad.as_ref().map(|pad| pad.id), Some(there.id));
    assert_eq!(moved.trip.as_ref().map(|on| on.locator), Some(trip));
    assert_eq!(moved.created_at, made.created_at);
    assert!(moved.updated_at > made.updated_at, "{} {}", moved.updated_at, made.updated_at);

    let out =
        module.edit(&me, NoteEdit { id: made.id, draft: draft("after", "x"), version: None }).await.unwrap();
    assert_eq!((out.version, &out.pad, &out.trip), (3, &None, &None));
    assert_eq!(module.note(&me, NoteOf { id: made.id, version: None }).await, Ok(out));
}

async fn a_stale_edit_shows_how_it_is_now(module: &dyn Notes) {
    let me = somebody();
    let made = note(module, &me, "mine").await;
    let first = NoteEdit { id: made.id, draft: draft("first", "one"), version: Some(1) };
    let now = module.edit(&me, first).await.unwrap();
    let second = NoteEdit { id: made.id, draft: draft("second", "two"), version: Some(1) };
    assert_eq!(module.edit(&me, second).await, Err(NotesError::Stale(Box::new(now.clone()))));
    let gone = module.delete(&me, NoteOf { id: made.id, version: Some(1) }).await;
    assert_eq!(gone, Err(NotesError::Stale(Box::new(now.clone()))));
    assert_eq!(module.note(&me, NoteOf { id: made.id, version: Some(1) }).await, Ok(now));
}

async fn a_refused_edit_changes_nothing(module: &dyn Notes) {
    let me = somebody();
    let made = note(module, &me, "mine").await;
    let empty = NoteEdit { id: made.id, draft: draft("", ""), version: Some(1) };
    assert_eq!(wrong(module.edit(&me, empty).await), ["name", "text"]);
    let theirs = pad(module, &somebody(), "Theirs").await;
    let stolen = NoteEdit { id: made.id, draft: in_pad("mine", theirs.id), version: Some(1) };
    assert_eq!(wrong(module.edit(&me, stolen).await), ["pad"]);
    assert_eq!(module.note(&me, NoteOf { id: made.id, version: None }).await, Ok(made));
}

async fn deleting_answers_what_was_deleted(module: &dyn Notes) {
    let me = somebody();
    let packing = pad(module, &me, "Packing").await;
    for made in [
        note(module, &me, "alone").await,
        module.add(&me, in_pad("in a pad", packing.id)).await.unwrap(),
        module.add(&me, on_trip("on a trip", "7Q4ZK2".parse().unwrap())).await.unwrap(),
    ] {
        let of = NoteOf { id: made.id, version: Some(made.version) };
        assert_eq!(module.delete(&me, of.clone()).await, Ok(made));
        assert_eq!(module.note(&me, of.clone()).await, Err(NotesError::NotFound));
        assert_eq!(module.delete(&me, of).await, Err(NotesError::NotFound));
    }
}

async fn a_command_with_a_key_is_done_once(module: &dyn Notes) {
    let me = keyed(&somebody());
    let made = module.add(&me, draft("once", "text")).await.unwrap();
    assert_eq!(module.add(&me, draft("once", "text")).await, Ok(made.clone()));
    assert_eq!(module.add(&me, draft("else", "text")).await, Err(NotesError::KeyReused));
    assert_eq!(module.list(&me, NotesOf::default()).await.unwrap().total, 1);

    let edit = NoteEdit { id: made.id, draft: draft("twice", "text"), version: Some(1) };
    let again = module.edit(&me, edit.clone()).await.unwrap();
    assert_eq!((again.version, module.edit(&me, edit).await), (2, Ok(again.clone())));
    let of = NoteOf { id: made.id, version: None };
    assert_eq!(module.delete(&me, of.clone()).await, Ok(again.clone()));
    assert_eq!(module.delete(&me, of).await, Ok(again));

    let refused = keyed(&somebody());
    assert_eq!(wrong(module.add(&refused, draft("", "text")).await), ["name"]);
    assert!(module.add(&refused, draft("mended", "text")).await.is_ok(), "a failure keeps no key");
}
