//! What an answer from across gets from us, and what people read when there is none.

use actix_web::{
    HttpMessage,
    body::BoxBody,
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use kernel::Fault;
use proxy::ProxyError;

use super::Decided;
use crate::edge::{Marks, Refusal, Stop};

const BROKEN: Refusal = Refusal {
    status: StatusCode::BAD_GATEWAY,
    code: "bad_gateway",
    words: "The part of this service that answers here did not answer properly. Please try again in a moment.",
};
pub(super) const LATE: Refusal = Refusal {
    status: StatusCode::GATEWAY_TIMEOUT,
    code: "gateway_timeout",
    words: "The part of this service that answers here took too long. Please try again in a moment.",
};
const LOOP: Refusal = Refusal {
    status: StatusCode::LOOP_DETECTED,
    code: "loop_detected",
    words: "This address leads back to itself.",
};
const SLOW: Refusal = Refusal {
    status: StatusCode::REQUEST_TIMEOUT,
    code: "too_slow",
    words: "The request did not arrive in time.",
};

pub(super) fn stop(error: &ProxyError) -> Stop {
    match error.status().as_u16() {
        400 => Stop::BadRequest(error.to_string()),
        408 => SLOW.into(),
        503 => Stop::Away(error.fault().unwrap_or_else(|| Fault::unavailable(error))),
        504 => LATE.into(),
        508 => LOOP.into(),
        _ => BROKEN.into(),
    }
}

/// The answer stays the upstream's: its own policies hold, and what we add cannot break its pages.
pub(in crate::edge) fn put_headers(https: bool, marks: &Marks, response: &mut ServiceResponse<BoxBody>) {
    let decided = response.request().extensions().get::<Decided>().cloned();
    if let Some(value) = decided.and_then(|Decided(text)| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().append(HeaderName::from_static("banyan-decision"), value);
    }
    let headers = response.headers_mut();
    if !headers.contains_key(header::X_CONTENT_TYPE_OPTIONS) {
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if marks.subject_is_new && headers.contains_key(header::SET_COOKIE) {
        // It carries a cookie of one visitor now.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}
