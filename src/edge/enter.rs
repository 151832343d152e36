//! The outermost step: gives each request its id, its nonce and its subject, and answers carry them back.

use std::sync::Arc;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    cookie::time::Duration,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::portal::Portal;

/// What a request is known by. In the request's extensions from `enter` on.
#[derive(Debug, Clone)]
pub struct Marks {
    pub request_id: Arc<str>,
    pub trace_id: Arc<str>,
    /// For the content policy of the answer.
    pub nonce: Arc<str>,
    /// The stable identity for the switch.
    pub subject: Arc<str>,
    /// Minted in this very request: routed, but no evidence.
    pub subject_is_new: bool,
}

const SUBJECT: &str = "subject";
const A_YEAR: Duration = Duration::days(365);

/// Middleware, for `actix_web::middleware::from_fn`.
pub async fn enter(
    portal: Data<Portal>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let marks = marks(&portal, &request);
    request.extensions_mut().insert(marks.clone());
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(&marks.request_id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    if marks.subject_is_new && !response.request().path().starts_with("/static/") {
        let cookie = portal.seal.cookie(SUBJECT, &&*marks.subject, Some(A_YEAR));
        // Only fails for a value that is no header, which base64 cannot be.
        let _ = response.response_mut().add_cookie(&cookie);
    }
    Ok(response)
}

fn marks(portal: &Portal, request: &ServiceRequest) -> Marks {
    let known: Option<String> = portal.seal.read(request.request(), SUBJECT);
    let subject_is_new = known.is_none();
    let subject =
        known.unwrap_or_else(|| format!("s-{}", URL_SAFE_NO_PAD.encode(portal.outside.bytes::<15>())));
    Marks {
        request_id: portal.outside.uuid().to_string().into(),
        trace_id: portal
            .outside
            .bytes::<16>()
            .iter()
            .fold(String::new(), |t, b| format!("{t}{b:02x}"))
            .into(),
        nonce: URL_SAFE_NO_PAD.encode(portal.outside.bytes::<16>()).into(),
        subject: subject.into(),
        subject_is_new,
    }
}
