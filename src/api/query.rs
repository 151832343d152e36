//! Query strings, parsed into a struct. What is wrong with them is said in words, as a problem document.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;

use crate::edge::Stop;

/// The parsed query. A key that is given twice, or does not parse, is refused.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Stop;
    type Future = Ready<Result<Self, Stop>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = serde_html_form::from_str(request.query_string());
        ready(
            parsed
                .map(Self)
                .map_err(|error| Stop::BadRequest(format!("The query could not be read: {error}"))),
        )
    }
}
