//! The upstream of the comparison: as little work as an answer can be, so that what is measured is the proxy.

use std::{
    io::{ErrorKind, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use anyhow::Result;

use super::{
    announce,
    ready::{Ready, read},
};

const LISTENER: usize = usize::MAX >> 1;

/// One connection, and what of its answer is still to be written.
struct Talk {
    stream: TcpStream,
    have: usize,
    buffer: Vec<u8>,
}

/// Serves `/1k` and `/64k` until it is killed.
pub(super) fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    announce(listener.local_addr()?);
    let answers = [answer(1 << 10), answer(64 << 10)];
    let mut ready = Ready::new()?;
    ready.add(&listener, LISTENER)?;
    let mut talks: Vec<Option<Talk>> = Vec::new();
    loop {
        let numbers: Vec<usize> = ready.wait(Duration::from_millis(900))?.collect();
        for number in numbers {
            if number == LISTENER {
                let (stream, _) = listener.accept()?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                ready.add(&stream, talks.len())?;
                talks.push(Some(Talk { stream, have: 0, buffer: vec![0; 8 * 1024] }));
            } else if let Some(place) = talks.get_mut(number)
                && place.as_mut().is_some_and(|talk| talk.converse(&answers).is_none())
            {
                *place = None;
            }
        }
    }
}

impl Talk {
    /// `None` at its end.
    fn converse(&mut self, [small, large]: &[Vec<u8>; 2]) -> Option<()> {
        let Some(read) = read(&self.stream, &mut self.buffer, self.have).ok()? else { return Some(()) };
        self.have += read;
        let request = self.buffer.get(..self.have).filter(|_| read > 0)?;
        if request.ends_with(b"\r\n\r\n") {
            let answer = if request.starts_with(b"GET /64k") { large } else { small };
            self.have = 0;
            write_all(&self.stream, answer)?;
        }
        Some(())
    }
}

/// Waits where a large answer finds no room: nobody else is kept waiting long on one machine.
fn write_all(mut stream: &TcpStream, mut bytes: &[u8]) -> Option<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(written) => bytes = bytes.get(written..)?,
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(_) => return None,
        }
    }
    Some(())
}

fn answer(length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; length]].concat()
}
