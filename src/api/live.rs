//! Live boards and flights by Server-Sent Events. One follower of status's feed per process encodes each change
//! once; streams filter by topic. Ids are `log_id:seq`, so that any replica resumes from what another sent.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes, Data},
};
use futures_util::{Stream, StreamExt, stream};
use kernel::{Ctx, Event, FeedAfter, Iata};
use serde_json::json;
use status_api::{BoardAsk, Direction, FlightOf, StatusChange};
use tokio::sync::{broadcast, watch};

use super::flights::{flight_json, flight_of, leg_json, rows_json};
use crate::{
    edge::{Stop, Visit},
    portal::Portal,
};

/// How many changes can be resumed from.
const KEPT: usize = 4_096;
/// A reader that falls further behind than this is told to start again.
const BEHIND: usize = 1_024;
/// Something is sent at least this often, so that both ends notice a broken line.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One change, encoded once for everybody.
#[derive(Clone)]
struct Frame {
    id: String,
    flight: FlightOf,
    from: Iata,
    to: Iata,
    bytes: Bytes,
}

/// Which changes a stream wants.
#[derive(Clone)]
enum Topic {
    Airport(Iata),
    Flight(FlightOf),
}

impl Topic {
    fn wants(&self, frame: &Frame) -> bool {
        match self {
            Self::Airport(iata) => frame.from == *iata || frame.to == *iata,
            Self::Flight(of) => frame.flight == *of,
        }
    }
}

/// The changes of the last while, and those to come.
pub struct Hub {
    sender: broadcast::Sender<Arc<Frame>>,
    kept: Mutex<(VecDeque<Arc<Frame>>, String)>,
}

