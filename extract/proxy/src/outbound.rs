//! The head of the request that the upstream gets, as bytes: the client's lines less what it may not say, then ours.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
};

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, HeaderMap},
    },
};

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
    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    /// Writes the whole head.
    pub(crate) fn write(&self, to: &mut Vec<u8>) -> Result<(), ProxyError> {
        let client = self.request.headers();
        to.reserve(1024);
        to.extend_from_slice(self.method().as_str().as_bytes());
        to.extend_from_slice(b" ");
        // The client's bytes under the upstream's prefix.
        to.extend_from_slice(self.upstream.prefix.as_bytes());
        let asked = self.request.uri().path_and_query().map_or("/", |asked| asked.as_str());
        to.extend_from_slice(asked.as_bytes());
        to.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        to.extend_from_slice(self.upstream.host_header.as_bytes());
        let listed = Listed::of(client.get_all(header::CONNECTION).map(header::HeaderValue::as_bytes));
        self.pass(client, &listed, to);
        if !self.upstream.cookies.is_empty() && !listed.has("cookie") {
            let lines = client.get_all(header::COOKIE).map(header::HeaderValue::as_bytes);
            cookies::outbound(lines, self.upstream, self.own, to);
        }
        self.add(client, to)?;
        to.extend_from_slice(b"\r\n\r\n");
        Ok(())
    }

    fn pass(&self, client: &HeaderMap, listed: &Listed, to: &mut Vec<u8>) {
        for (name, value) in client {
            let passes = match outbound(name.as_str()) {
                Outbound::Pass => true,
                Outbound::FromTrusted => self.crossing.peer_trusted,
                Outbound::Authorization => self.crossing.authorization,
                Outbound::NotOnReads => !is_read(self.method()),
                Outbound::Drop | Outbound::Cookie | Outbound::ForwardedFor | Outbound::Via => false,
            };
            if passes && !listed.has(name.as_str()) {
                // Neither holds a line end: actix has seen to that.
                line(name.as_str(), value.as_bytes(), to);
            }
        }
    }

    /// What only we say.
    fn add(&self, client: &HeaderMap, to: &mut Vec<u8>) -> Result<(), ProxyError> {
        let Self { crossing, .. } = self;
        to.extend_from_slice(b"\r\nvia: ");
        self.via(client, to)?;
        to.extend_from_slice(b"\r\nx-forwarded-for: ");
        self.forwarded_for(client, to);
        to.extend_from_slice(b"\r\nforwarded: ");
        forwarded(crossing, to)?;
        let scheme: &[u8] =
            if crossing.https { b"\r\nx-forwarded-proto: https" } else { b"\r\nx-forwarded-proto: http" };
        to.extend_from_slice(scheme);
        said("x-forwarded-host", crossing.public_host, to)?;
        said("x-request-id", crossing.request_id, to)?;
        said("traceparent", crossing.traceparent, to)?;
        if let Some(identity) = &crossing.identity {
            line("banyan-identity", identity.as_bytes(), to);
        }
        if self.upgrading {
            to.extend_from_slice(b"\r\nconnection: upgrade\r\nupgrade: websocket");
        }
        self.frame(to);
        Ok(())
    }

    fn frame(&self, to: &mut Vec<u8>) {
        match self.body {
            BodyKind::Chunked => to.extend_from_slice(b"\r\ntransfer-encoding: chunked"),
            BodyKind::Sized(length) => {
                // A vector takes every text.
                let _ = write!(to, "\r\ncontent-length: {length}");
            }
            BodyKind::None if [Method::POST, Method::PUT, Method::PATCH].contains(self.method()) => {
                to.extend_from_slice(b"\r\ncontent-length: 0");
            }
            BodyKind::None => {}
        }
    }

    /// The client's stations, then ours.
    fn via(&self, client: &HeaderMap, to: &mut Vec<u8>) -> Result<(), ProxyError> {
        let us = self.own.0.instance.as_bytes();
        let mut rounds = 0;
        for line in client.get_all(header::VIA) {
            for station in line.as_bytes().split(|byte| *byte == b',') {
                let by = station.trim_ascii().split(u8::is_ascii_whitespace).nth(1);
                rounds += usize::from(by.is_some_and(|by| by.eq_ignore_ascii_case(us)));
            }
            to.extend_from_slice(line.as_bytes());
            to.extend_from_slice(b", ");
        }
        if rounds > MOST_ROUNDS {
            return Err(ProxyError::Loop);
        }
        to.extend_from_slice(b"1.1 ");
        to.extend_from_slice(plain(&self.own.0.instance)?);
        Ok(())
    }

    /// The client, then the proxies that we trust. What lies left of the client could be anybody's words.
    fn forwarded_for(&self, client: &HeaderMap, to: &mut Vec<u8>) {
        let Self { crossing, .. } = self;
        write_ip(crossing.client, to);
        let peer = self.request.peer_addr().map(|peer| peer.ip().to_canonical());
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
            to.extend_from_slice(b", ");
            write_ip(hop, to);
        }
    }
}

pub(crate) fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A line, with the end of the one before it.
fn line(name: &str, value: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(b"\r\n");
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b": ");
    to.extend_from_slice(value);
}

/// A line with a text of the caller's, if there is one.
fn said(name: &str, value: &str, to: &mut Vec<u8>) -> Result<(), ProxyError> {
    if !value.is_empty() {
        line(name, plain(value)?, to);
    }
    Ok(())
}

fn plain(value: &str) -> Result<&[u8], ProxyError> {
    // Without an early end, so that many bytes are looked at at a time.
    let fits = value.bytes().fold(true, |fits, byte| fits & matches!(byte, b' '..=b'~'));
    fits.then_some(value.as_bytes())
        .ok_or(ProxyError::Request("a header has characters that no header may have"))
}

fn forwarded(crossing: &Crossing<'_>, to: &mut Vec<u8>) -> Result<(), ProxyError> {
    to.extend_from_slice(b"for=");
    if crossing.client.is_ipv6() {
        to.extend_from_slice(b"\"[");
        write_ip(crossing.client, to);
        to.extend_from_slice(b"]\"");
    } else {
        write_ip(crossing.client, to);
    }
    if !crossing.public_host.is_empty() {
        to.extend_from_slice(b";host=\"");
        to.extend_from_slice(plain(crossing.public_host)?);
        to.extend_from_slice(b"\"");
    }
    to.extend_from_slice(if crossing.https { b";proto=https" } else { b";proto=http" });
    Ok(())
}

/// The formatting of the standard library costs as much as a quarter of the head.
fn write_ip(ip: IpAddr, to: &mut Vec<u8>) {
    let IpAddr::V4(ip) = ip else {
        // A vector takes every text.
        let _ = write!(to, "{ip}");
        return;
    };
    for (place, octet) in ip.octets().into_iter().enumerate() {
        let dot: &[u8] = if place > 0 { b"." } else { b"" };
        to.extend_from_slice(dot);
        let digits = [b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10];
        let blank = usize::from(octet < 100) + usize::from(octet < 10);
        to.extend_from_slice(digits.get(blank..).unwrap_or_default());
    }
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn ip_of(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(hop);
    let ip = bare.parse().ok().or_else(|| hop.parse().ok().map(|address: SocketAddr| address.ip()));
    ip.map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn addresses_read_as_they_are_written(bits: u32) {
            let ip = IpAddr::V4(bits.into());
            let mut to = Vec::new();
            write_ip(ip, &mut to);
            prop_assert_eq!(std::str::from_utf8(&to).unwrap(), ip.to_string());
        }
    }
}
