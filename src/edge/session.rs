//! Who asks: the session's cookie or a machine's bearer token, remembered for at most a second. A store that cannot
//! be asked is never taken for "nobody".

use std::{sync::Arc, time::Duration};

use accounts_api::{AccountsError, Machine, Session, ShownToken};
use actix_web::{HttpRequest, http::header};
use jiff::Timestamp;
use kernel::{Actor, Ctx, PersonId, Role, Secret};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::Stop;
use crate::portal::Portal;

/// The name of the session cookie (prefixed under https).
pub(super) const SESSION: &str = "sid";

/// What tokens stand for, remembered for at most a second.
pub struct Sessions {
    people: Cache<[u8; 32], Option<Arc<Session>>>,
    machines: Cache<[u8; 32], Option<Arc<Machine>>>,
    /// Marks of sessions that ended here, and people whose sessions all ended here: their passes are refused for as
    /// long as one is good.
    over: Cache<String, ()>,
    shut: Cache<PersonId, Timestamp>,
}

/// As long as a pass for KILL is good.
const A_SHIFT: Duration = Duration::from_hours(12);

impl Sessions {
    pub fn new() -> Self {
        let (over, shut) = (Cache::builder(), Cache::builder());
        Self {
            people: cache(),
            machines: cache(),
            over: over.max_capacity(10_000).time_to_live(A_SHIFT).build(),
            shut: shut.max_capacity(10_000).time_to_live(A_SHIFT).build(),
        }
    }

    /// A person's role was changed, or all their sessions were ended: passes from before are refused.
    pub fn shut(&self, person: PersonId, now: Timestamp) {
        self.forget();
        self.shut.insert(person, now);
    }

    pub(super) fn ended(&self, mark: String) {
        self.over.insert(mark, ());
    }

    /// Whether a session with this mark, or all of its person up to now, ended in this process.
    pub(super) fn is_over(&self, mark: &str, person: PersonId, since: Timestamp) -> bool {
        self.over.contains_key(mark) || self.shut.get(&person).is_some_and(|shut| since <= shut)
    }

    /// Forgets everything: after a sign-out, a revocation or a change of role in this process.
    pub fn forget(&self) {
        self.people.invalidate_all();
        self.machines.invalidate_all();
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self::new()
    }
}

fn cache<V: Clone + Send + Sync + 'static>() -> Cache<[u8; 32], V> {
    Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(1)).build()
}

/// Who asks, as far as it can be known.
#[derive(Clone, Default)]
pub(super) struct Principal {
    pub(super) actor: Option<Actor>,
    pub(super) session: Option<Arc<Session>>,
    /// The cookie's token.
    pub(super) token: Option<Secret>,
    /// Accounts could not be asked.
    pub(super) resting: bool,
}

impl Principal {
    /// A cookie that is not valid (any more) is nobody's; a bearer token that is not valid is refused. Beside a cookie
    /// a bearer token does not count.
    pub(super) async fn of(
        request: &HttpRequest,
        portal: &Portal,
        sessions: &Sessions,
        ctx: &Ctx,
    ) -> Result<Self, Stop> {
        if let Some(cookie) = request.cookie(&portal.seal.name(SESSION)) {
            let token = Secret::new(cookie.value());
            let found = person(portal, sessions, ctx, &token).await;
            let resting = found.is_err();
            let session = found.unwrap_or_default();
            let actor = session.as_ref().map(|session| acting(session));
            return Ok(Self { actor, session, token: Some(token), resting });
        }
        if !request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(Self::default());
        }
        let token = bearer(request).ok_or(Stop::SignIn)?;
        let actor = Some(of_token(portal, sessions, ctx, &token).await?.ok_or(Stop::SignIn)?);
        Ok(Self { actor, ..Self::default() })
    }

    pub(super) fn actor(&self) -> Actor {
        self.actor.clone().unwrap_or(Actor::Anonymous)
    }
}

/// Whose token it is: our own command line's, or a machine's.
pub(crate) async fn of_token(
    portal: &Portal,
    sessions: &Sessions,
    ctx: &Ctx,
    token: &Secret,
) -> Result<Option<Actor>, Stop> {
    if let Some(name) = (portal.own_tokens)(token.expose()) {
        return Ok(Some(Actor::Machine { name, role: Role::Admin }));
    }
    let machine = machine(portal, sessions, ctx, token).await?;
    Ok(machine.map(|machine| Actor::Machine { name: machine.name.clone(), role: machine.role }))
}

fn acting(session: &Session) -> Actor {
    let account = &session.account;
    Actor::Person { id: account.id, role: account.role, email: account.email.clone() }
}

fn bearer(request: &HttpRequest) -> Option<Secret> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim()))
}

async fn person(
    portal: &Portal,
    sessions: &Sessions,
    ctx: &Ctx,
    token: &Secret,
) -> Result<Option<Arc<Session>>, AccountsError> {
    let key = key(token);
    if let Some(known) = sessions.people.get(&key) {
        return Ok(known);
    }
    let found = portal.faces.accounts.session(ctx, ShownToken { token: token.clone() }).await?.map(Arc::new);
    sessions.people.insert(key, found.clone());
    Ok(found)
}

async fn machine(
    portal: &Portal,
    sessions: &Sessions,
    ctx: &Ctx,
    token: &Secret,
) -> Result<Option<Arc<Machine>>, AccountsError> {
    let key = key(token);
    if let Some(known) = sessions.machines.get(&key) {
        return Ok(known);
    }
    let found = portal.faces.accounts.machine(ctx, ShownToken { token: token.clone() }).await?.map(Arc::new);
    sessions.machines.insert(key, found.clone());
    Ok(found)
}

/// The token itself is not kept in memory longer than the request.
fn key(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose().as_bytes()).into()
}
