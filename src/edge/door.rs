//! The front door: what is refused by its shape alone, before anybody reads a body or asks who is there.

use actix_web::{
    dev::ServiceRequest,
    http::{
        Method, StatusCode, Uri,
        header::{self, HeaderMap},
        uri::PathAndQuery,
    },
};

use super::{Hosts, Stop, stop::Refusal};

const MOST_HEADERS: usize = 64;
const MOST_HEADER_BYTES: usize = 32 * 1024;

/// Lets a request in, or says why not. A HEAD is answered as a GET, whose body the wire then leaves out.
pub(super) fn open(request: &mut ServiceRequest, hosts: &Hosts) -> Result<(), Stop> {
    check(request, hosts)?;
    check_upgrade(request.headers())?;
    settle(request);
    Ok(())
}

/// What holds for every request, also for one that goes on to another server.
pub(super) fn check(request: &ServiceRequest, hosts: &Hosts) -> Result<(), Stop> {
    check_method(request.method())?;
    check_target(request.uri())?;
    check_headers(request.headers())?;
    hosts.check(request.headers(), request.peer_addr().map(|peer| peer.ip()))
}

/// Asks about a request as our own router would see it, and leaves it as it came.
pub(super) fn as_ours<T>(request: &mut ServiceRequest, ask: impl FnOnce(&ServiceRequest) -> T) -> T {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    settle(request);
    let answer = ask(request);
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
    request.head_mut().method = method;
    answer
}

fn settle(request: &mut ServiceRequest) {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    straighten(request);
}

fn check_method(method: &Method) -> Result<(), Stop> {
    match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => Ok(()),
        // Its target is an authority, so it names nothing of ours.
        Method::CONNECT => Err(Stop::NotFound),
        _ => Err(Refusal::METHOD.into()),
    }
}

/// Only `/path?query`: nobody may tell us which host this is.
fn check_target(uri: &Uri) -> Result<(), Stop> {
    if uri.scheme().is_some() || uri.authority().is_some() || !uri.path().starts_with('/') {
        return Err(Stop::BadRequest("Only a path may be asked for here.".to_owned()));
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap) -> Result<(), Stop> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > MOST_HEADERS || bytes > MOST_HEADER_BYTES {
        return Err(Refusal::HEADERS.into());
    }
    Ok(())
}

fn check_upgrade(headers: &HeaderMap) -> Result<(), Stop> {
    // An upgrade to h2c is ignored, as the standard allows; any other would leave the body without an end.
    let upgrades =
        headers.get_all(header::UPGRADE).any(|value| !value.as_bytes().eq_ignore_ascii_case(b"h2c"));
    if upgrades {
        return Err(Stop::BadRequest("No upgrade of the connection is offered here.".to_owned()));
    }
    Ok(())
}

/// Undoes needless escapes (`/%61dmin` is `/admin`), so that the table of rights and the router read one text, and
/// takes a slash more or less at the end where only that leads to a route.
fn straighten(request: &mut ServiceRequest) {
    let plain = unescaped(request.path());
    if plain != request.path() {
        rewrite(request, &plain);
    }
    if request.match_pattern().is_none() && plain.len() > 1 {
        let other = plain.strip_suffix('/').map_or_else(|| format!("{plain}/"), str::to_owned);
        rewrite(request, &other);
        if request.match_pattern().is_none() {
            rewrite(request, &plain);
        }
    }
}

fn rewrite(request: &mut ServiceRequest, path: &str) {
    let whole = request.uri().query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(whole).ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

/// Escaped letters, digits and `-._~` as themselves (RFC 3986, 6.2.2.2); all else as it was.
fn unescaped(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        plain.push_str(before);
        let byte = escape.get(1..3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            plain.push(char::from(byte));
            rest = escape.get(3..).unwrap_or_default();
        } else {
            plain.push('%');
            rest = escape.get(1..).unwrap_or_default();
        }
    }
    plain + rest
}

impl Refusal {
    pub(super) const METHOD: Self = Self {
        status: StatusCode::METHOD_NOT_ALLOWED,
        code: "method_not_allowed",
        words: "This method is not offered here.",
    };
    const HEADERS: Self = Self {
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        code: "headers_too_large",
        words: "At most 64 headers and 32 KB of them are read.",
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_that_need_not_be_are_undone() {
        for (path, plain) in [
            ("/notes/", "/notes/"),
            ("/%61dmin", "/admin"),
            ("/%2561dmin", "/%2561dmin"),
            ("/a%2Fb", "/a%2Fb"),
            ("/%7Eme/%2e%2E/", "/~me/../"),
            ("/100%", "/100%"),
            ("/%4", "/%4"),
            ("/%+1x", "/%+1x"),
            ("/%C3%A9", "/%C3%A9"),
        ] {
            assert_eq!(unescaped(path), plain);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_straight_path_stays(path in "/[a-z0-9/._~-]{0,30}") {
            prop_assert_eq!(unescaped(&path), path);
        }
    }
}
