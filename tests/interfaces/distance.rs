//! The distances between an asker and a module: none, serde, a socket, and a fork that changes its mind at every
//! call. A module's suite must not be able to tell them apart.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{App, HttpServer, dev::ServerHandle, web::Data};
use kernel::{Ctx, Decide, Op, Outside, Pin, Seen, Served, Target};
use shims::{HttpTransport, Offered, ServiceKey, offer};

/// A service listener on a free port of this machine, gone when it is dropped.
pub(crate) struct Socket {
    pub(crate) base: String,
    pub(crate) key: Arc<ServiceKey>,
    handle: ServerHandle,
}

impl Socket {
    pub(crate) fn offering(served: Served) -> Self {
        shims::install_tls_provider();
        let key = Arc::new(ServiceKey::new(&[7; 32]));
        let offered = Data::new(Offered { served, key: key.clone(), clock: Outside::system().clock });
        let server = HttpServer::new(move || App::new().configure(|config| offer(config, offered.clone())))
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let base = format!("http://{}", server.addrs()[0]);
        let running = server.run();
        let handle = running.handle();
        actix_web::rt::spawn(running);
        Self { base, key, handle }
    }

    /// Stops listening, now and for good.
    pub(crate) async fn close(self) {
        self.handle.stop(false).await;
    }

    pub(crate) fn transport(&self) -> HttpTransport {
        HttpTransport::new(&self.base, "suite", self.key.clone(), Outside::system().clock).unwrap()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Not awaited: the stop begins with the call.
        drop(self.handle.stop(false));
    }
}

/// Here, there, here, there.
#[derive(Default)]
pub(crate) struct Flips(AtomicBool);

impl Decide for Flips {
    fn decide(&self, _: &Ctx, _: &Op) -> Target {
        if self.0.fetch_not(Ordering::Relaxed) { Target::Remote("x".into()) } else { Target::Here }
    }

    fn pin(&self, _: &Ctx, _: &dyn Seen) -> Pin {
        Pin::new(0, [])
    }
}

/// Makes four tests of one suite. `$start` answers the module's interfaces as a tuple, in the order in which the suite
/// takes them: `at_every_distance!(notes: start() => suite::all(notes: dyn Notes))`.
macro_rules! at_every_distance {
    ($module:ident: $start:expr => $suite:path { $($face:ident: $Face:ty),+ $(,)? }) => {
        mod $module {
            use std::sync::Arc;

            use kernel::{Fork, Loopback, Remote, Served};

            #[allow(unused_imports, reason = "a module needs some of them")]
            use super::*;
            use crate::distance::{Flips, Socket};

            #[actix_web::test]
            async fn in_process() {
                let ($($face,)+) = $start;
                $suite($($face),+).await;
            }

            #[actix_web::test]
            async fn through_serde() {
                let ($($face,)+) = $start;
                let served = Served::default()$(.with::<$Face>($face))+;
                $(let $face: Arc<$Face> = Arc::new(Remote::new(Loopback::new(served.clone())));)+
                $suite($($face),+).await;
            }

            #[actix_web::test]
            async fn over_a_socket() {
                let ($($face,)+) = $start;
                let socket = Socket::offering(Served::default()$(.with::<$Face>($face))+);
                $(let $face: Arc<$Face> = Arc::new(Remote::new(socket.transport()));)+
                $suite($($face),+).await;
            }

            #[actix_web::test]
            async fn through_a_fork_that_flips() {
                let ($($face,)+) = $start;
                let served = Served::default()$(.with::<$Face>($face.clone()))+;
                let flips = Arc::new(Flips::default());
                $(
                    let there: Arc<$Face> = Arc::new(Remote::new(Loopback::new(served.clone())));
                    let fork = Fork::<$Face>::new(flips.clone(), Some($face)).with("x", there);
                    let $face: Arc<$Face> = Arc::new(fork);
                )+
                $suite($($face),+).await;
            }
        }
    };
}
