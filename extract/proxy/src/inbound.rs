//! The head of the answer that the client gets: the upstream's lines, judged, in a frame of our own. A value that
//! passes as it is stays where it was read.

use std::mem::MaybeUninit;

use actix_web::{
    HttpResponse,
    http::{
        ConnectionType, Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use httparse::{Header, ParserConfig, Status};

use crate::{
    cookies::{self, Own},
    framing::{Facts, Framing},
    location::moved,
    names::{Inbound, inbound},
    upstreams::Upstream,
};

/// The longest head that is read, in bytes, and the most lines of it.
pub(crate) const MOST_HEAD: usize = 64 * 1024;
const MOST_LINES: usize = 100;
const KEPT_BY_NOBODY: HeaderValue = HeaderValue::from_static("private, no-store");

/// Who reads an answer, and for which question.
pub(crate) struct Reader<'a> {
    pub(crate) method: &'a Method,
    pub(crate) upstream: &'a Upstream,
    pub(crate) own: &'a Own,
}

/// The head of an answer.
pub(crate) struct Arrived {
    /// Status and headers as the client gets them; the body is still to be set.
    pub(crate) response: HttpResponse,
    pub(crate) framing: Framing,
    /// The upstream takes another request on this connection.
    pub(crate) stays: bool,
    pub(crate) is_event_stream: bool,
    /// It wants a WebSocket on this connection, and nothing else.
    pub(crate) is_websocket: bool,
}

impl Reader<'_> {
    /// The head of an answer, once it is there whole. What comes before the answer (1xx) does not pass. `Err` says what
    /// no client may be shown.
    pub(crate) fn take(&self, read: &mut BytesMut) -> Result<Option<Arrived>, &'static str> {
        loop {
            if read.is_empty() {
                return Ok(None);
            }
            let mut lines = [const { MaybeUninit::uninit() }; MOST_LINES];
            let mut head = httparse::Response::new(&mut []);
            let config = ParserConfig::default();
            let parsed = config.parse_response_with_uninit_headers(&mut head, read, &mut lines);
            let length = match parsed {
                Ok(Status::Complete(length)) if length <= MOST_HEAD => length,
                Ok(Status::Partial) if read.len() <= MOST_HEAD => return Ok(None),
                Ok(_) => return Err("its head is too long"),
                Err(httparse::Error::TooManyHeaders) => return Err("its head has too many lines"),
                Err(_) => return Err("its head is no HTTP"),
            };
            let code = head.code.unwrap_or_default();
            if (100..200).contains(&code) && code != 101 {
                read.advance(length);
                continue;
            }
            let places: Vec<Place> = head.headers.iter().map(|line| Place::of(line, read)).collect();
            let facts = Facts::of(head.version == Some(0), head.headers);
            let bytes = read.split_to(length).freeze();
            return self.arrived(code, &facts, &Lifted { bytes, places }).map(Some);
        }
    }

    fn arrived(&self, code: u16, facts: &Facts, lifted: &Lifted) -> Result<Arrived, &'static str> {
        let status = StatusCode::from_u16(code).map_err(|_| "its status is unknown")?;
        let framing = facts.framing(status, self.method)?;
        let mut arrived = Arrived {
            response: HttpResponse::new(status),
            framing,
            stays: !facts.old && !facts.closes && framing != Framing::Closed,
            is_event_stream: false,
            is_websocket: false,
        };
        let mut ink = BytesMut::new();
        let mut told = false;
        for place in &lifted.places {
            let name = HeaderName::from_bytes(lifted.name(place)).map_err(|_| "a header has no name")?;
            let value = lifted.value(place);
            let text = std::str::from_utf8(value).map_err(|_| "a header is no text")?;
            arrived.note(&name, value);
            if facts.listed.has(name.as_str()) {
                continue;
            }
            let fate = inbound(name.as_str());
            let Some(bytes) = self.written(fate, text, &mut ink, || lifted.slice(place)) else {
                ink.clear();
                continue;
            };
            told |= fate == Inbound::CacheControl;
            let value = HeaderValue::from_maybe_shared(bytes)
                .map_err(|_| "a header has characters that no header may have")?;
            arrived.response.headers_mut().append(name, value);
        }
        if !told {
            arrived.response.headers_mut().insert(header::CACHE_CONTROL, KEPT_BY_NOBODY);
        }
        Ok(arrived)
    }

    /// The value that the client gets, if it gets any.
    fn written(
        &self,
        fate: Inbound,
        value: &str,
        ink: &mut BytesMut,
        as_is: impl FnOnce() -> Bytes,
    ) -> Option<Bytes> {
        match fate {
            Inbound::Drop => None,
            Inbound::SetCookie => {
                cookies::inbound(value, self.upstream, self.own, ink)?;
                Some(ink.split().freeze())
            }
            Inbound::Location => match moved(value, self.upstream) {
                Some((slash, rest)) => {
                    ink.put_slice(slash.as_bytes());
                    ink.put_slice(rest.as_bytes());
                    Some(ink.split().freeze())
                }
                None => Some(as_is()),
            },
            Inbound::Pass | Inbound::CacheControl => Some(as_is()),
        }
    }
}

