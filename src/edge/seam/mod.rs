//! The route seam: a request for a declared public route goes where its group's line of the decision table says. What
//! stays here goes on to our own handlers; the rest crosses to an upstream, under the same door, rates and rights.

mod account;
mod answer;
mod asking;

use std::{sync::Arc, time::Duration};

use ::switch::{RouteDecision, RouteKind, Traffic};
use actix_web::{
    HttpMessage, HttpResponse,
    dev::{Payload, ServiceRequest},
    http::{Method, StatusCode, header},
    web::Data,
};
use kernel::{Actor, Ctx, Fault, Role, Target};
use proxy::{Allowed, Crossing, Proxy, ProxyError, check_path};
use tokio::time::timeout;

pub(super) use self::answer::put_headers;
pub use self::asking::{Asking, Vouch};
use self::{account::Account, asking::Asker};
use super::{
    Class, Counted, Gate, Marks, Sessions, Stop, csrf, door,
    pass::{count, row},
    seen::SeenRequest,
};
use crate::portal::Portal;

/// One worker's way to the upstreams, as `web::Data<Seam>`. An app without one has no route seam.
pub struct Seam {
    proxy: Proxy,
    asking: asking::Vouched,
}

impl Seam {
    pub fn new(proxy: Proxy, vouch: Vouch) -> Self {
        Self { proxy, asking: asking::Vouched::new(vouch) }
    }
}

/// Names of our own cookies, without their prefix: none of them ever leaves, and nobody else sets one.
pub const OWN_COOKIES: [&str; 9] =
    ["sid", "subject", "flash", "form", "kill", "found_trips", "baskets", "zone", "csrf"];

/// Where the switch itself is worked, and what its pages are made of: no table can move these away.
const OURS: [&str; 3] = ["/admin/switch", "/api/v1/switch", "/static"];

/// What the edge knows when a request arrives.
pub(super) struct Edge<'a> {
    pub(super) portal: &'a Portal,
    pub(super) gate: &'a Gate,
    pub(super) sessions: &'a Sessions,
    pub(super) marks: &'a Marks,
}

/// The group that decided about a request, as staff is shown it.
#[derive(Clone)]
pub(super) struct Decided(pub(super) String);

