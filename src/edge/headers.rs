//! The headers that tell a browser what it may do with an answer, by kind of route.

use actix_web::{
    body::BoxBody,
    dev::ServiceResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};

use super::authorise::Kind;

/// What the headers depend on.
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    pub(super) nonce: &'a str,
    pub(super) https: bool,
    /// A session's cookie came along, so even a public page may name its person.
    pub(super) known: bool,
}

pub(super) fn put(response: &mut ServiceResponse<BoxBody>, frame: &Frame<'_>) {
    let status = response.status();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy(frame)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if frame.https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    keep(headers, status, frame);
}

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

fn policy(frame: &Frame<'_>) -> String {
    match frame.kind {
        Kind::Page | Kind::Private => format!(
            "default-src 'self'; script-src 'nonce-{}'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
             frame-ancestors 'none'; form-action 'self'",
            frame.nonce
        ),
        Kind::Static | Kind::Api | Kind::PrivateApi => {
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'".to_owned()
        }
    }
}

/// Who may keep a copy. A handler that has said so is believed, except about errors.
fn keep(headers: &mut HeaderMap, status: StatusCode, frame: &Frame<'_>) {
    let failed = status.is_client_error() || status.is_server_error();
    if headers.contains_key(header::CACHE_CONTROL) && !failed {
        return;
    }
    let rule = match frame.kind {
        _ if failed => "private, no-store",
        Kind::Private | Kind::PrivateApi => "private, no-store",
        Kind::Page if frame.known => "private, no-store",
        // The page carries a form token of its visitor.
        Kind::Page => "private, no-cache",
        Kind::Static | Kind::Api => "no-cache",
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(rule));
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpResponse, test::TestRequest};

    use super::*;

    /// One line a header, in order.
    fn shown(kind: Kind, status: u16, https: bool, known: bool) -> String {
        let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
        let mut response = ServiceResponse::new(TestRequest::default().to_http_request(), answer.finish());
        put(&mut response, &Frame { kind, nonce: "N", https, known });
        let mut lines: Vec<_> =
            response.headers().iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn of_each_kind() {
        insta::assert_snapshot!("page", shown(Kind::Page, 200, true, false));
        insta::assert_snapshot!("page_of_a_person", shown(Kind::Page, 200, false, true));
        insta::assert_snapshot!("private_page", shown(Kind::Private, 200, true, true));
        insta::assert_snapshot!("static", shown(Kind::Static, 200, true, false));
        insta::assert_snapshot!("api", shown(Kind::Api, 200, true, false));
        insta::assert_snapshot!("private_api", shown(Kind::PrivateApi, 200, true, false));
        insta::assert_snapshot!("error", shown(Kind::Page, 500, true, false));
    }
}