impl Arrived {
    fn note(&mut self, name: &HeaderName, value: &[u8]) {
        if *name == header::CONTENT_TYPE {
            self.is_event_stream =
                value.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(b"text/event-stream"));
        } else if *name == header::UPGRADE {
            self.is_websocket = value.eq_ignore_ascii_case(b"websocket");
        }
    }
}

/// Where a line's name and value lie in the head.
struct Place {
    name: (usize, usize),
    value: (usize, usize),
}

impl Place {
    fn of(line: &Header<'_>, head: &[u8]) -> Self {
        let within = |part: &[u8]| {
            let start = (part.as_ptr() as usize).saturating_sub(head.as_ptr() as usize);
            (start, start + part.len())
        };
        Self { name: within(line.name.as_bytes()), value: within(line.value) }
    }
}

/// A head that is no longer in the way of what comes after it.
struct Lifted {
    bytes: Bytes,
    places: Vec<Place>,
}

impl Lifted {
    fn name(&self, place: &Place) -> &[u8] {
        self.bytes.get(place.name.0..place.name.1).unwrap_or_default()
    }

    fn value(&self, place: &Place) -> &[u8] {
        self.bytes.get(place.value.0..place.value.1).unwrap_or_default()
    }

    fn slice(&self, place: &Place) -> Bytes {
        self.bytes.slice(place.value.0..place.value.1)
    }
}

/// Lines that belong to a switch of protocols.
pub(crate) fn switching(response: &mut HttpResponse) {
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response.head_mut().set_connection_type(ConnectionType::Upgrade);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UpstreamSettings;

    fn upstream(address: &str) -> Upstream {
        Upstream::new("legacy", &UpstreamSettings::at(address)).unwrap()
    }

    fn arrived(method: &Method, bytes: &str) -> Result<Option<Arrived>, &'static str> {
        let own = Own(std::sync::Arc::default());
        Reader { method, upstream: &upstream("http://10.0.0.7"), own: &own }.take(&mut bytes.into())
    }

    #[test]
    fn heads() {
        for (bytes, expected) in [
            ("", Ok(None)),
            ("HTTP/1.1 200 OK\r\nA: b", Ok(None)),
            ("HTTP/1.1 200 OK\r\n\r\n", Ok(Some(200))),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nLink: a\r\n\r\nHTTP/1.1 204 X\r\n\r\n",
                Ok(Some(204)),
            ),
            ("HTTP/1.1 100 Continue\r\n\r\n", Ok(None)),
            ("hello\r\n\r\n", Err(())),
            ("HTTP/3.0 200 OK\r\n\r\n", Err(())),
            ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Err(())),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Err(())),
            ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", Err(())),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Err(())),
        ] {
            let found = arrived(&Method::GET, bytes);
            let found =
                found.map(|found| found.map(|found| found.response.status().as_u16())).map_err(|_| ());
            assert_eq!(found, expected, "{bytes:?}");
        }
        let long = format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(70_000));
        assert!(arrived(&Method::GET, &long).is_err());
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101));
        assert!(arrived(&Method::GET, &many).is_err());
    }
}
