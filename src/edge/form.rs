//! Posted forms: read within a limit, checked for the form token, then parsed into a struct.

use std::any::TypeId;

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    web::{Bytes, BytesMut},
};
use futures_util::{StreamExt, future::LocalBoxFuture};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Stop, Visit};

/// The most that a form may hold, in bytes: a long note fits.
const LIMIT: usize = 300_000;

/// A form and the visit that sent it. Refused with 403 unless it carries the visitor's own form token.
pub struct Form<T> {
    pub visit: Visit,
    pub fields: T,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf_token: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Stop;
    type Future = LocalBoxFuture<'static, Result<Self, Stop>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let body = read(payload).await?;
            let visit = Visit::begin(request).await?;
            let token: Token = serde_html_form::from_bytes(&body).map_err(malformed)?;
            if !visit.form_token_is(&token.csrf_token) {
                return Err(Stop::Forbidden(
                    "This form was not sent from our own page, or the page is too old. Go back, load it again and repeat.".into(),
                ));
            }
            // A form without fields of its own still carries the token, which `()` would not take.
            let own: &[u8] = if TypeId::of::<T>() == TypeId::of::<()>() { &[] } else { &body };
            let fields = serde_html_form::from_bytes(own).map_err(malformed)?;
            Ok(Self { visit, fields })
        })
    }
}

pub(super) async fn read(mut payload: Payload) -> Result<Bytes, Stop> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|e| Stop::BadRequest(e.to_string()))?;
        if body.len() + chunk.len() > LIMIT {
            return Err(Stop::TooLarge(LIMIT));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

pub(super) fn malformed(error: impl std::fmt::Display) -> Stop {
    Stop::BadRequest(format!("The form could not be read: {error}"))
}
