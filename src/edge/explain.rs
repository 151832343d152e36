//! The one place where errors become pages or problem documents (RFC 9457). A handler's `Stop`, a route that
//! does not exist and the framework's own refusals all end here.

use actix_web::{
    HttpMessage, HttpResponse,
    body::BoxBody,
    dev::ServiceResponse,
    http::{StatusCode, header},
};
use askama::Template;

use super::{Marks, Shell, Stop, problem, stop::Refusal};
use crate::pages::say::sentence;

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    shell: Shell,
    status: u16,
    title: &'static str,
    words: String,
    safe: &'static str,
    request_id: String,
}

/// Writes the answer of a request that did not get its page.
pub(super) fn explain(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let stop = response.response().extensions().get::<Stop>().cloned();
    // A handler that wrote its own page (a form with messages) keeps it.
    let own_page = stop.is_none() && response.headers().contains_key(header::CONTENT_TYPE);
    if own_page && response.response().error().is_none() {
        return response;
    }
    let stop = stop.unwrap_or_else(|| framework(status));
    log(response.request(), &stop);
    let answer = answer(response.request(), status, &stop);
    response.into_response(answer)
}

fn framework(status: StatusCode) -> Stop {
    match status {
        StatusCode::NOT_FOUND => Stop::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => Stop::TooLarge(262_144),
        StatusCode::METHOD_NOT_ALLOWED => Refusal::METHOD.into(),
        status if status.is_server_error() => Stop::Broken(status.to_string()),
        status => {
            Stop::BadRequest(status.canonical_reason().unwrap_or("The request was refused.").to_owned())
        }
    }
}

fn log(request: &actix_web::HttpRequest, stop: &Stop) {
    let request_id = request.extensions().get::<Marks>().map(|m| m.request_id.clone()).unwrap_or_default();
    let route = request.match_pattern().unwrap_or_default();
    match stop {
        Stop::Broken(cause) => tracing::error!(%request_id, route, cause, "a request failed"),
        Stop::Away(fault) => tracing::warn!(%request_id, route, %fault, "a request met a fault"),
        Stop::Forbidden(why) => tracing::warn!(%request_id, route, why, "a request was forbidden"),
        other => tracing::debug!(%request_id, route, why = %other, "a request was turned away"),
    }
}

fn answer(request: &actix_web::HttpRequest, status: StatusCode, stop: &Stop) -> HttpResponse {
    let path = request.path();
    let mut response = HttpResponse::build(status);
    if let Stop::TooMany(seconds) = stop {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        response.insert_header(("RateLimit", format!("\"default\";r=0;t={seconds}")));
    }
    if matches!(stop, Stop::Away(_)) {
        response.insert_header((header::RETRY_AFTER, "5"));
    }
    if path.starts_with("/api/") {
        if status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        return problem::write(request, status, stop, response);
    }
    if matches!(stop, Stop::SignIn) {
        let next = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let to = format!("/signin/?next={}", escaped(next));
        return HttpResponse::Found().insert_header((header::LOCATION, to)).finish();
    }
    page(request, status, stop, response)
}

fn page(
    request: &actix_web::HttpRequest,
    status: StatusCode,
    stop: &Stop,
    mut response: actix_web::HttpResponseBuilder,
) -> HttpResponse {
    let marks = request.extensions().get::<Marks>().cloned();
    let page = ErrorPage {
        shell: Shell::bare(request),
        status: status.as_u16(),
        title: title(status),
        words: sentence(&stop.words()),
        safe: safe(status),
        request_id: marks.map(|m| m.request_id.to_string()).unwrap_or_default(),
    };
    response.content_type("text/html; charset=utf-8").body(page.render().unwrap_or_else(|_| stop.words()))
}

pub(super) fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "That request could not be read",
        401 => "Sign in first",
        403 => "Not allowed",
        404 => "Not found",
        409 => "That is not possible any more",
        405 => "That cannot be done here",
        408 => "That took too long",
        412 | 428 => "It was changed in the meantime",
        413 => "That is too large",
        421 => "That is another server's address",
        422 => "Something needs another look",
        429 => "Too many requests",
        502..=504 => "Resting for a moment",
        500.. => "Something went wrong",
        _ => "The request was refused",
    }
}

fn safe(status: StatusCode) -> &'static str {
    if status.is_server_error() {
        "Bookings and payments that were confirmed are safe."
    } else {
        "Nothing was changed."
    }
}

/// For a query value: everything but letters, digits and `-._~` is escaped.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            out + &*char::from(byte).encode_utf8(&mut [0; 4])
        }
        _ => format!("{out}%{byte:02X}"),
    })
}
