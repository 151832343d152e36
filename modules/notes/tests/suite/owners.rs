//! Whose it is: every method with another's id, with a missing one, and without a person.

use ::notes_api::{
    NoteEdit, NoteId, NoteOf, Notes, NotesError, NotesOf, PadDraft, PadEdit, PadId, PadOf, PadsOf,
};
use kernel::{Actor, Ctx, FeedAfter, FeedError, Outside, PageAsk, ReadersAsk, ReplayReader, Role};

use super::{draft, in_pad, note, on_trip, pad, somebody, wrong};

pub(crate) async fn all(module: &dyn Notes) {
    another_and_a_missing_one_are_the_same(module).await;
    a_list_of_many_owners_shows_ones_own(module).await;
    without_a_person_there_are_no_notes(module).await;
    the_feed_is_for_services(module).await;
    readers_are_for_staff(module).await;
}

async fn another_and_a_missing_one_are_the_same(module: &dyn Notes) {
    let (me, they) = (somebody(), somebody());
    let their_pad = pad(module, &they, "Theirs").await;
    let theirs = module.add(&they, in_pad("theirs", their_pad.id)).await.unwrap();
    let outside = Outside::system();
    let ids = [(theirs.id, their_pad.id), (NoteId::new(&outside), PadId::new(&outside))];
    for (id, pad) in ids {
        let of = NoteOf { id, version: None };
        assert_eq!(module.note(&me, of.clone()).await, Err(NotesError::NotFound));
        assert_eq!(module.delete(&me, of).await, Err(NotesError::NotFound));
        for version in [None, Some(1), Some(9)] {
            let edit = NoteEdit { id, draft: draft("mine now", "text"), version };
            assert_eq!(module.edit(&me, edit).await, Err(NotesError::NotFound));
        }
        let empty = NoteEdit { id, draft: draft("", ""), version: None };
        assert_eq!(module.edit(&me, empty).await, Err(NotesError::NotFound), "nor do errors tell");
        assert_eq!(module.pad(&me, PadOf { id: pad }).await, Err(NotesError::NotFound));
        assert_eq!(module.delete_pad(&me, PadOf { id: pad }).await, Err(NotesError::NotFound));
        for name in ["mine now", ""] {
            let rename = PadEdit { id: pad, name: name.into() };
            assert_eq!(module.rename_pad(&me, rename).await, Err(NotesError::NotFound));
        }
        let listed = module.list(&me, NotesOf { pad: Some(pad), ..NotesOf::default() }).await;
        assert_eq!(listed, Err(NotesError::NotFound));
        assert_eq!(wrong(module.add(&me, in_pad("stray", pad)).await), ["pad"]);
    }
    assert_eq!(module.note(&they, NoteOf { id: theirs.id, version: None }).await, Ok(theirs));
    assert_eq!(module.pad(&they, PadOf { id: their_pad.id }).await.map(|pad| pad.notes), Ok(1));
    assert_eq!(module.list(&me, NotesOf::default()).await.map(|list| list.total), Ok(0));
}

async fn a_list_of_many_owners_shows_ones_own(module: &dyn Notes) {
    let (me, they) = (somebody(), somebody());
    let trip = "K7Q2ZP".parse().unwrap();
    let mut mine = Vec::new();
    for at in 0..4 {
        mine.push(module.add(&me, on_trip(&format!("mine {at}"), trip)).await.unwrap().id);
        module.add(&they, on_trip(&format!("theirs {at}"), trip)).await.unwrap();
        pad(module, &they, "Theirs").await;
    }
    mine.reverse();
    for trip in [None, Some(trip)] {
        let list = module.list(&me, NotesOf { trip, ..NotesOf::default() }).await.unwrap();
        let ids: Vec<_> = list.page.items.iter().map(|note| note.id).collect();
        assert_eq!((list.total, ids), (4, mine.clone()));
    }
    assert_eq!(module.pads(&me, PadsOf {}).await, Ok(Vec::new()));
}

