//! A visit: who asks, in which circumstances, and the frame of the page that answers. Every page takes one.

use std::{sync::Arc, time::Duration};

use accounts_api::Session;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse,
    cookie::Cookie,
    dev::Payload,
    http::{StatusCode, header},
    web::Data,
};
use askama::Template;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::LocalBoxFuture;
use jiff::{Timestamp, tz::TimeZone};
use kernel::{Actor, Ctx, IdempotencyKey, Locale, Role, Secret};
use subtle::ConstantTimeEq;

use super::{
    Flash, FlashKind, Gate, Held, Marks, Sessions, Shell, ShellPerson, Stop,
    pass::StaffPin,
    seen::SeenRequest,
    session::{Principal, SESSION},
};
use crate::portal::Portal;

const FLASH: &str = "flash";
const FORM: &str = "form";

/// One request to a page.
pub struct Visit {
    pub portal: Data<Portal>,
    pub sessions: Data<Sessions>,
    pub ctx: Ctx,
    pub locale: Locale,
    /// For limits that a page counts itself; see [`Visit::count`].
    pub(super) gate: Data<Gate>,
    /// The session, if somebody is signed in.
    pub session: Option<Arc<Session>>,
    /// The cookie's token, for signing out.
    pub token: Option<Secret>,
    /// Accounts could not be asked: public pages go on and say that sign-in is resting.
    pub resting: bool,
    request: HttpRequest,
    flash: Vec<Flash>,
    form_key: String,
    new_form_key: bool,
}

impl FromRequest for Visit {
    type Error = Stop;
    type Future = LocalBoxFuture<'static, Result<Self, Stop>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::begin(request).await })
    }
}

