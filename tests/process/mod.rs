//! The binary as a process of its own, and booking's interfaces over its service listener.

#![allow(dead_code, reason = "each test uses a part")]

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use banyan::config::Keys;
use kernel::{FeedAfter, Outside, Remote};
use shims::{HttpTransport, ServiceKey};

use crate::suite::kit::{Faces, house};

/// Killed, not stopped, when it is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(mut command: Command) -> Self {
        Self(command.spawn().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The binary on a data folder, quiet, offering its modules on a port.
pub(crate) fn banyan(data: &Path, service: u16, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
    command
        .args(["--quiet", "--data"])
        .arg(data)
        .args(args)
        .env("BANYAN__SERVICE__LISTEN", format!("127.0.0.1:{service}"))
        .stdin(Stdio::null());
    command
}

/// Booking alone, for services.
pub(crate) const ONLY_BOOKING: [&str; 5] = ["serve", "--only", "booking", "--ops", ""];

/// A port that nobody held a moment ago.
pub(crate) fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until somebody takes connections there.
pub(crate) async fn until_it_listens(port: u16) {
    for _ in 0..600 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody listens on port {port} within 30 s");
}

/// The keys of a data folder, made if need be.
pub(crate) fn keys(data: &Path) -> Keys {
    Keys::open(&data.join("keys"), true, &Outside::system()).unwrap()
}

/// Booking's interfaces at a service listener.
pub(crate) fn faces(port: u16, keys: &Keys) -> Faces {
    let key = Arc::new(ServiceKey::new(&keys.derive("services")));
    let base = format!("http://127.0.0.1:{port}");
    let far = || {
        Arc::new(Remote::new(
            HttpTransport::new(&base, "test", key.clone(), Outside::system().clock).unwrap(),
        ))
    };
    Faces { schedule: far(), shop: far(), orders: far(), payments: far(), disruption: far() }
}

pub(crate) async fn until_it_answers(faces: &Faces) {
    for _ in 0..600 {
        if faces.schedule.feed(&house(), FeedAfter::start()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("booking did not come up within 30 s");
}
