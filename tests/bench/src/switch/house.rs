//! The real binary as people run it: a portal, modules beside it in processes of their own, the cockpit's API, and
//! visitors who sign in. Everything ends with the value that holds it.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method, header, redirect::Policy};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A folder, the binary, and what its processes are told.
pub(crate) struct House {
    binary: PathBuf,
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

/// Killed, not stopped, when it is dropped.
pub(crate) struct Process(Child);

/// A portal that answers.
pub(crate) struct Portal {
    pub(crate) process: Process,
    pub(crate) public: SocketAddr,
    pub(crate) ops: SocketAddr,
}

/// The cockpit of a portal, as a migrator's script uses it.
pub(crate) struct Switchboard {
    client: Client,
    base: String,
    token: String,
    epoch: u64,
}

/// Somebody who has signed in: what their browser sends along.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) cookies: String,
    pub(crate) form_token: String,
}

impl House {
    pub(crate) fn new(binary: PathBuf) -> Result<Self> {
        let env = [("BANYAN__LIMITS__ENABLED", "false"), ("BANYAN__TELEMETRY__LOG_FILTER", "error")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Ok(Self { binary, folder: tempfile::tempdir()?, env })
    }

    /// Such as `BANYAN__SWITCH__UPSTREAMS__NOTES`.
    pub(crate) fn tell(&mut self, name: &str, value: impl Into<String>) {
        self.env.insert(name.to_owned(), value.into());
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, data: &str, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--quiet").arg("--data").arg(self.folder().join(data)).args(args);
        command.current_dir(self.folder()).envs(&self.env).stdin(Stdio::null());
        command
    }

    /// A portal on a data folder of this house, when it is ready.
    pub(crate) async fn portal(&self, data: &str) -> Result<Portal> {
        let note = self.folder().join(data).join("server.json");
        let _ = std::fs::remove_file(&note);
        let args = ["serve", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
        let process = Process(self.command(data, &args).stdout(Stdio::null()).spawn()?);
        let running = until("the portal says where it listens", Duration::from_mins(1), async || {
            serde_json::from_slice::<Value>(&std::fs::read(&note).ok()?).ok()
        });
        let running = running.await?;
        let at = |what: &str| {
            let url = running.get(what).and_then(Value::as_str).unwrap_or_default();
            url.trim_start_matches("http://").parse().with_context(|| format!("{what} at {url:?}"))
        };
        let portal = Portal { process, public: at("url")?, ops: at("ops")? };
        let ready = format!("http://{}/readyz", portal.ops);
        let client = client()?;
        until("the portal is ready", Duration::from_mins(1), async || {
            client.get(&ready).send().await.ok()?.error_for_status().ok()
        })
        .await?;
        Ok(portal)
    }

    /// One module in a process of its own, when it takes connections.
    pub(crate) async fn only(&self, module: &str, port: u16, env: &[(&str, String)]) -> Result<Process> {
        let mut command = self.command("data", &["serve", "--only", module, "--ops", ""]);
        command.env("BANYAN__SERVICE__LISTEN", format!("127.0.0.1:{port}"));
        command.envs(env.iter().map(|(name, value)| (*name, value))).stdout(Stdio::null());
        let process = Process(command.spawn()?);
        until("the module listens", Duration::from_mins(1), async || {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await?;
        Ok(process)
    }

    /// Runs a command to its end; its output as JSON.
    pub(crate) fn run(&self, data: &str, args: &[&str]) -> Result<Value> {
        let output = self.command(data, &[args, &["--json"]].concat()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "banyan {} failed: {said}", args.join(" "));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// All modules keep their data on a PostgreSQL from now on; its tables are made.
    pub(crate) fn move_to(&mut self, url: &str) -> Result<()> {
        // The first command of a new folder makes the key file, which PostgreSQL wants to be given.
        self.run("data", &["account", "token", "--role", "migrator"])?;
        self.tell("BANYAN__KEYS__FILE", self.folder().join("data/keys").display().to_string());
        self.tell("BANYAN__DATABASE__URL", url);
        let output = self.command("data", &["migrate", "up"]).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "banyan migrate up failed: {said}");
        Ok(())
    }

    /// Somebody who works here, signed in.
    pub(crate) async fn staff(&self, data: &str, portal: &Portal, role: &str) -> Result<Visitor> {
        let email = format!("{role}@example.com");
        let made = self.run(data, &["account", "create", "--email", &email, "--role", role])?;
        let password = made.get("password").and_then(Value::as_str).context("a password")?.to_owned();
        Visitor::sign_in(Browser::at(portal)?, &email, &password).await
    }

    pub(crate) fn switchboard(&self, data: &str, portal: &Portal) -> Result<Switchboard> {
        let made = self.run(data, &["account", "token", "--role", "migrator", "--name", "bench"])?;
        let token = made.get("token").and_then(Value::as_str).context("a token")?.to_owned();
        Ok(Switchboard {
            client: client()?,
            base: format!("http://{}/api/v1/switch", portal.public),
            token,
            epoch: 0,
        })
    }
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// As `SIGSTOP`: it is there, and says nothing.
    pub(crate) fn silence(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    pub(crate) fn wake(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.0.id().cast_signed()).context("a process id")?;
        Ok(kill_process(pid, signal)?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Switchboard {
    /// Puts a binding in force and waits for the answer; the epoch is remembered for the next.
    pub(crate) async fn put(&mut self, binding: &Value) -> Result<()> {
        if self.epoch == 0 {
            let now = self.ask(Method::GET, "/modules", None).await?;
            self.epoch = now.get("epoch").and_then(Value::as_u64).context("an epoch")?;
        }
        let name = binding.get("module").and_then(Value::as_str).context("a name")?;
        let done =
            self.ask(Method::PUT, &format!("/modules/{name}/binding?reason=bench"), Some(binding)).await?;
        self.epoch = done.get("epoch").and_then(Value::as_u64).context("an epoch")?;
        Ok(())
    }

    /// Where a subject's calls to a module go.
    pub(crate) async fn explain(&self, subject: &str, op: &str) -> Result<Value> {
        self.ask(Method::POST, "/explanations", Some(&json!({ "subject": subject, "op": op }))).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = request.header(header::IF_MATCH, format!("\"{}\"", self.epoch));
        let request = if let Some(body) = body { request.json(body) } else { request };
        let answer = request.send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }
}

impl Visitor {
    /// Signs up and in with forms, as people do.
    pub(crate) async fn new(portal: &Portal, number: usize) -> Result<Self> {
        let mut browser = Browser::at(portal)?;
        let (email, password) = (format!("visitor-{number}@example.com"), "a boat of paper");
        let fields = [("email", &*email), ("password", password), ("repeat_password", password)];
        browser.submit("/signup/", &fields).await?;
        Self::sign_in(browser, &email, password).await
    }

    async fn sign_in(mut browser: Browser, email: &str, password: &str) -> Result<Self> {
        browser.submit("/signin/", &[("email", email), ("password", password)]).await?;
        let form_token = browser.form_token("/notes/create/").await?;
        Ok(Self { cookies: browser.cookies(), form_token })
    }
}

struct Browser {
    client: Client,
    base: String,
    jar: BTreeMap<String, String>,
}

impl Browser {
    fn at(portal: &Portal) -> Result<Self> {
        Ok(Self { client: client()?, base: format!("http://{}", portal.public), jar: BTreeMap::new() })
    }

    async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<()> {
        let token = self.form_token(path).await?;
        let form: Vec<_> = fields.iter().copied().chain([("csrf_token", &*token)]).collect();
        let request = self.client.post(format!("{}{path}", self.base)).form(&form);
        let (status, page) = self.take(request).await?;
        ensure!(status == 303, "{path} answered {status}: {page}");
        Ok(())
    }

    async fn form_token(&mut self, path: &str) -> Result<String> {
        let request = self.client.get(format!("{}{path}", self.base));
        let (_, page) = self.take(request).await?;
        let (_, rest) =
            page.split_once("name=\"csrf_token\"").with_context(|| format!("no form at {path}"))?;
        let token = rest.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
        Ok(token.context("a token's value")?.to_owned())
    }

    async fn take(&mut self, request: reqwest::RequestBuilder) -> Result<(u16, String)> {
        let answer = request.header(header::COOKIE, self.cookies()).send().await?;
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            self.jar.insert(name.to_owned(), value.to_owned());
        }
        Ok((answer.status().as_u16(), answer.text().await?))
    }

    fn cookies(&self) -> String {
        let pairs: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }
}

/// Does not follow, does not repeat, and uses nobody's proxy.
pub(crate) fn client() -> Result<Client> {
    shims::install_tls_provider();
    let client = Client::builder().no_proxy().redirect(Policy::none()).retry(reqwest::retry::never());
    Ok(client.build()?)
}

/// A port that nobody held a moment ago.
pub(crate) fn free() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Asks again until there is something.
pub(crate) async fn until<T>(what: &str, patience: Duration, ask: impl AsyncFn() -> Option<T>) -> Result<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return Ok(found);
        }
        if begun.elapsed() > patience {
            bail!("waited {patience:?} in vain until {what}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