impl Hub {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { sender: broadcast::channel(BEHIND).0, kept: Mutex::default() })
    }

    /// Follows status's feed from its head, until told to stop. After a fault it goes on where it was.
    pub async fn follow(self: Arc<Self>, portal: Data<Portal>, mut stop: watch::Receiver<bool>) {
        let mut after = None;
        while !*stop.borrow() {
            let ctx = Ctx::system("live").with_time(Duration::from_secs(30));
            let ask = FeedAfter {
                after: after.unwrap_or(i64::MAX - 1),
                limit: 500,
                wait_ms: if after.is_some() { 10_000 } else { 0 },
            };
            let batch = tokio::select! {
                batch = portal.faces.status.feed(&ctx, ask) => batch,
                _ = stop.changed() => break,
            };
            match batch {
                Ok(batch) if after.is_none() => {
                    after = Some(batch.head);
                    self.remember(|_, last| *last = format!("{}:{}", batch.log_id, batch.head));
                }
                Ok(batch) => {
                    // A restored log may be shorter than what was read of the old one.
                    after = Some(if batch.head < batch.next { batch.head } else { batch.next });
                    for event in &batch.events {
                        self.publish(&batch.log_id.to_string(), event);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the live feed waits for status");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    fn publish(&self, log_id: &str, event: &Event) {
        let id = format!("{log_id}:{}", event.seq);
        let Ok(change) = serde_json::from_value::<StatusChange>(event.payload.clone()) else {
            self.remember(|_, last| *last = id);
            return;
        };
        let data =
            json!({ "designator": change.designator, "date": change.date, "leg": leg_json(&change.leg) });
        let frame = Arc::new(Frame {
            bytes: encode(&id, "change", &data),
            flight: FlightOf { designator: change.designator, date: change.date },
            from: change.leg.from.iata,
            to: change.leg.to.iata,
            id: id.clone(),
        });
        self.remember(|kept, last| {
            *last = id;
            kept.push_back(frame.clone());
            if kept.len() > KEPT {
                kept.pop_front();
            }
        });
        // Nobody listening is fine.
        let _ = self.sender.send(frame);
    }

    fn remember<T>(&self, f: impl FnOnce(&mut VecDeque<Arc<Frame>>, &mut String) -> T) -> T {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (frames, last) = &mut *kept;
        f(frames, last)
    }

    /// What a reader that saw `seen` has missed; `None` if that is too long ago, and a snapshot is due.
    fn missed(&self, seen: &str, topic: &Topic) -> Option<Vec<Arc<Frame>>> {
        self.remember(|kept, last| {
            if seen == last {
                return Some(Vec::new());
            }
            let at = kept.iter().position(|frame| frame.id == seen)?;
            Some(kept.iter().skip(at + 1).filter(|frame| topic.wants(frame)).cloned().collect())
        })
    }

    fn last(&self) -> String {
        self.remember(|_, last| last.clone())
    }
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/airports/{iata}/live", web::get().to(airport))
        .route("/flights/{designator}/{date}/live", web::get().to(flight));
}

async fn airport(visit: Visit, hub: Data<Hub>, iata: web::Path<String>) -> Result<HttpResponse, Stop> {
    let iata: Iata = iata.parse()?;
    let begun = begin(&hub, &visit, Topic::Airport(iata));
    let ask = |direction| BoardAsk { airport: iata, direction, date: None, limit: 100, after: None };
    let departures = visit.portal.faces.status.board(&visit.ctx, ask(Direction::Departures)).await?;
    let arrivals = visit.portal.faces.status.board(&visit.ctx, ask(Direction::Arrivals)).await?;
    let snapshot =
        json!({ "airport": iata, "departures": rows_json(&departures), "arrivals": rows_json(&arrivals) });
    Ok(begun.stream(&snapshot))
}

async fn flight(
    visit: Visit,
    hub: Data<Hub>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Stop> {
    let of = flight_of(&path)?;
    let begun = begin(&hub, &visit, Topic::Flight(of.clone()));
    let found = visit.portal.faces.status.flight(&visit.ctx, of).await?.ok_or(Stop::NotFound)?;
    Ok(begun.stream(&flight_json(&found)))
}

/// A stream that listens already, before its snapshot is asked for: nothing falls between the two.
struct Begun {
    changes: broadcast::Receiver<Arc<Frame>>,
    topic: Topic,
    missed: Option<Vec<Arc<Frame>>>,
    last: String,
}

fn begin(hub: &Hub, visit: &Visit, topic: Topic) -> Begun {
    let changes = hub.sender.subscribe();
    let seen = visit.request().headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let missed = seen.and_then(|seen| hub.missed(seen, &topic));
    Begun { changes, missed, last: hub.last(), topic }
}

impl Begun {
    fn stream(self, snapshot: &serde_json::Value) -> HttpResponse {
        let first = match self.missed {
            Some(missed) => missed.iter().map(|frame| frame.bytes.clone()).collect(),
            None => vec![encode(&self.last, "snapshot", snapshot)],
        };
        let retry = Bytes::from_static(b"retry: 2000\n\n");
        let first = std::iter::once(retry).chain(first).map(Ok::<_, actix_web::Error>);
        let body = stream::iter(first).chain(changes(self.changes, self.topic));
        HttpResponse::Ok()
            .content_type("text/event-stream")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_ENCODING, "identity"))
            .insert_header(("x-accel-buffering", "no"))
            .streaming(body)
    }
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, actix_web::Error>>>>;

/// Changes of a topic as they come, with a comment now and then. A reader that fell too far behind is let go: it comes
/// back with its last id.
fn changes(receiver: broadcast::Receiver<Arc<Frame>>, topic: Topic) -> Chunks {
    Box::pin(stream::unfold((receiver, topic), |(mut receiver, topic)| async move {
        loop {
            match tokio::time::timeout(HEARTBEAT, receiver.recv()).await {
                Err(_) => return Some((Ok(Bytes::from_static(b": still here\n\n")), (receiver, topic))),
                Ok(Ok(frame)) if topic.wants(&frame) => {
                    return Some((Ok(frame.bytes.clone()), (receiver, topic)));
                }
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return None,
            }
        }
    }))
}

fn encode(id: &str, event: &str, data: &serde_json::Value) -> Bytes {
    Bytes::from(format!("id: {id}\nevent: {event}\ndata: {data}\n\n"))
}
