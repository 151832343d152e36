//! What a request is known by: its ids, its nonce, its subject and its client; and what of that the answer carries.

use std::{net::IpAddr, sync::Arc};

use ::switch::Look;
use actix_web::{
    body::BoxBody,
    cookie::time::Duration,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Gate;
use crate::hex::hex;
use crate::portal::Portal;

/// What a request is known by. In its extensions from the first step on.
#[derive(Debug, Clone)]
pub struct Marks {
    pub request_id: Arc<str>,
    /// The caller's W3C trace, or a new one.
    pub trace_id: Arc<str>,
    /// For the content policy of the answer.
    pub nonce: Arc<str>,
    /// The stable identity for the switch.
    pub subject: Arc<str>,
    /// Minted in this very request: routed, but no evidence.
    pub subject_is_new: bool,
    /// Whose request this is; see `client`.
    pub client: IpAddr,
    /// The one look at the decision table that this request has.
    pub look: Look,
}

const SUBJECT: &str = "subject";
const A_YEAR: Duration = Duration::days(365);

pub(super) fn marks(portal: &Portal, gate: &Gate, request: &ServiceRequest) -> Marks {
    let known: Option<String> = portal.seal.read(request.request(), SUBJECT);
    let subject_is_new = known.is_none();
    let subject =
        known.unwrap_or_else(|| format!("s-{}", URL_SAFE_NO_PAD.encode(portal.outside.bytes::<15>())));
    Marks {
        request_id: portal.outside.uuid().to_string().into(),
        trace_id: trace(request).unwrap_or_else(|| hex(&portal.outside.bytes::<16>())).into(),
        nonce: URL_SAFE_NO_PAD.encode(portal.outside.bytes::<16>()).into(),
        subject: subject.into(),
        subject_is_new,
        client: gate.proxies.client(request.peer_addr().map(|peer| peer.ip()), request.headers()),
        look: portal.cockpit.switch().look(),
    }
}

pub(super) fn put(portal: &Portal, marks: &Marks, response: &mut ServiceResponse<BoxBody>) {
    if let Ok(value) = HeaderValue::from_str(&marks.request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    let path = response.request().path();
    let is_page = !path.starts_with("/static/") && !path.starts_with("/api/");
    if marks.subject_is_new && is_page {
        let cookie = portal.seal.cookie(SUBJECT, &&*marks.subject, Some(A_YEAR));
        // Only fails for a value that is no header, which base64 cannot be.
        let _ = response.response_mut().add_cookie(&cookie);
    }
}

/// The trace id of a `traceparent` header: `00-` 32 hexadecimal digits `-` …
fn trace(request: &ServiceRequest) -> Option<String> {
    let mut parts = request.headers().get("traceparent")?.to_str().ok()?.split('-');
    let (version, id) = (parts.next()?, parts.next()?);
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let fits =
        version.len() == 2 && plain(version) && id.len() == 32 && plain(id) && id.bytes().any(|b| b != b'0');
    fits.then(|| id.to_owned())
}
