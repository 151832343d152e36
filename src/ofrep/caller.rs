//! Who asks for flags: a machine's token, as a bearer or as an API key; and how often.

use std::time::Duration;

use actix_web::{HttpRequest, http::header};
use kernel::{Actor, Ctx, Role, Secret};

use super::{No, Ofrep};
use crate::edge::{Class, Counted, Stop, of_token};

const MAY_LOOK: [Role; 3] = [Role::Migrator, Role::Ops, Role::Auditor];

/// Counted first, so that guessing tokens is slow.
pub(super) async fn check(ofrep: &Ofrep, request: &HttpRequest) -> Result<(), No> {
    let counted = request.peer_addr().map_or(Counted::All, |peer| Counted::address(peer.ip()));
    if let Err(Stop::TooMany(seconds)) = ofrep.limits.count(Class::Page, &counted) {
        return Err(No::TooMany(seconds));
    }
    let token = token(request).ok_or(No::Unknown)?;
    let ctx =
        Ctx::new(Actor::Anonymous, ofrep.portal.outside.uuid().to_string()).with_time(Duration::from_secs(5));
    let found = of_token(&ofrep.portal, &ofrep.sessions, &ctx, &token).await;
    match found.map_err(|stop| No::Broken(stop.to_string()))? {
        None => Err(No::Unknown),
        Some(actor) if actor.may(&MAY_LOOK) => Ok(()),
        Some(_) => Err(No::Forbidden),
    }
}

fn token(request: &HttpRequest) -> Option<Secret> {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    });
    bearer.or_else(|| text("x-api-key")).map(|token| Secret::new(token.trim()))
}
