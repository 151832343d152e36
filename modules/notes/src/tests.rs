//! What only the inside can see: how many queries a list takes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use diesel::connection::{Connection, InstrumentationEvent};
use kernel::{Actor, Ctx, Email, Outside, PageAsk, PersonId, Role};
use notes_api::{NoteDraft, NoteOrder, Notes, PadDraft};
use store::{Conn, Db, both};

use crate::{Parts, rows, rows::Listing};

#[tokio::test]
async fn a_list_of_any_length_takes_two_queries() {
    for (engine, db) in store::testing::databases("notes", &crate::migrations()) {
        let owner = PersonId::new(&Outside::system());
        let pad = fill(&db, owner, 30).await;
        for (pad, limit) in [(None, 1), (None, 31), (None, 500), (Some(pad), 31)] {
            let listing = Listing { owner, pad, trip: None, order: NoteOrder::Name, after: None, limit };
            let (queries, found) = db
                .read(move |conn| {
                    let counter = count_queries(conn);
                    let total = rows::total(conn, &listing)?.unwrap_or(0);
                    let found = rows::page(conn, &listing)?.len();
                    assert_eq!(total, 30);
                    Ok((counter.load(Ordering::Relaxed), i64::try_from(found).unwrap_or(0)))
                })
                .await
                .unwrap();
            assert_eq!((queries, found), (2, limit.min(30)), "{engine}");
        }
    }
}

fn count_queries(conn: &mut Conn) -> Arc<AtomicUsize> {
    let counter = Arc::new(AtomicUsize::new(0));
    let count = counter.clone();
    let watch = move |event: InstrumentationEvent<'_>| {
        if matches!(event, InstrumentationEvent::StartQuery { .. }) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    both!(conn, c => c.set_instrumentation(watch));
    counter
}

async fn fill(db: &Db, owner: PersonId, notes: usize) -> notes_api::PadId {
    let module = crate::start(Parts { db: db.clone(), outside: Outside::system(), schedule: None });
    let email: Email = "rosa@example.test".parse().unwrap();
    let ctx = Ctx::new(Actor::Person { id: owner, role: Role::Traveller, email }, "test");
    let pad = module.add_pad(&ctx, PadDraft { name: "Packing".into() }).await.unwrap().id;
    for at in 0..notes {
        let name = format!("Note {at}");
        let draft = NoteDraft { name, text: "text".into(), pad: Some(pad), trip: None };
        module.add(&ctx, draft).await.unwrap();
    }
    assert_eq!(PageAsk::default().bounded(), 25);
    pad
}
