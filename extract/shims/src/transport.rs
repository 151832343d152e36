//! The near end: one call is one POST, bounded by the deadline of its request. This is the one layer that tries a
//! call again: once, at the same side, and only where that cannot do anything twice.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use kernel::{Clock, Ctx, Fault, Kind, Op, Transport};
use metrics::counter;
use reqwest::{Client, Response, StatusCode, header};
use switch::Budget;
use tracing::Instrument;

use crate::{ServiceKey, span::Spans, tokens::Tokens};

/// Carries calls to one address, as one of this installation's services.
pub struct HttpTransport {
    client: Client,
    /// Such as `http://127.0.0.1:7001`, without a slash at the end.
    base: String,
    tokens: Tokens,
    spans: Spans,
    budget: Mutex<Budget>,
    start: Instant,
}

/// How far a call got that broke.
enum Broken {
    /// No byte of it was sent.
    Unsent(Fault),
    /// It may have arrived; the head of an answer did not.
    Sent(Fault),
    /// An answer had begun.
    Answered(Fault),
}

impl Broken {
    /// A question does no harm twice, and a command with its key has one effect.
    fn may_be_repeated(&self, ctx: &Ctx, op: &Op) -> bool {
        match self {
            Self::Unsent(_) => true,
            Self::Sent(_) => op.kind != Kind::Command || ctx.key.is_some(),
            Self::Answered(_) => false,
        }
    }

    fn fault(self) -> Fault {
        match self {
            Self::Unsent(fault) | Self::Sent(fault) | Self::Answered(fault) => fault,
        }
    }
}

impl HttpTransport {
    /// The longest answer that is read, in bytes.
    const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

    pub fn new(base: &str, caller: &str, key: Arc<ServiceKey>, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .connect_timeout(Duration::from_secs(1))
            // Below actix's keep-alive of 5 s, or a call may meet a connection that is just being closed.
            .pool_idle_timeout(Duration::from_secs(3))
            .tcp_nodelay(true)
            .build()
            .map_err(Fault::unavailable)?;
        Ok(Self {
            client,
            base: base.trim_end_matches('/').to_owned(),
            tokens: Tokens::new(caller, key, clock),
            spans: Spans::new(&kernel::SystemEntropy),
            budget: Mutex::default(),
            start: Instant::now(),
        })
    }

    async fn attempt(&self, ctx: &Ctx, op: &'static Op, body: Bytes) -> Result<Vec<u8>, Broken> {
        let left = ctx.deadline.left();
        if left.is_zero() {
            return Err(Broken::Unsent(Fault::TimedOut(format!(
                "no time left for {}.{}",
                op.module, op.name
            ))));
        }
        let mut request = self
            .client
            .post(format!("{}/call/{}/{}", self.base, op.module, op.name))
            .timeout(left)
            .header(header::AUTHORIZATION, self.tokens.bearer(op.module).map_err(Broken::Unsent)?)
            .header(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"))
            .header("x-request-id", &*ctx.request_id);
        if !ctx.trace_id.is_empty() {
            let span = self.spans.next();
            tracing::debug!(span_id = %span, trace_id = %ctx.trace_id, "a call goes out");
            request = request.header("traceparent", format!("00-{}-{span}-01", ctx.trace_id));
        }
        let response = request.body(body).send().await.map_err(|e| unanswered(&e, op))?;
        Self::answer(response).await.map_err(Broken::Answered)
    }

    async fn answer(mut response: Response) -> Result<Vec<u8>, Fault> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| broken_off(&e))? {
            if body.len() + chunk.len() > Self::ANSWER_LIMIT {
                return Err(Fault::Malformed("the answer is too long".into()));
            }
            body.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::OK => Ok(body),
            // A fault of the far end, told by the far end itself.
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
                Err(serde_json::from_slice(&body).unwrap_or_else(|_| Fault::Unavailable(status.to_string())))
            }
            StatusCode::TOO_MANY_REQUESTS => Err(Fault::Unavailable(status.to_string())),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Err(Fault::Refused(status.to_string()))
            }
            other => Err(Fault::Malformed(other.to_string())),
        }
    }

    fn budget<T>(&self, ask: impl FnOnce(&mut Budget, Duration) -> T) -> T {
        ask(&mut self.budget.lock().unwrap_or_else(PoisonError::into_inner), self.start.elapsed())
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn carry(&self, ctx: &Ctx, op: &'static Op, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let epoch = ctx.pin.as_ref().map(|pin| pin.epoch);
        let span = tracing::debug_span!("call", op.module, op.name, to = self.base, request_id = %ctx.request_id, epoch);
        self.carried(ctx, op, Bytes::from(body)).instrument(span).await
    }
}

impl HttpTransport {
    async fn carried(&self, ctx: &Ctx, op: &'static Op, body: Bytes) -> Result<Vec<u8>, Fault> {
        self.budget(Budget::request);
        let broken = match self.attempt(ctx, op, body.clone()).await {
            Ok(answer) => return Ok(answer),
            Err(broken) => broken,
        };
        let again =
            broken.may_be_repeated(ctx, op) && !ctx.deadline.has_passed() && self.budget(Budget::retry);
        if !again {
            return Err(broken.fault());
        }
        counter!("banyan_switch_retries_total", "module" => op.module).increment(1);
        self.attempt(ctx, op, body).await.map_err(|second| match broken {
            // The first try may have done it, whatever became of the second.
            Broken::Sent(doubt) if op.kind == Kind::Command => doubt,
            _ => second.fault(),
        })
    }
}

/// Only a failure to connect is certain to have sent nothing.
fn unanswered(error: &reqwest::Error, op: &Op) -> Broken {
    if error.is_connect() {
        Broken::Unsent(Fault::Unavailable(error.to_string()))
    } else if error.is_timeout() || op.kind == Kind::Command {
        // Of a command that was sent nobody knows whether it was done, which `Unavailable` would deny.
        Broken::Sent(Fault::TimedOut(error.to_string()))
    } else {
        Broken::Sent(Fault::Unavailable(error.to_string()))
    }
}

fn broken_off(error: &reqwest::Error) -> Fault {
    let word = if error.is_timeout() { Fault::TimedOut } else { Fault::Malformed };
    word(error.to_string())
}
