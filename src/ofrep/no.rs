//! What OFREP answers instead of a flag, in its own shapes.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::json;

/// Why a flag, or all of them, could not be told.
#[derive(Debug)]
pub(super) enum No {
    /// 401: no token, or none that is known.
    Unknown,
    /// 403: a token of another role.
    Forbidden,
    /// 429, and the seconds to wait.
    TooMany(u32),
    /// 404: no flag has this key.
    Missing(String),
    /// 400, for one key or for all.
    Bad(Bad, Option<String>),
    /// 500: a part of ours is away.
    Broken(String),
}

/// What is wrong with a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bad {
    pub(super) code: &'static str,
    pub(super) details: String,
}

impl Bad {
    pub(super) fn parse(details: impl fmt::Display) -> Self {
        Self { code: "PARSE_ERROR", details: details.to_string() }
    }

    pub(super) fn no_key() -> Self {
        Self { code: "TARGETING_KEY_MISSING", details: "context.targetingKey is the subject".to_owned() }
    }

    pub(super) fn context(details: impl fmt::Display) -> Self {
        Self { code: "INVALID_CONTEXT", details: details.to_string() }
    }
}

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("send Authorization: Bearer TOKEN, or X-API-Key: TOKEN"),
            Self::Forbidden => f.write_str("this needs the role migrator, ops, auditor or admin"),
            Self::TooMany(seconds) => write!(f, "too many questions; wait {seconds} seconds"),
            Self::Missing(key) => write!(f, "there is no flag `{key}`"),
            Self::Bad(bad, _) => f.write_str(&bad.details),
            Self::Broken(_) => f.write_str("a part of this service is resting"),
        }
    }
}

impl ResponseError for No {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Missing(_) => StatusCode::NOT_FOUND,
            Self::Bad(..) => StatusCode::BAD_REQUEST,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Unknown => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::TooMany(seconds) => {
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Self::Broken(cause) => tracing::warn!(cause, "an OFREP question met a fault"),
            _ => {}
        }
        response.json(match self {
            Self::Missing(key) => {
                json!({ "key": key, "errorCode": "FLAG_NOT_FOUND", "errorDetails": self.to_string() })
            }
            Self::Bad(bad, Some(key)) => {
                json!({ "key": key, "errorCode": bad.code, "errorDetails": bad.details })
            }
            Self::Bad(bad, None) => json!({ "errorCode": bad.code, "errorDetails": bad.details }),
            _ => json!({ "errorDetails": self.to_string() }),
        })
    }
}
