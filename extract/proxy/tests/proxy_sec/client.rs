//! A client that sends exactly the bytes it is given and tells apart a whole answer from a cut one: no library between
//! the test and the wire.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::{
    head::{Head, body_length, find},
    upstream::flood,
};

/// Longer than any limit that a test sets, so that running into it is a failure and not a result.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

/// One answer, as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// False if the connection ended before the answer's own end.
    pub(crate) whole: bool,
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let stream = TcpStream::connect(to).expect("the door is open");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, unread: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(bytes.as_ref()).expect("the door reads");
        self
    }

    /// Sends that many bytes, or as many as are taken before the other side stops reading for a while.
    pub(crate) fn flood(&mut self, count: u64) -> u64 {
        flood(&mut self.stream, count)
    }

    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_with(true)
    }

    /// As `answer`; `None` if the connection ended without a byte, which is a cut that nobody takes for a whole.
    pub(crate) fn outcome(&mut self) -> Option<Answer> {
        (!self.is_closed()).then(|| self.answer())
    }

    /// The answer to a HEAD, whose length belongs to a body that does not come.
    pub(crate) fn answer_without_body(&mut self) -> Answer {
        self.answer_with(false)
    }

    pub(crate) fn head(&mut self) -> Head {
        let end = loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.more() > 0, "no answer: {:?}", String::from_utf8_lossy(&self.unread));
        };
        Head::new(self.unread.drain(..end).collect())
    }

    /// Exactly that many bytes, or as many as came before the end.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count && self.more() > 0 {}
        let count = count.min(self.unread.len());
        self.unread.drain(..count).collect()
    }

    /// Reads until the text has come, and returns everything up to and with it.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let end = loop {
            if let Some(at) = find(&self.unread, text.as_bytes()) {
                break at + text.len();
            }
            assert!(self.more() > 0, "{text:?} never came: {:?}", String::from_utf8_lossy(&self.unread));
        };
        String::from_utf8_lossy(&self.unread.drain(..end).collect::<Vec<u8>>()).into_owned()
    }

    /// Whether the other side has ended the connection with nothing left to say.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.unread.is_empty() && self.more() == 0
    }

    /// Reads to the end and forgets, keeping only the count.
    pub(crate) fn count_to_end(&mut self) -> u64 {
        let mut count = self.unread.len() as u64;
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return count,
                Ok(read) => count += read as u64,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return count,
                Err(error) => panic!("the body stalled after {count} bytes: {error}"),
            }
        }
    }

    fn answer_with(&mut self, has_body: bool) -> Answer {
        let mut head = self.head();
        while head.status() == 100 {
            head = self.head();
        }
        let status = head.status();
        let bodiless = !has_body || status == 204 || status == 304 || status == 101;
        let (body, whole) = if bodiless { (Vec::new(), true) } else { self.body(&head) };
        Answer { status, head, body, whole }
    }

    fn body(&mut self, head: &Head) -> (Vec<u8>, bool) {
        if head.values("transfer-encoding").iter().any(|value| value == "chunked") {
            return self.chunks();
        }
        if let Some(length) = body_length(head) {
            let body = self.bytes(length);
            let whole = body.len() == length;
            return (body, whole);
        }
        while self.more() > 0 {}
        (std::mem::take(&mut self.unread), true)
    }

    fn chunks(&mut self) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        loop {
            let Some(line) = self.line() else { return (body, false) };
            let size = usize::from_str_radix(line.trim(), 16).expect("a chunk's size");
            let chunk = self.bytes(size + 2);
            if chunk.len() < size + 2 {
                body.extend(chunk);
                return (body, false);
            }
            if size == 0 {
                return (body, true);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = find(&self.unread, b"\r\n") {
                let line: Vec<u8> = self.unread.drain(..end + 2).collect();
                return Some(String::from_utf8_lossy(&line).into_owned());
            }
            if self.more() == 0 {
                return None;
            }
        }
    }

    /// Reads once; 0 is the end, whether it was polite or a reset.
    fn more(&mut self) -> usize {
        let mut buffer = vec![0; 64 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(read) => {
                self.unread.extend_from_slice(&buffer[..read]);
                read
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing came: {error}"),
        }
    }
}

impl Answer {
    /// Whether nobody can take it for a good one: our own 502, or visibly cut.
    pub(crate) fn is_failure(&self) -> bool {
        self.status == 502 || !self.whole
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}
