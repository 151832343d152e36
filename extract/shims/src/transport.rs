//! The near end: one call is one POST. The deadline of the request bounds it; nothing is retried here.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::{Clock, Ctx, Fault, Op, Transport};
use reqwest::{Client, Response, StatusCode, header};

use crate::ServiceKey;

/// Carries calls to one address, as one of this installation's services.
pub struct HttpTransport {
    client: Client,
    /// Such as `http://127.0.0.1:7001`, without a slash at the end.
    base: String,
    caller: String,
    key: Arc<ServiceKey>,
    clock: Arc<dyn Clock>,
}

impl HttpTransport {
    /// The longest answer that is read, in bytes.
    const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

    pub fn new(base: &str, caller: &str, key: Arc<ServiceKey>, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(std::time::Duration::from_secs(1))
            // Below actix's keep-alive of 5 s, or a call may meet a connection that is just being closed.
            .pool_idle_timeout(std::time::Duration::from_secs(3))
            .tcp_nodelay(true)
            .build()
            .map_err(Fault::unavailable)?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { client, base, caller: caller.to_owned(), key, clock })
    }

    async fn answer(mut response: Response) -> Result<Vec<u8>, Fault> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| fault(&e))? {
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
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
                Err(Fault::Refused(status.to_string()))
            }
            other => Err(Fault::Malformed(other.to_string())),
        }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn carry(&self, ctx: &Ctx, op: &'static Op, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        let token = self.key.token(&self.caller, op.module, self.clock.now());
        let mut request = self
            .client
            .post(format!("{}/call/{}/{}", self.base, op.module, op.name))
            .timeout(ctx.deadline.left())
            .bearer_auth(token)
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-request-id", &*ctx.request_id);
        if !ctx.trace_id.is_empty() {
            let parent = ctx.trace_id.get(..16).unwrap_or("0000000000000001");
            request = request.header("traceparent", format!("00-{}-{parent}-01", ctx.trace_id));
        }
        let response = request.body(body).send().await.map_err(|e| fault(&e))?;
        Self::answer(response).await
    }
}

fn fault(error: &reqwest::Error) -> Fault {
    if error.is_timeout() && !error.is_connect() {
        Fault::TimedOut(error.to_string())
    } else {
        Fault::Unavailable(error.to_string())
    }
}
