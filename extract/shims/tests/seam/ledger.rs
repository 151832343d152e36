//! A far end that writes down everything it does, so that nothing can be done twice unseen.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{App, HttpServer, dev::ServerHandle, web::Data};
use kernel::{Ctx, Fault, Outside, Served};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shims::{HttpTransport, Offered, ServiceKey, offer};

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Entry {
    pub(crate) id: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("there is no such line")]
    Missing,
    #[error(transparent)]
    Fault(#[from] Fault),
}

kernel::interface_error!(LedgerError);

kernel::interface! { "ledger",
    /// Lines that are written once.
    pub trait Ledger {
        /// How often the line was written.
        #[query]
        async fn read(&self, ctx: &Ctx, of: Entry) -> Result<u64, LedgerError>;
        /// Never answers in time.
        #[query]
        async fn ponder(&self, ctx: &Ctx, of: Entry) -> Result<u64, LedgerError>;
        /// The epoch of the pin that came with the call.
        #[query]
        async fn epoch(&self, ctx: &Ctx, of: Entry) -> Result<u64, LedgerError>;
        /// Writes the line.
        #[command]
        async fn write(&self, ctx: &Ctx, entry: Entry) -> Result<u64, LedgerError>;
    }
}

/// Keeps the keys of commands with their effects, as modules do.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) runs: Mutex<HashMap<u64, u64>>,
    pub(crate) effects: Mutex<HashMap<u64, u64>>,
    keys: Mutex<HashSet<String>>,
    pub(crate) pondering: Arc<AtomicU64>,
}

impl Book {
    pub(crate) fn runs(&self, id: u64) -> u64 {
        self.runs.lock().unwrap().get(&id).copied().unwrap_or(0)
    }

    pub(crate) fn effects(&self, id: u64) -> u64 {
        self.effects.lock().unwrap().get(&id).copied().unwrap_or(0)
    }
}

#[async_trait::async_trait]
impl Ledger for Book {
    async fn read(&self, _: &Ctx, of: Entry) -> Result<u64, LedgerError> {
        *self.runs.lock().unwrap().entry(of.id).or_default() += 1;
        Ok(self.effects(of.id))
    }

    async fn ponder(&self, _: &Ctx, _: Entry) -> Result<u64, LedgerError> {
        struct Pondering(Arc<AtomicU64>);
        impl Drop for Pondering {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::SeqCst);
            }
        }
        self.pondering.fetch_add(1, Ordering::SeqCst);
        let _until_dropped = Pondering(self.pondering.clone());
        tokio::time::sleep(Duration::from_hours(1)).await;
        Ok(0)
    }

    async fn epoch(&self, ctx: &Ctx, _: Entry) -> Result<u64, LedgerError> {
        ctx.pin.as_ref().map(|pin| pin.epoch).ok_or(LedgerError::Missing)
    }

    async fn write(&self, ctx: &Ctx, entry: Entry) -> Result<u64, LedgerError> {
        *self.runs.lock().unwrap().entry(entry.id).or_default() += 1;
        let is_new =
            ctx.key.as_ref().is_none_or(|key| self.keys.lock().unwrap().insert(key.as_str().to_owned()));
        let mut effects = self.effects.lock().unwrap();
        let effect = effects.entry(entry.id).or_default();
        *effect += u64::from(is_new);
        Ok(*effect)
    }
}

/// A service listener with a book, on a free port, gone when it is dropped.
pub(crate) struct FarEnd {
    pub(crate) port: u16,
    pub(crate) key: Arc<ServiceKey>,
    pub(crate) book: Arc<Book>,
    handle: ServerHandle,
}

impl FarEnd {
    pub(crate) fn start() -> Self {
        let (book, key) = (Arc::new(Book::default()), key());
        let served = Served::default().with::<dyn Ledger>(book.clone());
        let offered = Data::new(Offered { served, key: key.clone(), clock: Outside::system().clock });
        let server = HttpServer::new(move || App::new().configure(|config| offer(config, offered.clone())))
            .workers(1)
            .tcp_nodelay(true)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let port = server.addrs()[0].port();
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { port, key, book, handle }
    }

    /// Ends when everything that had begun is done.
    pub(crate) async fn finish(&self) {
        self.handle.stop(true).await;
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        // Not awaited: the stop begins with the call.
        drop(self.handle.stop(false));
    }
}

pub(crate) fn key() -> Arc<ServiceKey> {
    Arc::new(ServiceKey::new(&[7; 32]))
}

/// A near end that calls a port of this machine.
pub(crate) fn transport(port: u16) -> HttpTransport {
    shims::install_tls_provider();
    HttpTransport::new(&format!("http://127.0.0.1:{port}"), "suite", key(), Outside::system().clock).unwrap()
}

/// A request with so much time.
pub(crate) fn within(millis: u64) -> Ctx {
    Ctx::system("suite").with_time(Duration::from_millis(millis))
}
