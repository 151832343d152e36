//! Which hosts we answer to: the one of `http.public_url`, and the loopback names while that is loopback. Whoever
//! points another name at us (a rebinding, a poisoned link in a mail) gets nothing.

use std::net::IpAddr;

use actix_web::http::{
    StatusCode, Uri,
    header::{self, HeaderMap},
    uri::Authority,
};

use super::{Stop, stop::Refusal};

/// The allow-list.
#[derive(Debug, Clone)]
pub struct Hosts {
    public: String,
    scheme: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Named,
    /// Reached by any of the loopback names.
    Loopback,
    /// Listening on every address without a name: loopback names and plain addresses, which no rebinding can fake.
    Unspecified,
}

impl Hosts {
    /// From `http.public_url`.
    pub fn of(public_url: &str) -> Result<Self, String> {
        let wrong = || format!("http.public_url: `{public_url}` is not like https://www.example.com");
        let uri: Uri = public_url.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let scheme =
            uri.scheme_str().filter(|scheme| ["http", "https"].contains(scheme)).ok_or_else(wrong)?;
        let public = uri.host().ok_or_else(wrong)?.to_ascii_lowercase();
        let kind = match address(&public) {
            Some(ip) if ip.is_unspecified() => Kind::Unspecified,
            Some(ip) if ip.is_loopback() => Kind::Loopback,
            None if public == "localhost" => Kind::Loopback,
            _ => Kind::Named,
        };
        Ok(Self { scheme: scheme.to_owned(), kind, public })
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    pub(super) fn check(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Result<(), Stop> {
        let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).and_then(authority);
        let host = host.ok_or_else(|| Stop::BadRequest("The Host header makes no sense.".to_owned()))?;
        if self.knows(host.host()) || (is_loopback(host.host()) && is_own_tool(headers, peer)) {
            Ok(())
        } else {
            Err(Refusal::HOST.into())
        }
    }

    /// Whether an `Origin` is the host that this request asked for, under our scheme.
    pub(super) fn is_own_origin(&self, origin: &str, headers: &HeaderMap) -> bool {
        let asked = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let shown = origin.strip_prefix(&self.scheme).and_then(|rest| rest.strip_prefix("://"));
        shown.is_some_and(|shown| shown.eq_ignore_ascii_case(asked))
    }

    fn knows(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        host == self.public
            || match self.kind {
                Kind::Named => false,
                Kind::Loopback => is_loopback(&host),
                Kind::Unspecified => is_loopback(&host) || address(&host).is_some(),
            }
    }
}

/// `host` or `host:port`, nothing else.
fn authority(text: &str) -> Option<Authority> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    let authority: Authority = text.parse().ok()?;
    (!text.is_empty() && text.chars().all(plain) && !authority.host().is_empty()).then_some(authority)
}

/// The command line beside a server asks by the listening address, with a token and without cookies: no browser does.
fn is_own_tool(headers: &HeaderMap, peer: Option<IpAddr>) -> bool {
    peer.is_some_and(|ip| ip.is_loopback())
        && headers.contains_key(header::AUTHORIZATION)
        && !headers.contains_key(header::COOKIE)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || address(host).is_some_and(|ip| ip.is_loopback())
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl Refusal {
    const HOST: Self = Self {
        status: StatusCode::MISDIRECTED_REQUEST,
        code: "misdirected",
        words: "This server does not answer for that host.",
    };
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn verdict(public_url: &str, host: &str) -> u16 {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        match Hosts::of(public_url).unwrap().check(&headers, None) {
            Ok(()) => 200,
            Err(stop) => actix_web::ResponseError::status_code(&stop).as_u16(),
        }
    }

    #[test]
    fn hosts() {
        let (public, loopback, any) = ("https://fly.example", "http://127.0.0.1:8080", "http://0.0.0.0:8080");
        for (public_url, host, status) in [
            (public, "fly.example", 200),
            (public, "FLY.example:443", 200),
            (public, "evil.example", 421),
            (public, "localhost", 421),
            (public, "fly.example.evil.example", 421),
            (public, "a b/c@d", 400),
            (public, "user@fly.example", 400),
            (public, "", 400),
            (public, "fly.example/x", 400),
            (loopback, "127.0.0.1:8080", 200),
            (loopback, "localhost:9", 200),
            (loopback, "[::1]:8080", 200),
            (loopback, "192.0.2.1", 421),
            (any, "192.0.2.1:8080", 200),
            (any, "localhost:8080", 200),
            (any, "evil.example", 421),
        ] {
            assert_eq!(verdict(public_url, host), status, "{public_url} asked as {host}");
        }
        assert!(Hosts::of("fly.example").is_err() && Hosts::of("ftp://fly.example").is_err());
    }

    #[test]
    fn our_own_command_line() {
        let hosts = Hosts::of("https://fly.example").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
        let (near, far) = ("127.0.0.1".parse().ok(), "192.0.2.1".parse().ok());
        assert!(hosts.check(&headers, near).is_err(), "no token");
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert!(hosts.check(&headers, near).is_ok() && hosts.check(&headers, far).is_err());
        headers.insert(header::COOKIE, HeaderValue::from_static("sid=x"));
        assert!(hosts.check(&headers, near).is_err(), "a browser");
    }

    #[test]
    fn origins() {
        let hosts = Hosts::of("https://fly.example").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("fly.example"));
        for (origin, own) in [
            ("https://fly.example", true),
            ("http://fly.example", false),
            ("https://fly.example.evil", false),
            ("https://evil", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(hosts.is_own_origin(origin, &headers), own, "{origin}");
        }
    }
}
