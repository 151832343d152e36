//! One crossing: a request to an upstream, its answer back, and at most one more try where nothing can have happened.

use std::{cell::OnceCell, net::IpAddr, rc::Rc, sync::Arc, time::Instant};

use actix_web::{HttpRequest, HttpResponse, dev::Payload};
use http::HeaderValue;

use crate::{
    Ended, ProxyError, Upstreams,
    asked::Asked,
    back::Back,
    connect::connect,
    cookies::Own,
    exchange::{Begun, Failure, exchange},
    outbound::{BodyKind, Outgoing},
    pool::Pool,
    upload::Body,
    upstreams::Place,
};

/// What all crossings of this installation share.
#[derive(Debug, Clone, Default)]
pub struct ProxyHouse {
    /// What we are called in `Via`: one word, the same in every process of the installation, and no other's.
    pub instance: String,
    /// Names of Banyan's own cookies, without `__Host-`: they never leave, and nobody else sets them.
    pub own_cookies: Vec<String>,
}

/// Circumstances of one crossing. [`Crossing::to`] has the careful choice for each.
pub struct Crossing<'a> {
    /// A key of `switch.upstreams`.
    pub upstream: &'a str,
    /// A query, or a command with its key: may be sent again where a reused connection broke before any answer.
    pub repeatable: bool,
    /// The route may be upgraded to a WebSocket.
    pub upgrade: bool,
    /// Our signed word on who asks, for `Banyan-Identity`.
    pub identity: Option<HeaderValue>,
    /// Whose request it is, as the edge found out.
    pub client: IpAddr,
    /// The peer is in `http.trusted_proxies`: what it says of earlier hops is kept.
    pub peer_trusted: bool,
    /// The public side is HTTPS.
    pub https: bool,
    /// The host that the client asked for.
    pub public_host: &'a str,
    pub request_id: &'a str,
    /// The whole header value of our span. Empty: none is sent.
    pub traceparent: &'a str,
    /// The client's `Authorization` is meant for the upstream. Never for a token of Banyan's.
    pub authorization: bool,
    /// Told once how it ended, if there was an answer.
    pub ended: Option<Box<dyn FnOnce(Ended)>>,
}

impl<'a> Crossing<'a> {
    pub fn to(upstream: &'a str, client: IpAddr) -> Self {
        Self {
            upstream,
            repeatable: false,
            upgrade: false,
            identity: None,
            client,
            peer_trusted: false,
            https: false,
            public_host: "",
            request_id: "",
            traceparent: "",
            authorization: false,
            ended: None,
        }
    }
}

/// The proxy of one worker.
pub struct Proxy {
    upstreams: Arc<Upstreams>,
    own: Own,
    /// Made in the worker itself, by the first crossing.
    pool: OnceCell<Rc<Pool>>,
}

impl Proxy {
    pub fn new(upstreams: Arc<Upstreams>, house: Arc<ProxyHouse>) -> Self {
        Self { upstreams, own: Own(house), pool: OnceCell::new() }
    }

    pub fn upstreams(&self) -> &Arc<Upstreams> {
        &self.upstreams
    }

    /// Sends a request on and brings the head of the answer back; bodies stream both ways. An error means that the
    /// client has seen nothing yet. The answer must not pass a compressing middleware.
    pub async fn forward(
        &self,
        request: &HttpRequest,
        payload: Payload,
        mut crossing: Crossing<'_>,
    ) -> Result<HttpResponse, ProxyError> {
        let upstream = self.upstreams.get(crossing.upstream);
        let upstream = upstream.ok_or_else(|| ProxyError::Unknown(crossing.upstream.to_owned()))?;
        let asked = Asked::of(request, upstream, &crossing)?;
        let place = upstream
            .enter()
            .ok_or_else(|| ProxyError::Busy { upstream: upstream.name.clone(), limit: upstream.in_flight })?;
        let told = crossing.ended.take();
        let crossed =
            Crossed { start: Instant::now(), place, pool: Rc::clone(self.pool.get_or_init(Pool::new)) };
        let outgoing = Outgoing {
            request,
            crossing: &crossing,
            upstream,
            own: &self.own,
            body: asked.body,
            upgrading: asked.upgrading,
        };
        let (body, payload) = match asked.body {
            BodyKind::None => (Body::None, payload),
            BodyKind::Sized(length) => (Body::Sized(payload, length), Payload::None),
            BodyKind::Chunked => (Body::Chunked(payload), Payload::None),
        };
        let begun = crossed.send(&outgoing, body).await?;
        Back { request, upgrading: asked.upgrading, payload, crossed }.answer(begun, told).await
    }
}

/// One crossing under way.
pub(crate) struct Crossed {
    pub(crate) start: Instant,
    pub(crate) place: Place,
    pub(crate) pool: Rc<Pool>,
}

impl Crossed {
    /// On an idle connection if there is one. If that turns out to be dead before it took the request, or before it
    /// gave any answer to one that may be repeated, then on a fresh one.
    async fn send(&self, outgoing: &Outgoing<'_>, mut body: Body) -> Result<Begun, ProxyError> {
        let upstream = outgoing.upstream;
        if let Some(lane) = self.pool.take(upstream.place, self.start) {
            match exchange(lane, outgoing, body, self.start).await {
                Err(Failure::Unsent(returned)) => body = returned,
                Err(Failure::Closed { .. }) if may_repeat(outgoing) => body = Body::None,
                other => return other.map_err(|failure| failure.error(upstream)),
            }
        }
        let lane = connect(upstream).await?;
        exchange(lane, outgoing, body, self.start).await.map_err(|failure| failure.error(upstream))
    }
}

/// A body that was partly sent is gone.
fn may_repeat(outgoing: &Outgoing<'_>) -> bool {
    outgoing.crossing.repeatable && outgoing.body == BodyKind::None
}