impl Visit {
    pub(super) async fn begin(request: HttpRequest) -> Result<Self, Stop> {
        let broken = |what: &str| Stop::Broken(format!("the app has no {what}"));
        let portal = request.app_data::<Data<Portal>>().cloned().ok_or_else(|| broken("portal"))?;
        let sessions = request.app_data::<Data<Sessions>>().cloned().ok_or_else(|| broken("sessions"))?;
        let gate = request.app_data::<Data<Gate>>().cloned().ok_or_else(|| broken("gate"))?;
        let marks = request.extensions().get::<Marks>().cloned().ok_or_else(|| broken("marks"))?;
        let mut ctx = first_ctx(&request, &marks)?;
        let principal = Principal::of(&request, &portal, &sessions, &ctx).await?;
        ctx.actor = principal.actor();
        if let Some(session) = &principal.session {
            // The account's own subject: the same bucket on every device.
            ctx.subject = session.account.subject.as_str().into();
        } else if let Actor::Machine { name, .. } = &ctx.actor {
            // A machine has no cookie; its name is what stays the same.
            ctx.subject = format!("machine/{name}").into();
        }
        // Rules by role see the person, so the pin comes last.
        ctx.pin = Some(marks.look.pin(&ctx, &SeenRequest(&request)));
        if let (true, Some(pin)) = (ctx.actor.role().is_some_and(Role::is_staff), &ctx.pin) {
            request.extensions_mut().insert(StaffPin(pin.clone()));
        }
        let form_key: Option<String> = portal.seal.read(&request, FORM);
        let new_form_key = form_key.is_none();
        Ok(Self {
            // The pages' words are English so far, so their dates and money are too.
            locale: Locale::default(),
            flash: portal.seal.read(&request, FLASH).unwrap_or_default(),
            form_key: form_key.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(portal.outside.bytes::<16>())),
            new_form_key,
            portal,
            sessions,
            gate,
            ctx,
            session: principal.session,
            token: principal.token,
            resting: principal.resting,
            request,
        })
    }

    /// The account of who is signed in; else to the sign-in page and back. 503 while accounts is away.
    pub fn account(&self) -> Result<&accounts_api::Account, Stop> {
        if self.resting {
            return Err(Stop::Away(kernel::Fault::Unavailable("accounts".into())));
        }
        self.session.as_deref().map(|session| &session.account).ok_or(Stop::SignIn)
    }

    /// As `account`, with one of these roles (administrators always).
    pub fn staff(&self, roles: &[Role]) -> Result<&accounts_api::Account, Stop> {
        let account = self.account()?;
        if self.ctx.actor.may(roles) {
            Ok(account)
        } else {
            Err(Stop::Forbidden("This page is for other members of staff.".into()))
        }
    }

    /// Who calls the API with one of these roles (administrators always): a person or a machine. 401 for nobody.
    pub fn caller(&self, roles: &[Role]) -> Result<(), Stop> {
        match self.ctx.actor {
            Actor::Anonymous if self.resting => {
                Err(Stop::Away(kernel::Fault::Unavailable("accounts".into())))
            }
            Actor::Anonymous => Err(Stop::SignIn),
            _ if self.ctx.actor.may(roles) => Ok(()),
            _ => Err(Stop::Forbidden("This needs another role.".into())),
        }
    }

    pub fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// A fresh idempotency key for the hidden field of a form.
    pub fn new_key(&self) -> String {
        self.portal.outside.uuid().to_string()
    }

    /// The context of a command whose form carried an idempotency key. Without one it is the header's, or a fresh one.
    pub fn ctx_with_key(&self, key: &str) -> Result<Ctx, Stop> {
        if key.is_empty() && self.ctx.key.is_some() {
            return Ok(self.ctx.clone());
        }
        let key = if key.is_empty() { self.new_key() } else { key.to_owned() };
        Ok(self.ctx.clone().with_key(key.parse::<IdempotencyKey>()?))
    }

    /// The frame of the page. Flash messages are shown once.
    pub fn shell(&self) -> Shell {
        let house = &self.portal.house;
        let nonce = self.request.extensions().get::<Marks>().map(|m| m.nonce.to_string()).unwrap_or_default();
        Shell {
            lang: self.locale.tag().to_owned(),
            brand: house.brand.clone(),
            demo: house.demo,
            person: self.session.as_deref().map(|s| shell_person(&s.account)),
            flash: self.flash.clone(),
            csrf: self.form_token(),
            nonce,
            css: self.portal.assets.css.clone(),
            js: self.portal.assets.js.clone(),
            path: self.request.path().to_owned(),
            held: self.held(),
        }
    }

    /// The overrides of the look that this request was pinned by.
    fn held(&self) -> Vec<Held> {
        let Some(look) = self.request.extensions().get::<Marks>().map(|marks| marks.look.clone()) else {
            return Vec::new();
        };
        let now = self.portal.outside.now();
        let mine = look.table().overrides.iter().filter(|over| *over.subject == *self.ctx.subject);
        let may_end = self.ctx.actor.may(&[Role::Migrator]);
        mine.filter(|over| over.until > now)
            .map(|over| Held {
                text: format!(
                    "You see {} at {} until {}.",
                    over.module,
                    over.target,
                    self.until(over.until, now)
                ),
                end: if may_end { format!("/admin/switch/overrides/{}/end", over.id) } else { String::new() },
            })
            .collect()
    }

    /// `14:05 UTC`, with its day unless that is today.
    fn until(&self, at: Timestamp, now: Timestamp) -> String {
        let (at, now) = (at.to_zoned(TimeZone::UTC), now.to_zoned(TimeZone::UTC));
        let same_day = at.date() == now.date();
        let words = if same_day { self.locale.time(at.time()) } else { self.locale.moment(&at) };
        format!("{words} UTC")
    }

    /// 200 with a page.
    pub fn page(&self, page: &impl Template) -> Result<HttpResponse, Stop> {
        self.page_as(StatusCode::OK, page)
    }

    /// A page with another status: 422 for a form that failed, 409 for a conflict.
    pub fn page_as(&self, status: StatusCode, page: &impl Template) -> Result<HttpResponse, Stop> {
        let mut response = HttpResponse::build(status);
        response.content_type("text/html; charset=utf-8");
        if !self.flash.is_empty() {
            response.cookie(self.portal.seal.ended(FLASH));
        }
        if self.new_form_key {
            response.cookie(self.portal.seal.cookie(FORM, &self.form_key, None));
        }
        Ok(response.body(page.render()?))
    }

    /// 303 to a path of ours.
    pub fn redirect(&self, to: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
    }

    /// 303, with a message for the next page.
    pub fn redirect_saying(&self, to: &str, kind: FlashKind, text: &str) -> HttpResponse {
        let flash = vec![Flash { kind, text: text.to_owned() }];
        self.with_cookie(
            self.redirect(to),
            self.portal.seal.cookie(FLASH, &flash, Some(actix_web::cookie::time::Duration::minutes(5))),
        )
    }

    /// Adds a cookie to an answer.
    pub fn with_cookie(&self, mut response: HttpResponse, cookie: Cookie<'static>) -> HttpResponse {
        // Only fails for a value that is no header; ours are base64.
        let _ = response.add_cookie(&cookie);
        response
    }

    /// The form token of this visitor: bound to the session, or to the anonymous form cookie.
    pub fn form_token(&self) -> String {
        let bound_to = self.token.as_ref().filter(|_| self.session.is_some()).map_or("", Secret::expose);
        self.portal.seal.mark(FORM, &[&self.form_key, bound_to])
    }

    /// Whether a posted form token is this visitor's.
    pub fn form_token_is(&self, shown: &str) -> bool {
        !self.new_form_key && bool::from(self.form_token().as_bytes().ct_eq(shown.as_bytes()))
    }
}

/// The form token that belongs to a request's own cookies, for scripts that send it in a header.
pub(super) fn form_token_of(request: &HttpRequest, portal: &Portal) -> Option<String> {
    let form_key: String = portal.seal.read(request, FORM)?;
    let session = request.cookie(&portal.seal.name(SESSION))?;
    Some(portal.seal.mark(FORM, &[&form_key, session.value()]))
}

/// The circumstances of a request of which nobody knows yet who asks.
pub(super) fn first_ctx(request: &HttpRequest, marks: &Marks) -> Result<Ctx, Stop> {
    let mut ctx = Ctx::new(Actor::Anonymous, marks.request_id.clone()).with_time(Duration::from_secs(10));
    ctx.trace_id = marks.trace_id.clone();
    ctx.subject = marks.subject.clone();
    if let Some(key) = request.headers().get("idempotency-key") {
        let text = key.to_str().map_err(|_| Stop::BadRequest("Idempotency-Key is not plain text".into()))?;
        ctx.key = Some(text.parse()?);
    }
    ctx.pin = Some(marks.look.pin(&ctx, &SeenRequest(request)));
    Ok(ctx)
}

fn shell_person(account: &accounts_api::Account) -> ShellPerson {
    let email = account.email.as_str();
    ShellPerson {
        name: email.split('@').next().unwrap_or(email).to_owned(),
        email: email.to_owned(),
        role: account.role.to_string(),
        staff: account.role.is_staff(),
    }
}
