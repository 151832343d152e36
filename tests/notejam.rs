//! What Notejam does, seen from outside: by address, form and word, over HTTP. `BANYAN_NOTEJAM` may name the address of
//! another site to ask instead of a server of our own; cases of what only we do need our own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

#[path = "notejam/accounts.rs"]
mod accounts;
#[path = "notejam/api.rs"]
mod api;
#[path = "notejam/lists.rs"]
mod lists;
#[path = "notejam/notes.rs"]
mod notes;
#[path = "notejam/pads.rs"]
mod pads;
#[path = "notejam/pages.rs"]
mod pages;
#[path = "notejam/person.rs"]
mod person;
#[path = "notejam/site.rs"]
mod site;

pub(crate) use person::{Answer, Person};
pub(crate) use site::Site;

#[tokio::test]
async fn accounts_are_opened_used_and_recovered() {
    accounts::all(&Site::open()).await;
}

#[tokio::test]
async fn notes_are_written_and_kept() {
    notes::all(&Site::open()).await;
}

#[tokio::test]
async fn pads_hold_notes() {
    let site = Site::open();
    pads::all(&site).await;
    lists::all(&site).await;
}

#[tokio::test]
async fn the_api_speaks_in_versions() {
    api::all(&Site::open()).await;
}

#[tokio::test]
async fn pages_look_as_they_did() {
    pages::all(&Site::open()).await;
}
