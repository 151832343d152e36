//! A far side that is there and gives no answer, in one of the ways that such sides have.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Result;
use rustix::net::sockopt::set_socket_linger;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Illness {
    /// Nobody listens.
    Refused,
    /// The connection is cut behind the head of an answer.
    Reset,
    /// An answer of 100 bytes ends after 50.
    Half,
    /// A real process that stands still.
    Silent,
}

/// A server that answers everybody in the same sick way, until it is dropped.
pub(crate) struct Sick {
    port: u16,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sick {
    pub(crate) fn start(port: u16, illness: Illness) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let ended = Arc::new(AtomicBool::new(false));
        let told = ended.clone();
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if told.load(Ordering::Relaxed) {
                    return;
                }
                // A client that goes away is no news here.
                let _ = answer(stream, illness);
            }
        });
        Ok(Self { port, ended, thread: Some(thread) })
    }
}

impl Drop for Sick {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes it, so that it sees the end.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(mut stream: TcpStream, illness: Illness) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut request = [0; 16 * 1024];
    let _ = stream.read(&mut request)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n")?;
    if illness == Illness::Half {
        stream.write_all(&[b' '; 50])?;
    } else {
        // A close is a reset then.
        set_socket_linger(&stream, Some(Duration::ZERO))?;
    }
    Ok(())
}
