//! The head of the request that the upstream gets: the client's lines less what it may not say, then ours. Values are
//! written into one buffer, so that a head costs two allocations and not one a line.

use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap as ClientHeaders},
};
use bytes::{BufMut, BytesMut};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{CONNECTION, CONTENT_LENGTH, COOKIE, FORWARDED, HOST, UPGRADE, VIA},
    uri::PathAndQuery,
};

use crate::{
    Crossing, ProxyError,
    cookies::{self, Own},
    names::{Listed, Outbound, outbound},
    upstreams::Upstream,
};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const IDENTITY: HeaderName = HeaderName::from_static("banyan-identity");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADING: HeaderValue = HeaderValue::from_static("upgrade");
const NOTHING: HeaderValue = HeaderValue::from_static("0");
const HTTP: HeaderValue = HeaderValue::from_static("http");
const HTTPS: HeaderValue = HeaderValue::from_static("https");

/// Rounds through this installation after which a request is taken for a loop.
const MOST_ROUNDS: usize = 3;
/// Trusted hops that are worth telling.
const MOST_HOPS: usize = 16;

/// What a head is made from.
pub(crate) struct Outgoing<'a> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) crossing: &'a Crossing<'a>,
    pub(crate) upstream: &'a Upstream,
    pub(crate) own: &'a Own,
    pub(crate) method: &'a Method,
    pub(crate) body: BodyKind,
    pub(crate) upgrading: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    None,
    Sized(u64),
    Chunked,
}

/// Where values are written.
struct Ink(BytesMut);

impl Ink {
    /// What was written since the last time.
    fn value(&mut self) -> Result<HeaderValue, ProxyError> {
        HeaderValue::from_maybe_shared(self.0.split().freeze())
            .map_err(|_| ProxyError::Request("a header has characters that no header may have"))
    }

    fn copy(&mut self, bytes: &[u8]) -> Result<HeaderValue, ProxyError> {
        self.0.put_slice(bytes);
        self.value()
    }
}

