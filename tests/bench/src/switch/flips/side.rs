//! One end of the route seam: a small site that writes down the id of every request before it answers.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::header,
    web::{self, Bytes, Data, Path, PayloadConfig},
};
use anyhow::Result;
use futures_util::stream;

/// Of one stream, and the time between two.
pub(super) const EVENTS: u32 = 10;
const EVERY: Duration = Duration::from_millis(50);

/// Append-only: how often each request ran.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<Mutex<Vec<String>>>);

pub(super) struct Side {
    pub(super) address: SocketAddr,
    pub(super) ledger: Ledger,
    handle: ServerHandle,
}

impl Ledger {
    fn write(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(id.to_owned());
    }

    /// Adds each entry to a count by id.
    pub(super) fn count_into(&self, counts: &mut BTreeMap<String, u32>) {
        for id in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            *counts.entry(id.clone()).or_default() += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Side {
    pub(super) fn start() -> Result<Self> {
        let ledger = Ledger::default();
        let (tell, told) = mpsc::channel();
        let kept = ledger.clone();
        let make = move || {
            App::new()
                .app_data(Data::new(kept.clone()))
                .app_data(PayloadConfig::new(2 << 20))
                .route("/ledger/things/{id}", web::get().to(read))
                .route("/ledger/things/{id}", web::post().to(write))
                .route("/ledger/keyed/{id}", web::post().to(write))
                .route("/ledger/live/{id}", web::get().to(live))
        };
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(make).workers(1).tcp_nodelay(true).bind("127.0.0.1:0")?;
                let addresses = server.addrs();
                let running = server.disable_signals().run();
                for address in addresses {
                    let _ = tell.send((address, running.handle()));
                }
                running.await
            })
        });
        let (address, handle) = told.recv()?;
        Ok(Self { address, ledger, handle })
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // Not awaited: the stop begins with the call.
        drop(self.handle.stop(false));
    }
}

async fn read(id: Path<String>, ledger: Data<Ledger>) -> HttpResponse {
    ledger.write(&id);
    HttpResponse::Ok().body(id.into_inner())
}

async fn write(id: Path<String>, body: Bytes, ledger: Data<Ledger>) -> HttpResponse {
    ledger.write(&id);
    HttpResponse::Created().body(format!("{id} {}", body.len()))
}

async fn live(id: Path<String>, ledger: Data<Ledger>) -> HttpResponse {
    ledger.write(&id);
    let events = stream::unfold(0, |sent| async move {
        if sent == EVENTS {
            return None;
        }
        tokio::time::sleep(EVERY).await;
        Some((Ok::<_, actix_web::Error>(Bytes::from(format!("id: {sent}\ndata: tick\n\n"))), sent + 1))
    });
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/event-stream")).streaming(events)
}
