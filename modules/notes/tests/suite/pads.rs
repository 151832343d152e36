//! Pads: named piles of notes.

use ::notes_api::{NAME_LIMIT, NoteOf, Notes, NotesError, NotesOf, Pad, PadDraft, PadEdit, PadOf, PadsOf};

use super::{draft, in_pad, keyed, note, pad, somebody, wrong};

pub(crate) async fn all(module: &dyn Notes) {
    pads_are_made_renamed_and_counted(module).await;
    a_pad_needs_a_name_that_fits(module).await;
    deleting_a_pad_deletes_its_notes_and_no_others(module).await;
    a_command_with_a_key_is_done_once(module).await;
}

async fn pads_are_made_renamed_and_counted(module: &dyn Notes) {
    let me = somebody();
    assert_eq!(module.pads(&me, PadsOf {}).await, Ok(Vec::new()));
    let work = pad(module, &me, " Work ").await;
    let home = pad(module, &me, "Home").await;
    assert_eq!(work, Pad { id: work.id, name: "Work".into(), notes: 0 });
    for name in ["one", "two"] {
        module.add(&me, in_pad(name, work.id)).await.unwrap();
    }
    note(module, &me, "elsewhere").await;
    let full = Pad { notes: 2, ..work.clone() };
    assert_eq!(module.pads(&me, PadsOf {}).await, Ok(vec![home, full.clone()]));
    assert_eq!(module.pad(&me, PadOf { id: work.id }).await, Ok(full));

    let renamed = module.rename_pad(&me, PadEdit { id: work.id, name: "Office".into() }).await.unwrap();
    assert_eq!(renamed, Pad { id: work.id, name: "Office".into(), notes: 2 });
    assert_eq!(module.pad(&me, PadOf { id: work.id }).await, Ok(renamed));
    let inside = module.list(&me, NotesOf { pad: Some(work.id), ..NotesOf::default() }).await.unwrap();
    assert_eq!(inside.total, 2);
    assert!(inside.page.items.iter().all(|note| note.pad.as_ref().is_some_and(|pad| pad.name == "Office")));
}

async fn a_pad_needs_a_name_that_fits(module: &dyn Notes) {
    let me = somebody();
    let mine = pad(module, &me, "Mine").await;
    for bad in ["", " \t", &"x".repeat(NAME_LIMIT + 1)] {
        assert_eq!(wrong(module.add_pad(&me, PadDraft { name: bad.into() }).await), ["name"]);
        assert_eq!(wrong(module.rename_pad(&me, PadEdit { id: mine.id, name: bad.into() }).await), ["name"]);
    }
    assert_eq!(module.pads(&me, PadsOf {}).await, Ok(vec![mine]));
}

async fn deleting_a_pad_deletes_its_notes_and_no_others(module: &dyn Notes) {
    let me = somebody();
    let (doomed, kept) = (pad(module, &me, "Doomed").await, pad(module, &me, "Kept").await);
    let gone = module.add(&me, in_pad("gone", doomed.id)).await.unwrap();
    let stays = module.add(&me, in_pad("stays", kept.id)).await.unwrap();
    let alone = note(module, &me, "alone").await;

    let answer = module.delete_pad(&me, PadOf { id: doomed.id }).await;
    assert_eq!(answer, Ok(Pad { notes: 1, ..doomed.clone() }));
    assert_eq!(module.pad(&me, PadOf { id: doomed.id }).await, Err(NotesError::NotFound));
    assert_eq!(module.note(&me, NoteOf { id: gone.id, version: None }).await, Err(NotesError::NotFound));
    let list = module.list(&me, NotesOf::default()).await.unwrap();
    assert_eq!((list.total, list.page.items), (2, vec![alone, stays]));
    assert_eq!(wrong(module.add(&me, in_pad("late", doomed.id)).await), ["pad"]);
}

async fn a_command_with_a_key_is_done_once(module: &dyn Notes) {
    let me = keyed(&somebody());
    let name = PadDraft { name: "Once".into() };
    let made = module.add_pad(&me, name.clone()).await.unwrap();
    assert_eq!(module.add_pad(&me, name).await, Ok(made.clone()));
    assert_eq!(module.pads(&me, PadsOf {}).await, Ok(vec![made.clone()]));
    // The same key counts for each operation by itself.
    assert!(module.add(&me, draft("note", "text")).await.is_ok());
    let of = PadOf { id: made.id };
    assert_eq!(module.delete_pad(&me, of.clone()).await, Ok(made.clone()));
    assert_eq!(module.delete_pad(&me, of).await, Ok(made));
}
