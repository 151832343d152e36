//! Coming and going: the cookie of a new session, the end of an old one, and what a page counts of a visit.

use accounts_api::{OpenedSession, ShownToken};
use actix_web::{
    HttpMessage, HttpResponse,
    cookie::time::Duration,
    http::header::{self, HeaderName, HeaderValue},
};

use super::{
    Class, Counted, Marks, Stop, Visit,
    client::shortened,
    kill::{self, KILL},
    session::SESSION,
};

impl Visit {
    /// Gives the visitor the cookie of a session that was just opened. Travellers keep it when the browser closes;
    /// the session itself may end sooner.
    pub fn signed_in(&self, response: HttpResponse, opened: &OpenedSession) -> HttpResponse {
        self.sessions.forget();
        let life = (!opened.session.account.role.is_staff()).then_some(Duration::days(30));
        let cookie = self.portal.seal.plain(SESSION, opened.token.expose().to_owned(), life);
        let response = self.with_cookie(response, cookie);
        self.with_cookie(response, kill::cookie_for(&self.portal, opened))
    }

    /// Ends the session that this visit came with, if any: whoever signs in again leaves no open one behind.
    pub async fn end_session(&self) {
        self.kill_pass_ends();
        let Some(token) = self.token.clone().filter(|_| self.session.is_some()) else { return };
        if let Err(error) = self.portal.faces.accounts.sign_out(&self.ctx, ShownToken { token }).await {
            tracing::warn!(request_id = %self.ctx.request_id, %error, "an earlier session could not be ended");
        }
    }

    /// Takes the cookie away, and what the browser kept of the pages.
    pub fn signed_out(&self, response: HttpResponse) -> HttpResponse {
        self.sessions.forget();
        self.kill_pass_ends();
        let response = self.with_cookie(response, self.portal.seal.ended(KILL));
        let mut response = self.with_cookie(response, self.portal.seal.ended(SESSION));
        let kept = HeaderValue::from_static("\"cache\", \"storage\"");
        response.headers_mut().insert(HeaderName::from_static("clear-site-data"), kept);
        response
    }

    /// Counts a try at an account or a booking reference, beside the address that the edge has counted already.
    pub fn count(&self, class: Class, name: &str) -> Result<(), Stop> {
        self.gate.limits.count(class, &Counted::named(name))
    }

    /// A short word on browser and address, for the list of sessions.
    pub fn device(&self) -> String {
        let agent = self.request().headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let browser = agent.map_or("unknown browser", browser);
        let client = self.request().extensions().get::<Marks>().map(|marks| shortened(marks.client));
        format!("{browser}, {}", client.unwrap_or_default())
    }
}

/// The first that fits: most browsers claim to be several.
fn browser(agent: &str) -> &'static str {
    let known = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    known.into_iter().find(|(mark, _)| agent.contains(mark)).map_or("another browser", |(_, name)| name)
}
