//! Talking to the running server: the address of the data folder's own, and a token that it believes.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, anyhow};
use clap::Args;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{Failure, house::House};
use crate::{serve, wire};

/// Which server, and as whom.
#[derive(Debug, Clone, Args)]
pub(super) struct ServerArgs {
    /// Server to speak to [default: the running server of the data folder]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File with a machine token [default: the data folder's own key]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// A server that answers in JSON.
pub(super) struct Server {
    base: String,
    token: String,
    client: reqwest::Client,
}

/// A good answer: its body, and the epoch in its `ETag`, if it has one.
pub(super) struct Answer {
    pub(super) body: Value,
    pub(super) epoch: Option<String>,
}

impl Server {
    pub(super) fn find(house: &House, args: &ServerArgs) -> Result<Self, Failure> {
        let base = args.server.clone().or_else(|| serve::running(&house.data)?.url).ok_or_else(|| {
            anyhow!(
                "no server runs on {}; start one with `banyan serve`, or name it with --server",
                house.data.display()
            )
        })?;
        let token = match &args.token_file {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("reading the token file {}", path.display()))
                .map_err(Failure::input)?
                .trim()
                .to_owned(),
            None => wire::own_token(&house.keys()?, &house.outside),
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .map_err(anyhow::Error::from)?;
        Ok(Self { base: base.trim_end_matches('/').to_owned(), token, client })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.ask(Method::GET, path, None, None).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Value,
        epoch: Option<&str>,
    ) -> Result<Answer, Failure> {
        self.ask(method, path, Some(body), epoch).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        epoch: Option<&str>,
    ) -> Result<Answer, Failure> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        if let Some(epoch) = epoch {
            request = request.header("if-match", epoch);
        }
        if let Some(body) = body.filter(|body| !body.is_null()) {
            request = request.json(&body);
        }
        let response = request.send().await.with_context(|| format!("asking {}", self.base))?;
        let status = response.status();
        let epoch = response.headers().get("etag").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let body: Value = response.json().await.unwrap_or(Value::Null);
        if status.is_success() { Ok(Answer { body, epoch }) } else { Err(failure(status, &body)) }
    }
}

/// The rows of an answer's `data`: a list, or one thing.
pub(super) fn rows(body: &Value) -> Vec<&Value> {
    match body.get("data") {
        Some(Value::Array(rows)) => rows.iter().collect(),
        Some(row) => vec![row],
        None => Vec::new(),
    }
}

/// A text of a row; empty if it is not there.
pub(super) fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The server's own words, under the exit code that fits.
fn failure(status: StatusCode, body: &Value) -> Failure {
    let detail = body.get("detail").and_then(Value::as_str).map_or_else(|| status.to_string(), str::to_owned);
    let error = anyhow!("{detail}");
    let failure = match status {
        StatusCode::PRECONDITION_FAILED => Failure::conflict(error),
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED | StatusCode::CONFLICT => Failure::refused(error),
        StatusCode::BAD_REQUEST
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::PRECONDITION_REQUIRED => Failure::input(error),
        _ => error.into(),
    };
    if body.is_object() { failure.with_problem(body.clone()) } else { failure }
}
