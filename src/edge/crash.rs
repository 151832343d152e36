//! A handler that panicked: the worker lives on, and the visitor gets a plain page with the request's id.

use std::{fmt, sync::Arc};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use serde_json::json;

use super::{Marks, Stop, authorise::Kind};

/// The frame of the page is gone with the request, so this has one of its own.
#[derive(Debug)]
pub(super) struct Crash {
    request_id: Arc<str>,
    for_programs: bool,
}

impl Crash {
    pub(super) fn of(marks: &Marks, kind: Kind) -> Self {
        tracing::error!(request_id = %marks.request_id, trace_id = %marks.trace_id, "a handler panicked");
        let for_programs = matches!(kind, Kind::Api | Kind::PrivateApi);
        Self { request_id: marks.request_id.clone(), for_programs }
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a handler panicked")
    }
}

impl ResponseError for Crash {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        let (stop, id) = (Stop::Broken(String::new()), &self.request_id);
        let words = stop.words();
        let mut response = HttpResponse::InternalServerError();
        response
            .insert_header((HeaderName::from_static("x-request-id"), id.to_string()))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CACHE_CONTROL, "private, no-store"))
            .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"));
        if self.for_programs {
            let body = json!({ "type": "/problems/internal", "title": "Something went wrong", "status": 500,
                "detail": words, "code": stop.code(), "request_id": &**id });
            return response.content_type("application/problem+json").body(body.to_string());
        }
        response.content_type("text/html; charset=utf-8").body(format!(
            "<!doctype html><html lang=\"en\"><title>Something went wrong</title><h1>Something went wrong</h1>\
             <p>{words}</p><p>Request <code>{id}</code></p><p><a href=\"/\">Home</a></p></html>"
        ))
    }
}
