//! A server on an empty data folder, its callers, and its command line.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use banyan::serve::{Running, running};
use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// Killed when it is dropped.
pub(crate) struct House {
    server: Child,
    folder: TempDir,
    pub(crate) running: Running,
}

/// Somebody with a machine token.
pub(crate) struct Caller {
    pub(crate) token: String,
    base: String,
}

/// What the API said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) etag: Option<String>,
    pub(crate) kind: String,
    pub(crate) body: Value,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_with(&[("BANYAN__LIMITS__ENABLED", "false")]).await
    }

    pub(crate) async fn open_with(env: &[(&str, &str)]) -> Self {
        banyan::wire::prepare_process();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut command = banyan(&data);
        let args = ["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
        let server = command.args(args).envs(env.iter().copied()).spawn().unwrap();
        let running = until_it_runs(&data).await;
        Self { server, folder, running }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    /// A token of a role, made beside the running server.
    pub(crate) fn caller(&self, role: &str) -> Caller {
        let told = self.run(&["--json", "account", "token", "--role", role]);
        assert_eq!(told.code, 0, "{told:?}");
        let token: Value = serde_json::from_str(&told.out).unwrap();
        self.caller_with(token["token"].as_str().unwrap())
    }

    pub(crate) fn caller_with(&self, token: &str) -> Caller {
        Caller { token: token.to_owned(), base: self.running.url.clone().unwrap() }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Told {
        let output = banyan(&self.path("data")).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Told { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// `banyan switch`, as its own command line or with somebody's token.
    pub(crate) fn switch(&self, caller: Option<&Caller>, args: &[&str]) -> Told {
        let mut all = vec!["switch"];
        all.extend(args);
        let file = caller.map(|caller| self.write("token", &caller.token));
        if let Some(file) = &file {
            all.extend(["--token-file", file]);
        }
        self.run(&all)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

impl Caller {
    pub(crate) async fn get(&self, path: &str) -> Said {
        self.ask(Method::GET, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Said {
        self.ask(Method::POST, path, Some(body), None).await
    }

    /// A change of what is there now.
    pub(crate) async fn change(&self, method: Method, path: &str, body: Option<Value>) -> Said {
        let epoch = self.epoch().await;
        self.ask(method, path, body, Some(&format!("\"{epoch}\""))).await
    }

    pub(crate) async fn epoch(&self) -> u64 {
        self.get("/modules").await.body["epoch"].as_u64().unwrap()
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        if_match: Option<&str>,
    ) -> Said {
        let url = format!("{}/api/v1/switch{path}", self.base);
        let mut request = client().request(method, url);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Said::of(request.send().await.unwrap()).await
    }
}

impl Said {
    pub(crate) async fn of(response: Response) -> Self {
        let header =
            |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (status, etag, kind) = (response.status(), header("etag"), header("content-type"));
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, etag, kind: kind.unwrap_or_default(), body }
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        if status >= 400 {
            assert_eq!(self.kind, "application/problem+json");
            assert!(self.body["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{:#}", self.body);
        }
        self
    }
}

impl Told {
    #[track_caller]
    pub(crate) fn is(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.out.contains(words) || self.err.contains(words), "no `{words}` in {self:?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap()
}

fn banyan(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
    command
        .args(["--quiet", "--data"])
        .arg(data)
        .env("BANYAN__SWITCH__UPSTREAMS__NOTES", "http://127.0.0.1:9")
        .env("BANYAN__SWITCH__UPSTREAMS__RES", "http://127.0.0.1:9")
        .stdin(Stdio::null());
    command
}

async fn until_it_runs(data: &Path) -> Running {
    for _ in 0..1_200 {
        if let Some(found) = running(data) {
            let probe = format!("{}/readyz", found.ops.clone().unwrap());
            if client().get(probe).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return found;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the server did not come up within a minute");
}