async fn without_a_person_there_are_no_notes(module: &dyn Notes) {
    let owner = somebody();
    let (kept, packing) = (note(module, &owner, "kept").await, pad(module, &owner, "Packing").await);
    let machine = Actor::Machine { name: "probe".into(), role: Role::Admin };
    let askers = [
        (Actor::Anonymous, NotesError::SignedOut),
        (machine, NotesError::Forbidden),
        (Actor::system("suite"), NotesError::Forbidden),
    ];
    for (actor, no) in askers {
        let ctx = Ctx::new(actor, "suite");
        let of = NoteOf { id: kept.id, version: None };
        let edit = NoteEdit { id: kept.id, draft: draft("changed", "text"), version: None };
        let rename = PadEdit { id: packing.id, name: "changed".into() };
        assert_eq!(module.list(&ctx, NotesOf::default()).await, Err(no.clone()));
        assert_eq!(module.note(&ctx, of.clone()).await, Err(no.clone()));
        assert_eq!(module.add(&ctx, draft("a", "b")).await, Err(no.clone()));
        assert_eq!(module.edit(&ctx, edit).await, Err(no.clone()));
        assert_eq!(module.delete(&ctx, of).await, Err(no.clone()));
        assert_eq!(module.pads(&ctx, PadsOf {}).await, Err(no.clone()));
        assert_eq!(module.pad(&ctx, PadOf { id: packing.id }).await, Err(no.clone()));
        assert_eq!(module.add_pad(&ctx, PadDraft { name: "a".into() }).await, Err(no.clone()));
        assert_eq!(module.rename_pad(&ctx, rename).await, Err(no.clone()));
        assert_eq!(module.delete_pad(&ctx, PadOf { id: packing.id }).await, Err(no));
    }
    let list = module.list(&owner, NotesOf { page: PageAsk::first(5), ..NotesOf::default() }).await.unwrap();
    assert_eq!(list.page.items, [kept]);
    assert_eq!(module.pads(&owner, PadsOf {}).await, Ok(vec![packing]));
}

async fn the_feed_is_for_services(module: &dyn Notes) {
    let me = somebody();
    let service = Ctx::system("suite");
    let head = module.feed(&service, FeedAfter::start()).await.unwrap().head;
    let made = note(module, &me, "told").await;
    let packing = pad(module, &me, "Packing").await;
    module.add(&me, in_pad("goes along", packing.id)).await.unwrap();
    module.delete_pad(&me, PadOf { id: packing.id }).await.unwrap();
    module.delete(&me, NoteOf { id: made.id, version: None }).await.unwrap();
    // A refused command tells nothing.
    wrong(module.add(&me, draft("", "")).await);

    let ask = FeedAfter { after: head, limit: 500, wait_ms: 0 };
    let batch = module.feed(&service, ask.clone()).await.unwrap();
    let kinds: Vec<_> = batch.events.iter().map(|event| event.kind.as_str()).collect();
    let expected =
        ["note.created", "pad.created", "note.created", "note.deleted", "pad.deleted", "note.deleted"];
    assert_eq!((kinds.as_slice(), batch.next), (expected.as_slice(), head + 6));
    assert_eq!(batch.events[0].payload["id"], made.id.to_string());
    assert_eq!(batch.events[0].actor, me.actor.label());

    for stranger in [me, Ctx::new(Actor::Anonymous, "suite")] {
        assert_eq!(module.feed(&stranger, ask.clone()).await, Err(FeedError::Forbidden));
    }
}

async fn readers_are_for_staff(module: &dyn Notes) {
    let unknown = ReplayReader { reader: "notes.nothing".into(), reason: "a test".into() };
    for stranger in [somebody(), Ctx::new(Actor::Anonymous, "suite")] {
        assert_eq!(module.readers(&stranger, ReadersAsk {}).await, Err(NotesError::Forbidden));
        assert_eq!(module.replay(&stranger, unknown.clone()).await, Err(NotesError::Forbidden));
    }
    let service = Ctx::system("suite");
    assert!(module.readers(&service, ReadersAsk {}).await.is_ok());
    assert_eq!(module.replay(&service, unknown).await, Err(NotesError::NotFound));
}
