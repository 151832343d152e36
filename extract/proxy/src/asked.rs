//! What a client asks for, and what is refused by its shape before anything is sent anywhere.

use actix_web::{
    HttpRequest,
    http::{Method, header},
};

use crate::{
    Crossing, ProxyError, check_path,
    outbound::{BodyKind, is_read},
    upstreams::Upstream,
};

/// What the client asks for, as far as it can be passed on.
pub(crate) struct Asked {
    pub(crate) body: BodyKind,
    pub(crate) upgrading: bool,
}

impl Asked {
    pub(crate) fn of(
        request: &HttpRequest,
        upstream: &Upstream,
        crossing: &Crossing<'_>,
    ) -> Result<Self, ProxyError> {
        let uri = request.uri();
        if uri.scheme().is_some() || uri.authority().is_some() {
            return Err(ProxyError::Request("only a path may be asked for"));
        }
        check_path(uri.path(), upstream.allowed)?;
        let method = request.method();
        check_method(method)?;
        let body = body(request)?;
        if body != BodyKind::None && is_read(method) {
            return Err(ProxyError::Request("GET and HEAD carry no body here"));
        }
        let upgrading = upgrading(request)?;
        if upgrading && !(crossing.upgrade && *method == Method::GET) {
            return Err(ProxyError::Request("no upgrade of the connection is offered here"));
        }
        Ok(Self { body, upgrading })
    }
}

/// Those that every server reads alike.
fn check_method(method: &Method) -> Result<(), ProxyError> {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::OPTIONS => Ok(()),
        _ => Err(ProxyError::Request("this method does not pass")),
    }
}

/// By the lines that actix framed the body by.
fn body(request: &HttpRequest) -> Result<BodyKind, ProxyError> {
    let headers = request.headers();
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(BodyKind::Chunked);
    }
    let Some(length) = headers.get(header::CONTENT_LENGTH) else { return Ok(BodyKind::None) };
    match length.to_str().ok().and_then(|length| length.trim().parse().ok()) {
        Some(0) => Ok(BodyKind::None),
        Some(length) => Ok(BodyKind::Sized(length)),
        None => Err(ProxyError::Request("the length of the body is no number")),
    }
}

/// `h2c` is ignored, as the standard allows; anything but a WebSocket is refused.
fn upgrading(request: &HttpRequest) -> Result<bool, ProxyError> {
    let mut asked = request.headers().get_all(header::UPGRADE).map(header::HeaderValue::as_bytes);
    match (asked.next(), asked.next()) {
        (None, _) => Ok(false),
        (Some(name), None) if name.eq_ignore_ascii_case(b"h2c") => Ok(false),
        (Some(name), None) if name.eq_ignore_ascii_case(b"websocket") => Ok(true),
        _ => Err(ProxyError::Request("no such upgrade of the connection is offered here")),
    }
}