impl Outgoing<'_> {
    pub(crate) fn head(&self) -> Result<http::request::Parts, ProxyError> {
        let client = self.request.headers();
        let mut ink = Ink(BytesMut::with_capacity(1024));
        let mut head = http::Request::new(()).into_parts().0;
        head.method = self.method.clone();
        head.uri = self.uri(&mut ink)?;
        head.headers.reserve(client.len_keys() + 12);
        self.pass(client, &mut head.headers, &mut ink)?;
        self.cookies(client, &mut head.headers, &mut ink)?;
        self.add(client, &mut head.headers, &mut ink)?;
        Ok(head)
    }

    /// The client's bytes under the upstream's prefix.
    fn uri(&self, ink: &mut Ink) -> Result<Uri, ProxyError> {
        let asked = self.request.uri().path_and_query().map_or("/", |asked| asked.as_str());
        ink.0.put_slice(self.upstream.prefix.as_bytes());
        ink.0.put_slice(asked.as_bytes());
        PathAndQuery::from_maybe_shared(ink.0.split().freeze())
            .map(Uri::from)
            .map_err(|_| ProxyError::Request("the path has characters that no path may have"))
    }

    fn pass(&self, client: &ClientHeaders, to: &mut HeaderMap, ink: &mut Ink) -> Result<(), ProxyError> {
        let listed = Listed::of(client.get_all(header::CONNECTION).map(header::HeaderValue::as_bytes));
        for (name, value) in client {
            let passes = match outbound(name.as_str()) {
                Outbound::Pass => true,
                Outbound::FromTrusted => self.crossing.peer_trusted,
                Outbound::Authorization => self.crossing.authorization,
                Outbound::NotOnReads => !is_read(self.method),
                Outbound::Drop | Outbound::Cookie | Outbound::ForwardedFor | Outbound::Via => false,
            };
            if passes && !listed.has(name.as_str()) {
                to.append(same_name(name)?, ink.copy(value.as_bytes())?);
            }
        }
        Ok(())
    }

    fn cookies(&self, client: &ClientHeaders, to: &mut HeaderMap, ink: &mut Ink) -> Result<(), ProxyError> {
        if self.upstream.cookies.is_empty() || !client.contains_key(header::COOKIE) {
            return Ok(());
        }
        let listed = Listed::of(client.get_all(header::CONNECTION).map(header::HeaderValue::as_bytes));
        if listed.has("cookie") {
            return Ok(());
        }
        let lines = client.get_all(header::COOKIE).map(header::HeaderValue::as_bytes);
        cookies::outbound(lines, self.upstream, self.own, &mut ink.0);
        if !ink.0.is_empty() {
            to.insert(COOKIE, ink.value()?);
        }
        Ok(())
    }

    /// What only we say.
    fn add(&self, client: &ClientHeaders, to: &mut HeaderMap, ink: &mut Ink) -> Result<(), ProxyError> {
        let Self { crossing, upstream, .. } = self;
        to.insert(HOST, upstream.host_header.clone());
        self.via(client, &mut ink.0)?;
        to.insert(VIA, ink.value()?);
        self.forwarded_for(client, &mut ink.0);
        to.insert(X_FORWARDED_FOR, ink.value()?);
        forwarded(crossing, &mut ink.0);
        to.insert(FORWARDED, ink.value()?);
        to.insert(X_FORWARDED_PROTO, if crossing.https { HTTPS } else { HTTP });
        if !crossing.public_host.is_empty() {
            to.insert(X_FORWARDED_HOST, ink.copy(crossing.public_host.as_bytes())?);
        }
        if !crossing.request_id.is_empty() {
            to.insert(X_REQUEST_ID, ink.copy(crossing.request_id.as_bytes())?);
        }
        if !crossing.traceparent.is_empty() {
            to.insert(TRACEPARENT, ink.copy(crossing.traceparent.as_bytes())?);
        }
        if let Some(identity) = &crossing.identity {
            to.insert(IDENTITY, identity.clone());
        }
        if self.upgrading {
            to.insert(CONNECTION, UPGRADING);
            to.insert(UPGRADE, WEBSOCKET);
        }
        // hyper writes the length of a body that there is.
        let tells = [Method::POST, Method::PUT, Method::PATCH].contains(self.method);
        if matches!(self.body, BodyKind::None | BodyKind::Sized(0)) && tells {
            to.insert(CONTENT_LENGTH, NOTHING);
        }
        Ok(())
    }

    /// The client's stations, then ours.
    fn via(&self, client: &ClientHeaders, to: &mut BytesMut) -> Result<(), ProxyError> {
        let us = self.own.0.instance.as_bytes();
        let mut rounds = 0;
        for line in client.get_all(header::VIA) {
            for station in line.as_bytes().split(|byte| *byte == b',') {
                let by = station.trim_ascii().split(u8::is_ascii_whitespace).nth(1);
                rounds += usize::from(by.is_some_and(|by| by.eq_ignore_ascii_case(us)));
            }
            to.put_slice(line.as_bytes());
            to.put_slice(b", ");
        }
        if rounds > MOST_ROUNDS {
            return Err(ProxyError::Loop);
        }
        to.put_slice(b"1.1 ");
        to.put_slice(us);
        Ok(())
    }

    /// The client, then the proxies that we trust. What lies left of the client could be anybody's words.
    fn forwarded_for(&self, client: &ClientHeaders, to: &mut BytesMut) {
        let Self { crossing, .. } = self;
        let peer = self.request.peer_addr().map(|peer| peer.ip().to_canonical());
        write_ip(crossing.client, to);
        if !crossing.peer_trusted || peer.is_none_or(|peer| peer == crossing.client) {
            return;
        }
        let lines: Vec<&str> =
            client.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok()).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(ip_of);
        let mut trusted: Vec<IpAddr> =
            hops.map_while(|hop| hop.filter(|hop| *hop != crossing.client)).take(MOST_HOPS).collect();
        trusted.reverse();
        trusted.extend(peer);
        for hop in trusted {
            to.put_slice(b", ");
            write_ip(hop, to);
        }
    }
}

pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn same_name(name: &header::HeaderName) -> Result<HeaderName, ProxyError> {
    HeaderName::from_bytes(name.as_str().as_bytes())
        .map_err(|_| ProxyError::Request("a header has a name that no header may have"))
}

fn forwarded(crossing: &Crossing<'_>, to: &mut BytesMut) {
    to.put_slice(b"for=");
    if crossing.client.is_ipv6() {
        to.put_slice(b"\"[");
        write_ip(crossing.client, to);
        to.put_slice(b"]\"");
    } else {
        write_ip(crossing.client, to);
    }
    if !crossing.public_host.is_empty() {
        to.put_slice(b";host=\"");
        to.put_slice(crossing.public_host.as_bytes());
        to.put_slice(b"\"");
    }
    to.put_slice(if crossing.https { b";proto=https" } else { b";proto=http" });
}

fn write_ip(ip: IpAddr, to: &mut BytesMut) {
    // A buffer that grows takes every text.
    let _ = write!(to, "{ip}");
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn ip_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(hop);
    let ip = bare.parse().ok().or_else(|| hop.parse().ok().map(|address: SocketAddr| address.ip()));
    ip.map(|ip| ip.to_canonical())
}
