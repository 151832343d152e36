//! What has come over a connection and not been read yet: the same for both ends of a test.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use crate::head::{Head, find};

/// Longer than any limit that a test sets, so that running into it is a failure and not a result.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// After this long without a byte taken, the other side has stopped reading.
const STALLED: Duration = Duration::from_millis(700);

pub(crate) struct Reader {
    stream: TcpStream,
    bytes: Vec<u8>,
    /// How far they have been taken.
    start: usize,
    buffer: Vec<u8>,
}

/// A body, and whether it came to its own end.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    /// As long as it was, even if not all was kept.
    pub(crate) length: u64,
    pub(crate) whole: bool,
}

impl Reader {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, bytes: Vec::new(), start: 0, buffer: vec![0; 64 * 1024] }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> bool {
        (&self.stream).write_all(bytes).is_ok()
    }

    /// What has come and not been taken.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Waits for more; 0 is the end, whether it was polite or a reset. Panics if nothing happens at all.
    pub(crate) fn more(&mut self) -> usize {
        match self.stream.read(&mut self.buffer) {
            Ok(read) => {
                self.bytes.drain(..self.start);
                self.start = 0;
                self.bytes.extend_from_slice(&self.buffer[..read]);
                read
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("nothing came: {error}"),
        }
    }

    /// That many bytes, or as many as come before the end.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        while self.unread().len() < count && self.more() > 0 {}
        let count = count.min(self.unread().len());
        self.start += count;
        self.bytes[self.start - count..self.start].to_vec()
    }

    /// Up to and with this text; `None` if the end comes first.
    pub(crate) fn until(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = find(self.unread(), text) {
                return Some(self.take(at + text.len()));
            }
            if self.more() == 0 {
                return None;
            }
        }
    }

    pub(crate) fn head(&mut self) -> Option<Head> {
        self.until(b"\r\n\r\n").map(Head::new)
    }

    pub(crate) fn sized(&mut self, length: u64, most: usize) -> Body {
        let mut body = Body { bytes: Vec::new(), length: 0, whole: true };
        while body.length < length {
            let left = usize::try_from(length - body.length).unwrap_or(usize::MAX);
            if self.unread().is_empty() && self.more() == 0 {
                body.whole = false;
                break;
            }
            let piece = self.take(left.min(self.unread().len()));
            body.keep(&piece, most);
        }
        body
    }

    /// Panics at a size that is none: nobody may send that.
    pub(crate) fn chunks(&mut self, most: usize) -> Body {
        let mut body = Body { bytes: Vec::new(), length: 0, whole: false };
        while let Some(line) = self.until(b"\r\n") {
            let size =
                usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).expect("a chunk's size");
            let mut chunk = self.take(size + 2);
            body.whole = size == 0 && chunk.len() == 2;
            let cut = chunk.len() < size + 2;
            chunk.truncate(size);
            body.keep(&chunk, most);
            if cut || size == 0 {
                break;
            }
        }
        body
    }

    /// Everything until the end of the connection.
    pub(crate) fn rest(&mut self) -> Body {
        while self.more() > 0 {}
        let bytes = self.take(self.unread().len());
        Body { length: bytes.len() as u64, bytes, whole: true }
    }

    /// Reads to the end and forgets.
    pub(crate) fn count_to_end(&mut self) -> u64 {
        let mut count = 0;
        loop {
            count += self.unread().len() as u64;
            self.start = self.bytes.len();
            if self.more() == 0 {
                return count;
            }
        }
    }

    /// Writes that many bytes; fewer if the other side leaves.
    pub(crate) fn flood(&self, count: u64) -> u64 {
        let block = vec![b'f'; 256 * 1024];
        let mut sent = 0;
        while sent < count {
            let size = block.len().min(usize::try_from(count - sent).unwrap_or(block.len()));
            match (&self.stream).write(&block[..size]) {
                Ok(written) => sent += written as u64,
                Err(_) => break,
            }
        }
        sent
    }

    /// Writes until the other side takes no more, and says how much that was.
    pub(crate) fn flood_until_stalled(&self, most: u64) -> u64 {
        self.stream.set_write_timeout(Some(STALLED)).unwrap();
        let sent = self.flood(most);
        self.stream.set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }
}

impl Body {
    fn keep(&mut self, more: &[u8], most: usize) {
        let room = most.saturating_sub(self.bytes.len()).min(more.len());
        self.bytes.extend_from_slice(&more[..room]);
        self.length += more.len() as u64;
    }
}
