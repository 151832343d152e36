//! The stream that tells clients to ask again, whenever another table is in force.

use std::{pin::Pin, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Bytes, Data},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::json;
use tokio::sync::watch;

use super::{No, Ofrep, caller};

/// Well within what clients wait for.
const HEARTBEAT: Duration = Duration::from_secs(30);

pub(super) async fn events(ofrep: Data<Ofrep>, request: HttpRequest) -> Result<HttpResponse, No> {
    caller::check(&ofrep, &request).await?;
    let mut changes = ofrep.portal.cockpit.changes();
    let epoch = *changes.borrow_and_update();
    let seen: Option<u64> =
        request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let missed = seen.filter(|seen| *seen < epoch).map(|_| refetch(&ofrep, epoch));
    let first = std::iter::once(Bytes::from_static(b": listening\n\n")).chain(missed).map(Ok);
    let told = Told { ofrep, changes };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(stream::iter(first).chain(told.changes())))
}

struct Told {
    ofrep: Data<Ofrep>,
    changes: watch::Receiver<u64>,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, actix_web::Error>>>>;

impl Told {
    fn changes(self) -> Chunks {
        Box::pin(stream::unfold(self, |mut told| async move {
            let chunk = match tokio::time::timeout(HEARTBEAT, told.changes.changed()).await {
                Err(_) => Bytes::from_static(b": still here\n\n"),
                Ok(Err(_)) => return None,
                Ok(Ok(())) => {
                    let epoch = *told.changes.borrow_and_update();
                    refetch(&told.ofrep, epoch)
                }
            };
            Some((Ok(chunk), told))
        }))
    }
}

/// The tag is of the whole configuration: that of an answer has the context in it as well.
fn refetch(ofrep: &Ofrep, epoch: u64) -> Bytes {
    let table = ofrep.portal.cockpit.table();
    let last = table.bindings.values().filter_map(|binding| binding.last.as_ref()).map(|last| last.at).max();
    let at = last.unwrap_or_else(|| ofrep.portal.outside.now()).as_second();
    let data = json!({ "type": "refetchEvaluation", "etag": format!("\"{epoch}\""), "lastModified": at });
    Bytes::from(format!("id: {epoch}\nevent: message\ndata: {data}\n\n"))
}
