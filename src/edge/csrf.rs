//! Whether an unsafe request comes from a page of ours. Browsers say so in headers, which are checked here for all
//! of them; the form token is checked where a form is read, and here for scripts that use the session's cookie.

use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, HeaderName},
    },
};
use subtle::ConstantTimeEq;

use super::{Hosts, Stop, visit::form_token_of};
use crate::portal::Portal;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");

pub(super) fn check(request: &HttpRequest, portal: &Portal, hosts: &Hosts) -> Result<(), Stop> {
    if *request.method() == Method::GET || is_machine(request, portal) {
        return Ok(());
    }
    check_headers(request, hosts)?;
    if request.path().starts_with("/api/") && has_cookie(request, portal) {
        check_token(request, portal)?;
    }
    Ok(())
}

/// What browsers say of where a request comes from.
pub(super) fn check_headers(request: &HttpRequest, hosts: &Hosts) -> Result<(), Stop> {
    let text = |name: &HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    if text(&header::CONTENT_TYPE)
        .is_some_and(|kind| kind.trim_start().to_lowercase().starts_with("text/plain"))
    {
        return Err(foreign("a plain text body"));
    }
    let origin = text(&header::ORIGIN);
    if origin == Some("null") {
        return Err(foreign("an opaque origin"));
    }
    match (text(&FETCH_SITE), origin) {
        (Some("same-origin" | "none"), _) | (None, None) => Ok(()),
        (Some(_), _) => Err(foreign("another site")),
        (None, Some(origin)) if hosts.is_own_origin(origin, request.headers()) => Ok(()),
        (None, Some(_)) => Err(foreign("another origin")),
    }
}

fn check_token(request: &HttpRequest, portal: &Portal) -> Result<(), Stop> {
    let shown = request.headers().get(TOKEN).map(|value| value.as_bytes().to_vec()).unwrap_or_default();
    let own = form_token_of(request, portal).unwrap_or_default();
    if !own.is_empty() && bool::from(own.as_bytes().ct_eq(&shown)) {
        Ok(())
    } else {
        Err(foreign("no form token"))
    }
}

/// A bearer token is no cookie, and no browser sends it by itself. Beside a cookie it does not count.
fn is_machine(request: &HttpRequest, portal: &Portal) -> bool {
    request.headers().contains_key(header::AUTHORIZATION) && !has_cookie(request, portal)
}

fn has_cookie(request: &HttpRequest, portal: &Portal) -> bool {
    request.cookie(&portal.seal.name(super::session::SESSION)).is_some()
}

fn foreign(what: &str) -> Stop {
    Stop::Forbidden(format!("This request was not sent from our own page ({what}). Nothing was changed."))
}
