//! The way of a KILL past the session layer. At sign-in whoever may kill gets a sealed cookie that is good for those
//! posts alone, so that a KILL is judged without any database while accounts is away.

use accounts_api::{Account, OpenedSession};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    cookie::{Cookie, time::Duration},
    dev::Payload,
    http::{Method, StatusCode},
    web::Data,
};
use askama::Template;
use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Ctx, Email, PersonId, Role};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{
    Form, Marks, Sessions, Shell, Stop, Visit,
    form::{malformed, read},
    session::SESSION,
    visit::{first_ctx, form_token_of},
};
use crate::portal::Portal;

/// The cookie's name (prefixed under https).
pub(super) const KILL: &str = "kill";

/// How long it is good.
const HOURS: i64 = 12;

/// Who may press KILL.
pub const MAY_KILL: [Role; 1] = [Role::Migrator];

/// What the cookie says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct KillPass {
    person: PersonId,
    email: Email,
    role: Role,
    since: Timestamp,
    /// A mark of the session that it belongs to: without that session's cookie it is worth nothing.
    session: String,
}

/// A posted KILL and who presses it. With the cookie nobody else is asked; without it the session layer is.
pub struct KillPost {
    pub portal: Data<Portal>,
    pub ctx: Ctx,
    /// Why; may be empty.
    pub reason: String,
    shell: Shell,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    csrf_token: String,
    reason: String,
}

impl FromRequest for KillPost {
    type Error = Stop;
    type Future = LocalBoxFuture<'static, Result<Self, Stop>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let pass = request.extensions().get::<KillPass>().cloned();
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            match pass {
                Some(pass) => Self::with(&pass, &request, payload).await,
                None => Self::by_session(&request, &mut payload).await,
            }
        })
    }
}

impl KillPost {
    async fn with(pass: &KillPass, request: &HttpRequest, payload: Payload) -> Result<Self, Stop> {
        let broken = |what: &str| Stop::Broken(format!("the app has no {what}"));
        let portal = request.app_data::<Data<Portal>>().cloned().ok_or_else(|| broken("portal"))?;
        let marks = request.extensions().get::<Marks>().cloned().ok_or_else(|| broken("marks"))?;
        let fields: Fields = serde_html_form::from_bytes(&read(payload).await?).map_err(malformed)?;
        let own = form_token_of(request, &portal).unwrap_or_default();
        if own.is_empty() || !bool::from(own.as_bytes().ct_eq(fields.csrf_token.as_bytes())) {
            return Err(Stop::Forbidden(
                "This KILL was not sent from our own page, or the page is too old. Go back to the board, load it again and repeat."
                    .into(),
            ));
        }
        let actor = Actor::Person { id: pass.person, role: pass.role, email: pass.email.clone() };
        let ctx = first_ctx(request, &marks)?.acting_as(actor);
        Ok(Self { portal, ctx, reason: fields.reason, shell: Shell::bare(request) })
    }

    async fn by_session(request: &HttpRequest, payload: &mut Payload) -> Result<Self, Stop> {
        let Form { visit, fields } = Form::<Fields>::from_request(request, payload).await?;
        visit.staff(&MAY_KILL)?;
        let shell = visit.shell();
        Ok(Self { portal: visit.portal, ctx: visit.ctx, reason: fields.reason, shell })
    }

    /// The frame of the page that answers; without a session it names nobody.
    pub fn shell(&self) -> Shell {
        self.shell.clone()
    }

    pub fn page(&self, page: &impl Template) -> Result<HttpResponse, Stop> {
        let mut response = HttpResponse::build(StatusCode::OK);
        Ok(response.content_type("text/html; charset=utf-8").body(page.render()?))
    }
}

/// The pass of a request that presses KILL, if it brought a good one. Nobody is asked.
pub(super) fn pass_of(request: &HttpRequest, portal: &Portal, sessions: &Sessions) -> Option<KillPass> {
    if *request.method() != Method::POST || !is_kill(&request.match_pattern()?) {
        return None;
    }
    let pass: KillPass = portal.seal.read(request, KILL)?;
    let token = request.cookie(&portal.seal.name(SESSION))?;
    let session = mark(portal, token.value());
    let now = portal.outside.now();
    let young = now.duration_since(pass.since) < SignedDuration::from_hours(HOURS);
    let own = bool::from(session.as_bytes().ct_eq(pass.session.as_bytes()));
    let may = pass.role == Role::Admin || MAY_KILL.contains(&pass.role);
    (young && own && may && !sessions.is_over(&session, pass.person, pass.since)).then_some(pass)
}

/// One for a module, a group or all, by the routes' patterns.
fn is_kill(pattern: &str) -> bool {
    pattern.starts_with("/admin/switch/") && pattern.ends_with("/kill")
}

/// The cookie for a session that was just opened; one that ends an earlier cookie, for whoever may not kill.
pub(super) fn cookie_for(portal: &Portal, opened: &OpenedSession) -> Cookie<'static> {
    let Account { id, email, role, .. } = &opened.session.account;
    if *role != Role::Admin && !MAY_KILL.contains(role) {
        return portal.seal.ended(KILL);
    }
    let pass = KillPass {
        person: *id,
        email: email.clone(),
        role: *role,
        since: portal.outside.now(),
        session: mark(portal, opened.token.expose()),
    };
    portal.seal.cookie(KILL, &pass, Some(Duration::hours(HOURS)))
}

impl Visit {
    /// From now on the pass of this visit's session is refused here, whoever kept its cookies.
    pub(super) fn kill_pass_ends(&self) {
        if let Some(token) = &self.token {
            self.sessions.ended(mark(&self.portal, token.expose()));
        }
    }
}

fn mark(portal: &Portal, token: &str) -> String {
    portal.seal.mark(KILL, &[token])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kills_are_let_past() {
        for (pattern, kill) in [
            ("/admin/switch/kill", true),
            ("/admin/switch/{module}/kill", true),
            ("/admin/switch/{module}/{group}/kill", true),
            ("/admin/switch/{module}/binding", false),
            ("/admin/switch", false),
            ("/admin/kill", false),
            ("/notes/kill", false),
        ] {
            assert_eq!(is_kill(pattern), kill, "{pattern}");
        }
    }
}
