//! Who asks, as the other side may know it. A visitor whom accounts cannot tell crosses as nobody; a token of ours
//! never crosses, a token that is not ours was meant for the other side.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpRequest, http::header};
use kernel::{Actor, Ctx, PersonId, Role, Secret};
use moka::sync::Cache;
use proxy::HeaderValue;

use super::Edge;
use crate::edge::{
    of_token,
    session::{Principal, SESSION},
};

/// Signs what an upstream is told: who asks, and the upstream's name.
pub type Vouch = Arc<dyn Fn(&Asking, &str) -> String + Send + Sync>;

/// What an upstream is told. Nothing of it is there for a visitor whom we have never seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asking {
    pub subject: Option<Arc<str>>,
    pub person: Option<PersonId>,
    /// The name of a machine token.
    pub machine: Option<String>,
    pub role: Option<Role>,
}

/// Who asks.
pub(super) struct Asker {
    pub(super) actor: Actor,
    /// The account's own, if somebody is signed in; else the device's.
    pub(super) subject: Arc<str>,
    subject_is_new: bool,
    /// Accounts could not be asked.
    pub(super) resting: bool,
    /// The `Authorization` header is none of ours.
    pub(super) authorization: bool,
}

impl Asker {
    pub(super) async fn of(request: &HttpRequest, edge: &Edge<'_>) -> Self {
        let Edge { portal, sessions, marks, .. } = edge;
        let mut asker = Self {
            actor: Actor::Anonymous,
            subject: Arc::clone(&marks.subject),
            subject_is_new: marks.subject_is_new,
            resting: false,
            authorization: false,
        };
        let ctx = Ctx::new(Actor::Anonymous, marks.request_id.clone()).with_time(Duration::from_secs(5));
        if request.cookie(&portal.seal.name(SESSION)).is_some() {
            let principal = Principal::of(request, portal, sessions, &ctx).await.unwrap_or_default();
            asker.resting = principal.resting;
            asker.actor = principal.actor();
            if let Some(session) = &principal.session {
                asker.subject = session.account.subject.as_str().into();
                asker.subject_is_new = false;
            }
        }
        if let Some(shown) = request.headers().get(header::AUTHORIZATION) {
            let token = shown.to_str().ok().and_then(|shown| shown.split_once(' '));
            let bearer = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let ours = match bearer {
                Some((_, token)) => of_token(portal, sessions, &ctx, &Secret::new(token.trim())).await,
                None => Ok(None),
            };
            asker.authorization = matches!(ours, Ok(None));
            asker.resting |= ours.is_err();
            // Beside a cookie a token does not count.
            if let (Ok(Some(machine)), Actor::Anonymous) = (ours, &asker.actor) {
                asker.actor = machine;
            }
        }
        asker
    }
}

/// Tokens that are still fresh: one signature serves a visitor for a while.
pub(super) struct Vouched {
    vouch: Vouch,
    fresh: Cache<Key, HeaderValue>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    upstream: Arc<str>,
    asking: Asking,
}

/// A third of a token's life.
const FRESH: Duration = Duration::from_secs(20);

impl Vouched {
    pub(super) fn new(vouch: Vouch) -> Self {
        Self { vouch, fresh: Cache::builder().max_capacity(20_000).time_to_live(FRESH).build() }
    }

    pub(super) fn token(&self, asker: &Asker, upstream: &Arc<str>) -> Option<HeaderValue> {
        let asking = Asking {
            // Minted in this very request: the browser may never send it again.
            subject: (!asker.subject_is_new).then(|| Arc::clone(&asker.subject)),
            person: if let Actor::Person { id, .. } = &asker.actor { Some(*id) } else { None },
            machine: if let Actor::Machine { name, .. } = &asker.actor { Some(name.clone()) } else { None },
            role: asker.actor.role(),
        };
        let key = Key { upstream: Arc::clone(upstream), asking };
        if let Some(token) = self.fresh.get(&key) {
            return Some(token);
        }
        let token = HeaderValue::from_str(&(self.vouch)(&key.asking, upstream)).ok()?;
        self.fresh.insert(key, token.clone());
        Some(token)
    }
}
