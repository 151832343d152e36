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
    chunks::{Chunk, Decoder},
    cookies::{self, Own},
    names::{Inbound, Listed, inbound},
    upstreams::Upstream,
};

/// The longest head that is read, in bytes, and the most lines of it.
const MOST_HEAD: usize = 64 * 1024;
const MOST_LINES: usize = 100;
const KEPT_BY_NOBODY: HeaderValue = HeaderValue::from_static("private, no-store");

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Whatever the lines say: an answer to HEAD, 204 or 304. The length is told all the same, if there is one.
    Bodiless(Option<u64>),
    Sized(u64),
    Chunked,
    /// By the end of the connection.
    Closed,
}

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

/// What the lines say about the message, beside what they say to the client.
#[derive(Default)]
struct Facts {
    /// HTTP/1.0.
    old: bool,
    lengths: Lines<u64>,
    codings: Lines<()>,
    closes: bool,
    listed: Listed,
}

/// Of lines that may stand once: how many there are, and what the last says.
struct Lines<T> {
    count: usize,
    value: Option<T>,
}

impl<T> Default for Lines<T> {
    fn default() -> Self {
        Self { count: 0, value: None }
    }
}

impl<T> Lines<T> {
    fn add(&mut self, value: Option<T>) {
        self.count += 1;
        self.value = value;
    }
}

impl Framing {
    pub(crate) fn decoder(self) -> Decoder {
        match self {
            Self::Bodiless(_) => Decoder::Sized(0),
            Self::Sized(length) => Decoder::Sized(length),
            Self::Chunked => Decoder::Chunked(Chunk::Size),
            Self::Closed => Decoder::Closed,
        }
    }
}

impl Facts {
    fn of(old: bool, lines: &[Header<'_>]) -> Self {
        let mut facts = Self { old, ..Self::default() };
        let named = |line: &&Header<'_>, name: &str| line.name.eq_ignore_ascii_case(name);
        for line in lines {
            if named(&line, "content-length") {
                facts.lengths.add(number(line.value));
            } else if named(&line, "transfer-encoding") {
                facts.codings.add(line.value.eq_ignore_ascii_case(b"chunked").then_some(()));
            } else if named(&line, "connection") {
                let mut options = line.value.split(|byte| *byte == b',');
                facts.closes |= options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
            }
        }
        let connection = lines.iter().filter(|line| named(line, "connection"));
        facts.listed = Listed::of(connection.map(|line| line.value));
        facts
    }

    /// How the body ends, or why nobody can tell.
    fn framing(&self, status: StatusCode, method: &Method) -> Result<Framing, &'static str> {
        let Self { lengths, codings, .. } = self;
        if lengths.count + codings.count > 1 {
            return Err("it tells the length of its body in two ways");
        }
        if lengths.count == 1 && lengths.value.is_none() {
            return Err("the length of its body is no number");
        }
        if codings.count == 1 && (codings.value.is_none() || self.old) {
            return Err("its body is encoded for the transfer in an unknown way");
        }
        let bodiless = *method == Method::HEAD || [101, 204, 304].contains(&status.as_u16());
        Ok(match (bodiless, lengths.value, codings.value) {
            (true, length, _) => Framing::Bodiless(length),
            (false, Some(length), _) => Framing::Sized(length),
            (false, None, Some(())) => Framing::Chunked,
            (false, None, None) => Framing::Closed,
        })
    }
}

fn number(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok()?.parse().ok())?
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

/// A place on the upstream, as the browser can reach it: a slash, if it needs one, and the rest. `None` for any other.
fn moved<'a>(value: &'a str, upstream: &Upstream) -> Option<(&'static str, &'a str)> {
    let scheme = if upstream.tls.is_some() { "https:" } else { "http:" };
    let bare = strip(value, scheme).unwrap_or(value);
    let path = match bare.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            same_authority(authority, upstream).then_some(path)?
        }
        None if bare.len() < value.len() || !value.starts_with('/') || upstream.prefix.is_empty() => {
            return None;
        }
        None => value,
    };
    let below = path.strip_prefix(upstream.prefix.as_str())?;
    match below.as_bytes() {
        // That would be another host.
        [b'/', b'/' | b'\\', ..] => None,
        [b'/', ..] => Some(("", below)),
        [] | [b'?' | b'#', ..] => Some(("/", below)),
        _ => None,
    }
}

