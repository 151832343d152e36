//! A client that sends exactly the bytes it is given and tells apart a whole answer from a cut one: no library between
//! the test and the wire.

use std::net::{SocketAddr, TcpStream};

use crate::{
    head::{Head, body_length},
    reader::{Body, Reader},
};

pub(crate) struct Client {
    reader: Reader,
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
        Self { reader: Reader::new(TcpStream::connect(to).expect("the door is open")) }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        assert!(self.reader.write(bytes.as_ref()), "the door reads");
        self
    }

    /// Sends that many bytes.
    pub(crate) fn flood(&mut self, count: u64) -> u64 {
        self.reader.flood(count)
    }

    /// Sends until the other side takes no more.
    pub(crate) fn flood_until_stalled(&mut self, most: u64) -> u64 {
        self.reader.flood_until_stalled(most)
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
        let head = self.reader.head();
        head.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(self.reader.unread())))
    }

    /// That many bytes, or as many as come before the end.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.reader.take(count)
    }

    /// Reads until the text has come, and returns everything up to and with it.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let found = self.reader.until(text.as_bytes());
        let found = found.unwrap_or_else(|| panic!("{text:?} never came: {:?}", self.reader.unread()));
        String::from_utf8_lossy(&found).into_owned()
    }

    /// Whether the other side has ended the connection with nothing left to say.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.reader.unread().is_empty() && self.reader.more() == 0
    }

    /// Reads to the end and forgets, keeping only the count.
    pub(crate) fn count_to_end(&mut self) -> u64 {
        self.reader.count_to_end()
    }

    fn answer_with(&mut self, has_body: bool) -> Answer {
        let mut head = self.head();
        while head.status() == 100 {
            head = self.head();
        }
        let status = head.status();
        let bodiless = !has_body || status == 204 || status == 304 || status == 101;
        let none = Body { bytes: Vec::new(), length: 0, whole: true };
        let Body { bytes: body, whole, .. } = if bodiless { none } else { self.body(&head) };
        Answer { status, head, body, whole }
    }

    fn body(&mut self, head: &Head) -> Body {
        if head.has("transfer-encoding") {
            return self.reader.chunks(usize::MAX);
        }
        match body_length(head) {
            Some(length) => self.reader.sized(length, usize::MAX),
            None => self.reader.rest(),
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
