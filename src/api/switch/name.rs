//! The name of a binding in an address: a module, or `module/group` with its slash as it is.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

use crate::edge::Stop;

/// What follows a module's name in addresses. A group of that name could not be told from it.
pub(super) const RESERVED: [&str; 9] = [
    "binding",
    "transitions",
    "gates",
    "series",
    "diffs",
    "readiness",
    "ranges",
    "ignored-fields",
    "evidence",
];

/// A module, or `module/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(pub(super) String);

impl FromRequest for Name {
    type Error = Stop;
    type Future = Ready<Result<Self, Stop>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parts = request.match_info();
        // A slash that was escaped is the same slash.
        let part = |name| parts.get(name).map(|text| text.replace("%2F", "/").replace("%2f", "/"));
        let module = part("module").unwrap_or_default();
        ready(Ok(Self(match part("group") {
            Some(group) => format!("{module}/{group}"),
            None => module,
        })))
    }
}
