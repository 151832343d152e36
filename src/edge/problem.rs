//! Errors for programs: problem documents (RFC 9457), and the shape that Duffel's clients know under its nouns.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, http::StatusCode};
use serde_json::{Value, json};

use super::{Marks, Stop, explain::title};

pub(super) fn write(
    request: &HttpRequest,
    status: StatusCode,
    stop: &Stop,
    mut response: HttpResponseBuilder,
) -> HttpResponse {
    let request_id =
        request.extensions().get::<Marks>().map(|m| m.request_id.to_string()).unwrap_or_default();
    let path = request.path();
    if path.starts_with("/api/air/") || path.starts_with("/api/places/") {
        return response.content_type("application/json").body(duffel(status, stop, &request_id).to_string());
    }
    response.content_type("application/problem+json").body(problem(status, stop, &request_id).to_string())
}

fn problem(status: StatusCode, stop: &Stop, request_id: &str) -> Value {
    let mut body = json!({
        "type": format!("/problems/{}", stop.code()),
        "title": title(status),
        "status": status.as_u16(),
        "detail": stop.words(),
        "code": stop.code(),
        "request_id": request_id,
    });
    match (stop, body.as_object_mut()) {
        (Stop::Invalid(fields), Some(body)) => {
            body.insert("errors".into(), json!(fields));
        }
        (Stop::Telling(_, more), Some(body)) => body.extend(more.clone()),
        _ => {}
    }
    body
}

fn duffel(status: StatusCode, stop: &Stop, request_id: &str) -> Value {
    let kind = match stop {
        Stop::SignIn => "authentication_error",
        Stop::Invalid(_) => "validation_error",
        Stop::Conflict(_) | Stop::Stale(_) => "invalid_state_error",
        Stop::TooMany(_) => "rate_limit_error",
        _ if status.is_server_error() => "api_error",
        _ => "invalid_request_error",
    };
    let error = |message: String, source: Value| {
        json!({ "type": kind, "title": title(status), "message": message, "code": stop.code(), "source": source,
            "documentation_url": "/api/v1/openapi.json" })
    };
    let errors: Vec<Value> = match stop {
        Stop::Invalid(fields) => {
            let pointer = |field: &str| json!({ "field": field, "pointer": format!("/data/{}", field.replace('.', "/")) });
            fields.0.iter().map(|wrong| error(wrong.message.clone(), pointer(&wrong.field))).collect()
        }
        other => vec![error(other.words(), Value::Null)],
    };
    json!({ "errors": errors, "meta": { "status": status.as_u16(), "request_id": request_id } })
}

#[cfg(test)]
mod tests {
    use kernel::FieldErrors;

    use super::*;

    #[test]
    fn both_shapes() {
        let wrong = Stop::Invalid(FieldErrors::one("name", "This field is required"));
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        insta::assert_json_snapshot!("problem", problem(status, &wrong, "r-1"));
        insta::assert_json_snapshot!("problem_of_duffel", duffel(status, &wrong, "r-1"));
        let fault = Stop::Away(kernel::Fault::unavailable("secret host name"));
        assert!(!problem(StatusCode::SERVICE_UNAVAILABLE, &fault, "").to_string().contains("secret"));
    }
}