/// Sends a request across if its group says so; `None` leaves it to our own handlers, as it came.
pub(super) async fn cross(
    edge: &Edge<'_>,
    request: &mut ServiceRequest,
) -> Result<Option<HttpResponse>, Stop> {
    let look = &edge.marks.look;
    let Some(seam) = request.app_data::<Data<Seam>>().cloned().filter(|_| look.has_routes()) else {
        return Ok(None);
    };
    let (method, uri) = (request.method().clone(), request.uri().clone());
    if OURS.iter().any(|ours| is_below(uri.path(), ours)) {
        return Ok(None);
    }
    let strict = check_path(uri.path(), Allowed::default()).map_err(|why| Stop::BadRequest(why.to_string()));
    if look.route_binding(method.as_str(), uri.path()).is_none() {
        // Another server's reading of it could be one of the routes.
        return strict.map(|()| None);
    }
    door::check(request, &edge.gate.hosts)?;
    let asker = Asker::of(request.request(), edge).await;
    let ctx = Ctx {
        subject: asker.subject.clone(),
        ..Ctx::new(asker.actor.clone(), edge.marks.request_id.clone())
    };
    let seen = SeenRequest(request.request());
    let Some(decision) = look.route(&ctx, &seen, method.as_str(), uri.path()) else { return Ok(None) };
    show(&decision, &asker.actor, request);
    if decision.target == Target::Here {
        return strict.map(|()| None);
    }
    let row = door::as_ours(request, row)?;
    if let Some(row) = row {
        row.judge(&asker.actor, asker.resting)?;
    }
    if !is_read(&method) && matches!(asker.actor, Actor::Person { .. }) {
        // The upstream believes us about who asks, so a page of a stranger must not ask in that name.
        csrf::check_headers(request.request(), &edge.gate.hosts)?;
    }
    match row {
        Some(row) => count(edge.gate, edge.marks, row)?,
        None => edge.gate.limits.count(Class::Page, &Counted::address(edge.marks.client))?,
    }
    Across { edge, seam: &seam, asker: &asker, decision: &decision }.go(request).await
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn is_below(path: &str, start: &str) -> bool {
    path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn show(decision: &RouteDecision, actor: &Actor, request: &mut ServiceRequest) {
    if actor.role().is_some_and(Role::is_staff) {
        let RouteDecision { binding, target, epoch, .. } = decision;
        request.extensions_mut().insert(Decided(format!("module={binding}; target={target}; epoch={epoch}")));
    }
}

/// One request on its way to the other side.
struct Across<'a> {
    edge: &'a Edge<'a>,
    seam: &'a Seam,
    asker: &'a Asker,
    decision: &'a RouteDecision,
}

/// Why a side gave no answer that counts.
enum Lost {
    /// It is not asked now.
    Refused(Fault),
    Failed(ProxyError),
    /// Its answer says that it is down; passed on if nobody else can answer.
    Down(Box<HttpResponse>),
    Late,
}

impl Across<'_> {
    /// The decided side, then for a query the other side of the hop.
    async fn go(&self, request: &mut ServiceRequest) -> Result<Option<HttpResponse>, Stop> {
        let payload = request.take_payload();
        let Self { decision, .. } = self;
        let lost = match self.ask(&decision.target, request, payload).await {
            Ok(response) => return Ok(Some(response)),
            Err(lost) => lost,
        };
        self.log(&lost);
        let Some(other) = decision.fallback.as_ref().filter(|_| lost.may_ask_another()) else {
            return lost.ended();
        };
        self.traffic().route_fell_back(&decision.binding, &decision.target, other);
        if *other == Target::Here {
            return Ok(None);
        }
        match self.ask(other, request, Payload::None).await {
            Ok(response) => Ok(Some(response)),
            Err(second) => {
                self.log(&second);
                lost.ended()
            }
        }
    }

    async fn ask(
        &self,
        target: &Target,
        request: &ServiceRequest,
        payload: Payload,
    ) -> Result<HttpResponse, Lost> {
        let (Target::Remote(name) | Target::Legacy(name)) = target else {
            return Err(Lost::Refused(Fault::unavailable("it has nowhere to go")));
        };
        let binding = &self.decision.binding;
        let kind = self.decision.kind.as_str();
        let account = Account::open(self.traffic().cross(binding, kind, target).map_err(Lost::Refused)?);
        let trace = self.traceparent(request);
        let host =
            request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let crossing = Crossing {
            repeatable: self.may_repeat(request),
            upgrade: self.decision.upgrade,
            identity: self.seam.asking.token(self.asker, name),
            peer_trusted: self.peer_trusted(request),
            https: self.edge.gate.hosts.is_https(),
            public_host: host,
            request_id: &self.edge.marks.request_id,
            traceparent: &trace,
            authorization: self.asker.authorization,
            ended: Some(account.told()),
            ..Crossing::to(name, self.edge.marks.client)
        };
        let forward = self.seam.proxy.forward(request.request(), payload, crossing);
        let wait = self.decision.fallback.as_ref().and_then(|_| self.wait()).unwrap_or(Duration::MAX);
        let Ok(answer) = timeout(wait, forward).await else {
            account.failed(&Fault::TimedOut(format!("{name}: no answer within {wait:?}")));
            return Err(Lost::Late);
        };
        match answer {
            Ok(response) => account.answered(response, self.traffic(), (binding, target)),
            Err(error) => {
                if let Some(fault) = error.fault() {
                    account.failed(&fault);
                }
                Err(Lost::Failed(error))
            }
        }
    }

    /// How long a query that may be answered elsewhere waits for its own side.
    fn wait(&self) -> Option<Duration> {
        let table = self.edge.marks.look.table();
        table.bindings.get(&self.decision.binding).map(|binding| binding.breaker.wait.get())
    }

    fn may_repeat(&self, request: &ServiceRequest) -> bool {
        match self.decision.kind {
            RouteKind::Query => is_read(request.method()),
            RouteKind::Command => request.headers().contains_key("idempotency-key"),
            RouteKind::Unkeyed => false,
        }
    }

    fn peer_trusted(&self, request: &ServiceRequest) -> bool {
        request.peer_addr().is_some_and(|peer| self.edge.gate.proxies.trusts(peer.ip().to_canonical()))
    }

    /// A span of our own. The trace is the caller's only where the caller is a proxy of ours.
    fn traceparent(&self, request: &ServiceRequest) -> String {
        let outside = &self.edge.portal.outside;
        let span = crate::hex::hex(&outside.bytes::<8>());
        let ours = &self.edge.marks.trace_id;
        if self.peer_trusted(request) || !request.headers().contains_key("traceparent") {
            return format!("00-{ours}-{span}-01");
        }
        let new = crate::hex::hex(&outside.bytes::<16>());
        tracing::debug!(request_id = %self.edge.marks.request_id, trace_id = %ours, upstream_trace_id = new,
            "a stranger's trace ends here");
        format!("00-{new}-{span}-01")
    }

    fn traffic(&self) -> &Arc<Traffic> {
        self.edge.portal.cockpit.traffic()
    }

    fn log(&self, lost: &Lost) {
        let (request_id, epoch) = (&self.edge.marks.request_id, self.decision.epoch);
        let RouteDecision { binding, target, .. } = self.decision;
        let why = match lost {
            Lost::Refused(fault) => fault.to_string(),
            Lost::Failed(error) => error.to_string(),
            Lost::Down(response) => format!("it answered {}", response.status()),
            Lost::Late => "no answer in the time that its breaker gives it".to_owned(),
        };
        tracing::warn!(%request_id, %binding, %target, epoch, why, "an upstream gave no answer");
    }
}

impl Lost {
    /// What the client gets for it.
    fn ended(self) -> Result<Option<HttpResponse>, Stop> {
        match self {
            Self::Down(response) => Ok(Some(*response)),
            Self::Refused(fault) => Err(Stop::Away(fault)),
            Self::Failed(error) => Err(answer::stop(&error)),
            Self::Late => Err(answer::LATE.into()),
        }
    }

    /// Not where the request itself is at fault.
    fn may_ask_another(&self) -> bool {
        !matches!(self, Self::Failed(error) if error.fault().is_none())
    }
}

/// An answer by which a gateway or a server says that it is down.
fn is_down(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}