fn same_authority(authority: &str, upstream: &Upstream) -> bool {
    let port = upstream.port.to_string();
    let usual = if upstream.tls.is_some() { "443" } else { "80" };
    let (host, told) = match authority.rsplit_once(':') {
        Some((host, told)) if !told.ends_with(']') => (host, told),
        _ => (authority, usual),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case(&upstream.host) && told == port
}

fn strip<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.get(..start.len())
        .filter(|found| found.eq_ignore_ascii_case(start))
        .and_then(|_| text.get(start.len()..))
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
    fn where_a_body_ends() {
        let (length, chunked) = (("content-length", "5"), ("transfer-encoding", "chunked"));
        for (method, status, lines, expected) in [
            ("GET", 200, &[length][..], Some(Framing::Sized(5))),
            ("GET", 200, &[chunked], Some(Framing::Chunked)),
            ("GET", 200, &[("transfer-encoding", "Chunked")], Some(Framing::Chunked)),
            ("GET", 200, &[], Some(Framing::Closed)),
            ("HEAD", 200, &[length], Some(Framing::Bodiless(Some(5)))),
            ("GET", 204, &[], Some(Framing::Bodiless(None))),
            ("GET", 304, &[length], Some(Framing::Bodiless(Some(5)))),
            ("GET", 200, &[length, chunked], None),
            ("GET", 200, &[length, length], None),
            ("GET", 200, &[("content-length", "5, 5")], None),
            ("GET", 200, &[("content-length", "+5")], None),
            ("GET", 200, &[("content-length", "")], None),
            ("GET", 200, &[chunked, chunked], None),
            ("GET", 200, &[("transfer-encoding", "gzip, chunked")], None),
            ("GET", 200, &[("transfer-encoding", "identity")], None),
        ] {
            let method: Method = method.parse().unwrap();
            let written = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
            let written = written.collect::<Vec<_>>().concat();
            let found = arrived(&method, &format!("HTTP/1.1 {status} X\r\n{written}\r\nhello"));
            let found = found.ok().map(|arrived| arrived.unwrap().framing);
            assert_eq!(found, expected, "{method} {status} {lines:?}");
        }
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

    #[test]
    fn locations() {
        let (plain, below, usual) = ("http://10.0.0.7:81", "http://10.0.0.7:81/app", "http://res.internal");
        for (address, value, expected) in [
            (plain, "/trips", None),
            (plain, "trips?x", None),
            (plain, "http://10.0.0.7:81/trips?x#y", Some("/trips?x#y")),
            (plain, "HTTP://10.0.0.7:81", Some("/")),
            (plain, "//10.0.0.7:81/trips", Some("/trips")),
            (plain, "http://10.0.0.7:82/trips", None),
            (plain, "http://10.0.0.7/trips", None),
            (plain, "https://10.0.0.7:81/trips", None),
            (plain, "http://10.0.0.7:81.evil.example/", None),
            (plain, "http://10.0.0.7:81@evil.example/", None),
            (plain, "http://x@10.0.0.7:81/", None),
            (plain, "http://10.0.0.7:81//evil.example", None),
            (plain, "http://10.0.0.7:81/\\evil.example", None),
            (plain, "https://evil.example/", None),
            (plain, "//evil.example/", None),
            (plain, "http:/trips", None),
            (below, "/app/trips", Some("/trips")),
            (below, "/app", Some("/")),
            (below, "/app?x", Some("/?x")),
            (below, "/apple", None),
            (below, "/app//evil.example", None),
            (below, "/elsewhere", None),
            (below, "http://10.0.0.7:81/app/trips", Some("/trips")),
            (below, "http://10.0.0.7:81/elsewhere", None),
            (usual, "http://res.internal:80/x", Some("/x")),
            (usual, "http://RES.internal/x", Some("/x")),
        ] {
            let found = moved(value, &upstream(address)).map(|(slash, rest)| format!("{slash}{rest}"));
            assert_eq!(found.as_deref(), expected, "{address} says {value}");
        }
    }
}
