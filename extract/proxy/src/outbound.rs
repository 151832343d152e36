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
use http::{HeaderValue, Method};

use crate::{
    Crossing, ProxyError,
    cookies::{self, Own},
    names::{Listed, Outbound, outbound},
    upstreams::Upstream,
};

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

impl Outgoing<'_> {
    /// Writes the head, to its empty line.
    pub(crate) fn write(&self, to: &mut BytesMut) -> Result<(), ProxyError> {
        let client = self.request.headers();
        to.reserve(1024);
        self.line(to)?;
        self.pass(client, to)?;
        self.cookies(client, to)?;
        self.add(client, to)?;
        to.put_slice(b"\r\n");
        Ok(())
    }

    /// The client's bytes under the upstream's prefix.
    fn line(&self, to: &mut BytesMut) -> Result<(), ProxyError> {
        let asked = self.request.uri().path_and_query().map_or("/", |asked| asked.as_str());
        if asked.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(ProxyError::Request("the path has characters that no path may have"));
        }
        for part in [self.method.as_str(), " ", &self.upstream.prefix, asked, " HTTP/1.1\r\n"] {
            to.put_slice(part.as_bytes());
        }
        say(to, b"host", self.upstream.host_header.as_bytes())
    }

    fn pass(&self, client: &ClientHeaders, to: &mut BytesMut) -> Result<(), ProxyError> {
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
                say(to, name.as_str().as_bytes(), value.as_bytes())?;
            }
        }
        Ok(())
    }

    fn cookies(&self, client: &ClientHeaders, to: &mut BytesMut) -> Result<(), ProxyError> {
        if self.upstream.cookies.is_empty() || !client.contains_key(header::COOKIE) {
            return Ok(());
        }
        let listed = Listed::of(client.get_all(header::CONNECTION).map(header::HeaderValue::as_bytes));
        if listed.has("cookie") {
            return Ok(());
        }
        let lines = client.get_all(header::COOKIE).map(header::HeaderValue::as_bytes);
        let mut kept = BytesMut::new();
        cookies::outbound(lines, self.upstream, self.own, &mut kept);
        if !kept.is_empty() {
            say(to, b"cookie", &kept)?;
        }
        Ok(())
    }

    /// What only we say.
    fn add(&self, client: &ClientHeaders, to: &mut BytesMut) -> Result<(), ProxyError> {
        let Self { crossing, .. } = self;
        to.put_slice(b"via: ");
        self.via(client, to)?;
        to.put_slice(b"\r\nx-forwarded-for: ");
        self.forwarded_for(client, to);
        to.put_slice(b"\r\nforwarded: ");
        forwarded(crossing, to);
        to.put_slice(b"\r\n");
        say(to, b"x-forwarded-proto", if crossing.https { b"https" } else { b"http" })?;
        let words = [
            (&b"x-forwarded-host"[..], crossing.public_host.as_bytes()),
            (b"x-request-id", crossing.request_id.as_bytes()),
            (b"traceparent", crossing.traceparent.as_bytes()),
            (b"banyan-identity", crossing.identity.as_ref().map(HeaderValue::as_bytes).unwrap_or_default()),
        ];
        for (name, value) in words.into_iter().filter(|(_, value)| !value.is_empty()) {
            say(to, name, value)?;
        }
        if self.upgrading {
            to.put_slice(b"connection: upgrade\r\nupgrade: websocket\r\n");
        }
        self.frame(to);
        Ok(())
    }

    /// How the body is framed: by us, whatever the client's framing was.
    fn frame(&self, to: &mut BytesMut) {
        let tells = [Method::POST, Method::PUT, Method::PATCH].contains(self.method);
        match self.body {
            BodyKind::None | BodyKind::Sized(0) if !tells => {}
            BodyKind::None => to.put_slice(b"content-length: 0\r\n"),
            BodyKind::Sized(length) => {
                // A buffer that grows takes every text.
                let _ = write!(to, "content-length: {length}\r\n");
            }
            BodyKind::Chunked => to.put_slice(b"transfer-encoding: chunked\r\n"),
        }
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

/// One line. Values were judged where they came in; what could end a line is judged here all the same.
fn say(to: &mut BytesMut, name: &[u8], value: &[u8]) -> Result<(), ProxyError> {
    if value.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return Err(ProxyError::Request("a header has characters that no header may have"));
    }
    to.put_slice(name);
    to.put_slice(b": ");
    to.put_slice(value);
    to.put_slice(b"\r\n");
    Ok(())
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
