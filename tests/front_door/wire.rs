//! A client that sends bytes as they are and reads what comes back.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// What came back, and whether the connection was closed after it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) closed: bool,
}

impl Answer {
    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Sends all, then reads until the server closes or has been silent for a moment after its answer.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    // The server may close before it has read everything: that is one of the things under test.
    let _ = stream.write_all(bytes);
    read(&mut stream)
}

pub(crate) fn read(stream: &mut TcpStream) -> Answer {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    let closed = loop {
        // Long enough for the server's own deadlines, short once there is an answer that promises no end.
        let ending = String::from_utf8_lossy(&text).contains("connection: close");
        let patience = if text.is_empty() || ending { 4000 } else { 150 };
        stream.set_read_timeout(Some(Duration::from_millis(patience))).unwrap();
        match stream.read(&mut piece) {
            Ok(0) => break true,
            Ok(n) => text.extend_from_slice(&piece[..n]),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break false,
            Err(_) => break true,
        }
    };
    let text = String::from_utf8_lossy(&text).into_owned();
    let status = text.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
    Answer { status, text, closed }
}
