//! The decision table as it changes, by Server-Sent Events: a snapshot, then a change per epoch. Ids are epochs, so
//! that any replica resumes from what another sent.

use std::{pin::Pin, sync::Arc, time::Duration};

use ::switch::Table;
use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes, Data},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{MAY_LOOK, modules::all_json, modules::state_json};
use crate::{
    edge::{Stop, Visit},
    portal::Portal,
};

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/events", web::get().to(events));
}

/// Something is sent at least this often, so that both ends notice a broken line.
const HEARTBEAT: Duration = Duration::from_secs(15);

async fn events(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.caller(&MAY_LOOK)?;
    let mut changes = visit.portal.cockpit.changes();
    changes.mark_unchanged();
    let table = visit.portal.cockpit.table();
    let first = first(&visit, &table);
    let told = Told { portal: visit.portal.clone(), changes, table };
    let retry = Bytes::from_static(b"retry: 2000\n\n");
    let first = std::iter::once(retry).chain(first).map(Ok::<_, actix_web::Error>);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::iter(first).chain(told.changes())))
}

/// Who saw this table already waits for the next; who saw an older one gets all that may have changed; who saw none,
/// or one that never was, gets a snapshot.
fn first(visit: &Visit, table: &Table) -> Option<Bytes> {
    let seen =
        visit.request().headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let all = || json!({ "epoch": table.epoch, "data": all_json(&visit.portal.cockpit, table, visit.portal.outside.now()) });
    match seen {
        Some(seen) if seen == table.epoch => None,
        Some(seen) if seen < table.epoch => Some(encode(table.epoch, "change", &all())),
        _ => Some(encode(table.epoch, "snapshot", &all())),
    }
}

/// What a reader was told last, and how it hears of more.
struct Told {
    portal: Data<Portal>,
    changes: watch::Receiver<u64>,
    table: Arc<Table>,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, actix_web::Error>>>>;

impl Told {
    fn changes(self) -> Chunks {
        Box::pin(stream::unfold(self, |mut told| async move {
            let chunk = loop {
                match tokio::time::timeout(HEARTBEAT, told.changes.changed()).await {
                    Err(_) => break Bytes::from_static(b": still here\n\n"),
                    Ok(Err(_)) => return None,
                    Ok(Ok(())) => {
                        if let Some(change) = told.next() {
                            break change;
                        }
                    }
                }
            };
            Some((Ok(chunk), told))
        }))
    }

    /// The bindings that differ from what was told.
    fn next(&mut self) -> Option<Bytes> {
        let table = self.portal.cockpit.table();
        if table.epoch <= self.table.epoch {
            return None;
        }
        let now = self.portal.outside.now();
        let changed = table.bindings.iter().filter(|(name, binding)| {
            self.table.bindings.get(*name) != Some(binding)
                || over_of(&table, name) != over_of(&self.table, name)
        });
        let data: Vec<Value> = changed
            .map(|(name, binding)| state_json(&self.portal.cockpit, &table, name, binding, now))
            .collect();
        let gone: Vec<_> =
            self.table.bindings.keys().filter(|name| !table.bindings.contains_key(*name)).collect();
        let change =
            encode(table.epoch, "change", &json!({ "epoch": table.epoch, "data": data, "gone": gone }));
        self.table = table;
        Some(change)
    }
}

fn over_of<'a>(table: &'a Table, name: &str) -> Vec<&'a ::switch::Override> {
    table.overrides.iter().filter(|over| over.module == name).collect()
}

fn encode(epoch: u64, event: &str, data: &Value) -> Bytes {
    Bytes::from(format!("id: {epoch}\nevent: {event}\ndata: {data}\n\n"))
}
