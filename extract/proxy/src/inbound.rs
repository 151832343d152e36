//! The head of the answer that the client gets: the upstream's lines, judged again, in a frame of our own.

use actix_web::{
    HttpResponse,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use bytes::{BufMut, BytesMut};
use http::{HeaderMap, Method, response::Parts};

use crate::{
    cookies::{self, Own},
    names::{Inbound, Listed, inbound},
    upstreams::Upstream,
};

/// The longest head that is passed on, in bytes.
const MOST_HEAD: usize = 64 * 1024;
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

/// One answer on its way back.
pub(crate) struct Incoming<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) upstream: &'a Upstream,
    pub(crate) own: &'a Own,
}

/// How the body ends, or why nobody can tell.
pub(crate) fn framing(head: &Parts, method: &Method) -> Result<Framing, &'static str> {
    let mut lengths = head.headers.get_all(http::header::CONTENT_LENGTH).iter();
    let mut codings = head.headers.get_all(http::header::TRANSFER_ENCODING).iter();
    let (length, coding) = (lengths.next(), codings.next());
    if lengths.next().is_some() || codings.next().is_some() || (length.is_some() && coding.is_some()) {
        return Err("it tells the length of its body in two ways");
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    let length: Option<u64> = match length {
        Some(value) => {
            Some(value.to_str().ok().and_then(digits).ok_or("the length of its body is no number")?)
        }
        None => None,
    };
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
        return Err("its body is encoded for the transfer in an unknown way");
    }
    let bodiless = *method == Method::HEAD || [204, 304].contains(&head.status.as_u16());
    Ok(match (bodiless, length, coding) {
        (true, length, _) => Framing::Bodiless(length),
        (false, Some(length), _) => Framing::Sized(length),
        (false, None, Some(_)) => Framing::Chunked,
        (false, None, None) => Framing::Closed,
    })
}

/// Whether the upstream means to keep the connection.
pub(crate) fn keeps_alive(head: &Parts) -> bool {
    let lines = head.headers.get_all(http::header::CONNECTION).iter();
    let mut options = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    head.version == http::Version::HTTP_11
        && !options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
}

impl Incoming<'_> {
    /// Status and headers; the body is still to be set. `Err` says what no client may be shown.
    pub(crate) fn response(&self) -> Result<HttpResponse, &'static str> {
        let status = StatusCode::from_u16(self.head.status.as_u16()).map_err(|_| "its status is unknown")?;
        let mut response = HttpResponse::new(status);
        let connection = self.head.headers.get_all(http::header::CONNECTION);
        let listed = Listed::of(connection.iter().map(http::HeaderValue::as_bytes));
        let mut ink = BytesMut::with_capacity(1024);
        let mut bytes = 0;
        let mut told = false;
        for (name, value) in &self.head.headers {
            bytes += name.as_str().len() + value.len() + 4;
            let value = std::str::from_utf8(value.as_bytes()).map_err(|_| "a header is no text")?;
            let fate = inbound(name.as_str());
            if listed.has(name.as_str()) || !self.write(fate, value, &mut ink) {
                ink.clear();
                continue;
            }
            told |= fate == Inbound::CacheControl;
            let name =
                HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| "a header has no name")?;
            let value = HeaderValue::from_maybe_shared(ink.split().freeze())
                .map_err(|_| "a header has characters that no header may have")?;
            response.headers_mut().append(name, value);
        }
        if bytes > MOST_HEAD {
            return Err("its head is too long");
        }
        if !told {
            response.headers_mut().insert(header::CACHE_CONTROL, KEPT_BY_NOBODY);
        }
        Ok(response)
    }

    /// Writes the value that the client gets; false if it gets none.
    fn write(&self, fate: Inbound, value: &str, to: &mut BytesMut) -> bool {
        match fate {
            Inbound::Drop => return false,
            Inbound::SetCookie => return cookies::inbound(value, self.upstream, self.own, to).is_some(),
            Inbound::Location => match moved(value, self.upstream) {
                Some((slash, rest)) => {
                    to.put_slice(slash.as_bytes());
                    to.put_slice(rest.as_bytes());
                }
                None => to.put_slice(value.as_bytes()),
            },
            Inbound::Pass | Inbound::CacheControl => to.put_slice(value.as_bytes()),
        }
        true
    }
}

/// Lines that belong to a switch of protocols.
pub(crate) fn switching(response: &mut HttpResponse) {
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response.head_mut().set_connection_type(ConnectionType::Upgrade);
}

/// Whether the upstream wants a WebSocket on this connection, and nothing else.
pub(crate) fn is_websocket(headers: &HeaderMap) -> bool {
    let mut named = headers.get_all(http::header::UPGRADE).iter();
    let first = named.next().map(http::HeaderValue::as_bytes);
    first.is_some_and(|name| name.eq_ignore_ascii_case(b"websocket")) && named.next().is_none()
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

    fn head(status: u16, lines: &[(&str, &str)]) -> Parts {
        let mut answer = http::Response::builder().status(status);
        for (name, value) in lines {
            answer = answer.header(*name, *value);
        }
        answer.body(()).unwrap().into_parts().0
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
            assert_eq!(framing(&head(status, lines), &method).ok(), expected, "{method} {status} {lines:?}");
        }
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
            let upstream = Upstream::new("legacy", &UpstreamSettings::at(address)).unwrap();
            let found = moved(value, &upstream).map(|(slash, rest)| format!("{slash}{rest}"));
            assert_eq!(found.as_deref(), expected, "{address} says {value}");
        }
    }
}
