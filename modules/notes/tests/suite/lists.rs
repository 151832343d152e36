//! Lists: four orders, and pages that neither skip nor repeat.

use ::notes_api::{Note, NoteEdit, NoteList, NoteOrder, Notes, NotesError, NotesOf};
use kernel::{Ctx, Cursor, Locator, PageAsk};

use super::{draft, in_pad, note, on_trip, pad, somebody, wrong};

pub(crate) async fn all(module: &dyn Notes) {
    four_orders(module).await;
    equal_names_keep_one_order(module).await;
    pages_neither_skip_nor_repeat_while_notes_are_added(module).await;
    limits_are_held_in_bounds(module).await;
    a_pad_and_a_trip_narrow_the_list(module).await;
    a_strange_place_is_refused(module).await;
}

async fn four_orders(module: &dyn Notes) {
    let me = somebody();
    let mut made = Vec::new();
    for name in ["b", "c", "A", "a"] {
        made.push(note(module, &me, name).await);
    }
    let touched = NoteEdit { id: made[0].id, draft: draft("b", "again"), version: None };
    module.edit(&me, touched).await.unwrap();
    let table = [
        (NoteOrder::Name, ["A", "a", "b", "c"]),
        (NoteOrder::NameDown, ["c", "b", "a", "A"]),
        (NoteOrder::Oldest, ["c", "A", "a", "b"]),
        (NoteOrder::Newest, ["b", "a", "A", "c"]),
    ];
    for (order, names) in table {
        for limit in [1, 3, 25] {
            let found = walk(module, &me, NotesOf { order, ..NotesOf::default() }, limit).await;
            assert_eq!(
                found.iter().map(|note| note.name.as_str()).collect::<Vec<_>>(),
                names,
                "{order:?} {limit}"
            );
        }
    }
    let usual = module.list(&me, NotesOf::default()).await.unwrap();
    assert_eq!(usual.page.items[0].name, "b", "newest first unless asked otherwise");
}

async fn equal_names_keep_one_order(module: &dyn Notes) {
    let me = somebody();
    for _ in 0..7 {
        note(module, &me, "same").await;
    }
    let by_name = |order| NotesOf { order, ..NotesOf::default() };
    let up = walk(module, &me, by_name(NoteOrder::Name), 2).await;
    let mut down = walk(module, &me, by_name(NoteOrder::NameDown), 3).await;
    down.reverse();
    assert_eq!((up.len(), &up), (7, &down));
}

async fn pages_neither_skip_nor_repeat_while_notes_are_added(module: &dyn Notes) {
    let me = somebody();
    let mut old = Vec::new();
    for at in 0..9 {
        old.push(note(module, &me, &format!("note {at}")).await.id);
    }
    let mut seen = Vec::new();
    let mut of = NotesOf { page: PageAsk::first(2), ..NotesOf::default() };
    loop {
        let list = module.list(&me, of.clone()).await.unwrap();
        seen.extend(list.page.items.iter().map(|note| note.id));
        note(module, &me, "meanwhile").await;
        let Some(next) = list.page.next else { break };
        of.page.after = Some(next);
    }
    old.reverse();
    assert_eq!(seen, old);
}

async fn limits_are_held_in_bounds(module: &dyn Notes) {
    let me = somebody();
    assert_eq!(list(module, &me, 25).await.total, 0);
    for at in 0..3 {
        note(module, &me, &format!("note {at}")).await;
    }
    for (limit, shown) in [(0, 1), (1, 1), (3, 3), (u32::MAX, 3)] {
        let list = list(module, &me, limit).await;
        assert_eq!((list.page.items.len(), list.total, list.page.next.is_some()), (shown, 3, shown < 3));
    }
}

async fn a_pad_and_a_trip_narrow_the_list(module: &dyn Notes) {
    let me = somebody();
    let packing = pad(module, &me, "Packing").await;
    let trip: Locator = "7Q4ZK2".parse().unwrap();
    let inside = module.add(&me, in_pad("inside", packing.id)).await.unwrap();
    let along = module.add(&me, on_trip("along", trip)).await.unwrap();
    note(module, &me, "neither").await;
    module.add(&somebody(), on_trip("another's on the same trip", trip)).await.unwrap();
    for (of, found) in [
        (NotesOf { pad: Some(packing.id), ..NotesOf::default() }, vec![inside]),
        (NotesOf { trip: Some(trip), ..NotesOf::default() }, vec![along]),
        (NotesOf { pad: Some(packing.id), trip: Some(trip), ..NotesOf::default() }, vec![]),
    ] {
        let list = module.list(&me, of).await.unwrap();
        assert_eq!((list.total, list.page.items), (i64::try_from(found.len()).unwrap(), found));
    }
}

async fn a_strange_place_is_refused(module: &dyn Notes) {
    let me = somebody();
    for name in ["a", "b"] {
        note(module, &me, name).await;
    }
    let strange = PageAsk { after: Some(Cursor("nowhere".into())), limit: 1 };
    let of = NotesOf { page: strange, ..NotesOf::default() };
    assert_eq!(wrong(module.list(&me, of).await), ["after"]);
    let next = list(module, &me, 1).await.page.next;
    let other =
        NotesOf { order: NoteOrder::Name, page: PageAsk { after: next, limit: 1 }, ..NotesOf::default() };
    assert!(
        matches!(module.list(&me, other).await, Err(NotesError::Invalid(_))),
        "a place belongs to one order"
    );
}

async fn list(module: &dyn Notes, me: &Ctx, limit: u32) -> NoteList {
    module.list(me, NotesOf { page: PageAsk::first(limit), ..NotesOf::default() }).await.unwrap()
}

/// All pages, one after the other.
async fn walk(module: &dyn Notes, me: &Ctx, mut of: NotesOf, limit: u32) -> Vec<Note> {
    let mut all = Vec::new();
    of.page = PageAsk::first(limit);
    loop {
        let list = module.list(me, of.clone()).await.unwrap();
        all.extend(list.page.items);
        let Some(next) = list.page.next else { return all };
        of.page.after = Some(next);
    }
}
