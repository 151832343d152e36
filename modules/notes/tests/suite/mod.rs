//! How `Notes` behaves, wherever it is: the same questions in process, through serde, over a socket and through a
//! fork. Knows the interface only. Each case makes people of its own, so that one database serves them all.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod lists;
mod notes;
mod owners;
mod pads;

use std::sync::Arc;

use ::notes_api::{Note, NoteDraft, Notes, NotesError, Pad, PadDraft, PadId};
use kernel::{Actor, Ctx, Email, IdempotencyKey, Locator, Outside, PersonId, Role};

/// Every case.
pub(crate) async fn all(module: Arc<dyn Notes>) {
    let module = &*module;
    notes::all(module).await;
    pads::all(module).await;
    lists::all(module).await;
    owners::all(module).await;
}

/// A traveller nobody else has heard of.
pub(crate) fn somebody() -> Ctx {
    let id = PersonId::new(&Outside::system());
    let email: Email = format!("{id}@example.test").parse().unwrap();
    let mut ctx = Ctx::new(Actor::Person { id, role: Role::Traveller, email }, "suite");
    ctx.subject = id.to_string().into();
    ctx
}

pub(crate) fn keyed(ctx: &Ctx) -> Ctx {
    let key: IdempotencyKey = Outside::system().uuid().to_string().parse().unwrap();
    ctx.clone().with_key(key)
}

pub(crate) fn draft(name: &str, text: &str) -> NoteDraft {
    NoteDraft { name: name.into(), text: text.into(), pad: None, trip: None }
}

pub(crate) fn in_pad(name: &str, pad: PadId) -> NoteDraft {
    NoteDraft { pad: Some(pad), ..draft(name, "text") }
}

pub(crate) fn on_trip(name: &str, trip: Locator) -> NoteDraft {
    NoteDraft { trip: Some(trip), ..draft(name, "text") }
}

pub(crate) async fn note(module: &dyn Notes, ctx: &Ctx, name: &str) -> Note {
    module.add(ctx, draft(name, "text")).await.unwrap()
}

pub(crate) async fn pad(module: &dyn Notes, ctx: &Ctx, name: &str) -> Pad {
    module.add_pad(ctx, PadDraft { name: name.into() }).await.unwrap()
}

/// The fields that an answer found fault with, in order.
pub(crate) fn wrong<T: std::fmt::Debug>(answer: Result<T, NotesError>) -> Vec<String> {
    match answer {
        Err(NotesError::Invalid(errors)) => errors.0.into_iter().map(|error| error.field).collect(),
        other => panic!("no field was refused: {other:?}"),
    }
}
