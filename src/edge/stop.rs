//! The ways in which a handler ends without its page. Carries words for the visitor apart from the cause.

use accounts_api::AccountsError;
use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use booking_api::BookingError;
use kernel::{Fault, InterfaceError, NotParsed};
use notes_api::NotesError;
use search_api::SearchError;
use status_api::StatusError;

/// Why there is no page. `explain` writes the answer from it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Stop {
    /// Missing, or somebody else's.
    #[error("there is nothing here, or it is not yours")]
    NotFound,
    /// Redirect to the sign-in page and come back (pages), or 401 (the API).
    #[error("sign in first")]
    SignIn,
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    BadRequest(String),
    /// A rule of the domain says no: sold out, expired, changed in the meantime.
    #[error("{0}")]
    Conflict(String),
    /// `If-Match` does not match.
    #[error("{0}")]
    Stale(String),
    /// `If-Match` is missing.
    #[error("{0}")]
    PreconditionRequired(String),
    /// What was sent is well-formed but cannot be done, field by field.
    #[error("{0}")]
    Invalid(kernel::FieldErrors),
    #[error("too many tries; wait {0} seconds")]
    TooMany(u32),
    /// More than so many bytes.
    #[error("that is more than {0} bytes, which is all that is taken here")]
    TooLarge(usize),
    /// A module that this needs is away.
    #[error("{0}")]
    Away(Fault),
    /// Turned away at the door, by the shape of the request alone.
    #[error("{}", .0.words)]
    Refused(Refusal),
    /// A bug of ours.
    #[error("{0}")]
    Broken(String),
    /// Another stop, with more that programs may read: members of its problem document.
    #[error("{0}")]
    Telling(Box<Self>, serde_json::Map<String, serde_json::Value>),
}

/// What the edge refuses has a status and words of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) words: &'static str,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stop {
    /// The stable word in problem documents.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::SignIn => "sign_in_required",
            Self::Forbidden(_) => "forbidden",
            Self::BadRequest(_) => "bad_request",
            Self::Conflict(_) => "conflict",
            Self::Stale(_) => "stale",
            Self::PreconditionRequired(_) => "precondition_required",
            Self::Invalid(_) => "invalid",
            Self::TooMany(_) => "too_many_requests",
            Self::TooLarge(_) => "too_large",
            Self::Away(_) => "unavailable",
            Self::Refused(refusal) => refusal.code,
            Self::Broken(_) => "internal",
            Self::Telling(stop, _) => stop.code(),
        }
    }

    /// What the visitor reads: never the cause of a fault.
    pub fn words(&self) -> String {
        match self {
            Self::Away(_) => {
                "A part of this service is resting. Nothing was lost; please try again in a moment.".into()
            }
            Self::Broken(_) => {
                "Something went wrong on our side. It has been noted under the request id.".into()
            }
            Self::Telling(stop, _) => stop.words(),
            other => other.to_string(),
        }
    }

    /// The same, with one member more in the problem document.
    #[must_use]
    pub fn telling(self, name: &str, value: serde_json::Value) -> Self {
        let (stop, mut more) = match self {
            Self::Telling(stop, more) => (stop, more),
            stop => (Box::new(stop), serde_json::Map::new()),
        };
        more.insert(name.to_owned(), value);
        Self::Telling(stop, more)
    }
}

impl ResponseError for Stop {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Stale(_) => StatusCode::PRECONDITION_FAILED,
            Self::PreconditionRequired(_) => StatusCode::PRECONDITION_REQUIRED,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Away(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Refused(refusal) => refusal.status,
            Self::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Telling(stop, _) => stop.status_code(),
        }
    }

    /// An empty answer that carries the stop, for `explain` to fill.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Away(fault)
    }
}

impl From<NotParsed> for Stop {
    fn from(error: NotParsed) -> Self {
        Self::BadRequest(error.to_string())
    }
}

impl From<askama::Error> for Stop {
    fn from(error: askama::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<AccountsError> for Stop {
    fn from(error: AccountsError) -> Self {
        match error {
            AccountsError::NotFound => Self::NotFound,
            AccountsError::Invalid(fields) => Self::Invalid(fields),
            AccountsError::Forbidden | AccountsError::OwnRole => Self::Forbidden(error.to_string()),
            AccountsError::SlowDown(seconds) => Self::TooMany(seconds),
            AccountsError::Fault(fault) => Self::Away(fault),
            other => Self::Conflict(other.to_string()),
        }
    }
}

impl From<BookingError> for Stop {
    fn from(error: BookingError) -> Self {
        match error {
            BookingError::NotFound => Self::NotFound,
            BookingError::Invalid(fields) => Self::Invalid(fields),
            BookingError::Forbidden => Self::Forbidden(error.to_string()),
            BookingError::SlowDown(seconds) => Self::TooMany(seconds),
            BookingError::Fault(fault) => Self::Away(fault),
            other => Self::Conflict(other.to_string()),
        }
    }
}

impl From<NotesError> for Stop {
    fn from(error: NotesError) -> Self {
        match error {
            NotesError::NotFound => Self::NotFound,
            NotesError::SignedOut => Self::SignIn,
            NotesError::Invalid(fields) => Self::Invalid(fields),
            NotesError::Stale(_) => Self::Stale(error.to_string()),
            NotesError::Forbidden => Self::Forbidden(error.to_string()),
            NotesError::Fault(fault) => Self::Away(fault),
            other @ NotesError::KeyReused => Self::Conflict(other.to_string()),
        }
    }
}

impl From<SearchError> for Stop {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Invalid(fields) => Self::Invalid(fields),
            SearchError::Forbidden => Self::Forbidden(error.to_string()),
            SearchError::Fault(fault) => Self::Away(fault),
            other => Self::BadRequest(other.to_string()),
        }
    }
}

impl From<StatusError> for Stop {
    fn from(error: StatusError) -> Self {
        match error.fault() {
            Some(fault) => Self::Away(fault.clone()),
            None if error == StatusError::Forbidden => Self::Forbidden(error.to_string()),
            None => Self::BadRequest(error.to_string()),
        }
    }
}
