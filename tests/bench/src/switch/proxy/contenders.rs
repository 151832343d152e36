//! The processes of the comparison: started, pinned, asked for their processor time, and ended with the value.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tempfile::TempDir;

use super::{
    super::{
        binary,
        house::{House, Portal},
    },
    Ask, Load, MEASURED, runtime, stay_anywhere, stay_on, usage,
};

pub(super) struct Contender {
    process: Running,
    pub(super) address: SocketAddr,
}

/// A process, with the folder that it keeps its files in.
enum Running {
    Child { process: Child, _folder: Option<TempDir> },
    Portal { portal: Portal, _house: House },
}

pub(super) fn upstream() -> Result<Contender> {
    announced(Command::new(std::env::current_exe()?).args(["aid", "upstream"]))
}

/// Our proxy alone, one worker, with every rule on.
pub(super) fn door(upstream: SocketAddr) -> Result<Contender> {
    announced(Command::new(std::env::current_exe()?).args(["aid", "door", &upstream.to_string()]))
}

/// The Debian package, as people set it up in front of an application.
pub(super) fn nginx(upstream: SocketAddr) -> Result<Contender> {
    let folder = tempfile::tempdir()?;
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    std::fs::write(folder.path().join("nginx.conf"), configuration(folder.path(), address, upstream))?;
    let mut command =
        Command::new(program().context("nginx is not installed (apt-get install nginx-light)")?);
    command.arg("-p").arg(folder.path()).args(["-e", "stderr", "-c", "nginx.conf"]);
    let process = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let contender = Contender { process: Running::Child { process, _folder: Some(folder) }, address };
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        ensure!(begun.elapsed() < Duration::from_secs(5), "nginx does not listen");
        thread::yield_now();
    }
    Ok(contender)
}

/// The whole portal, one worker, with a group of routes that belongs to the upstream.
pub(super) fn portal(upstream: SocketAddr) -> Result<Contender> {
    let mut house = House::new(binary::banyan()?)?;
    house.tell("BANYAN__HTTP__WORKERS", "1");
    house.tell("BANYAN__SWITCH__UPSTREAMS__OLD", format!("http://{upstream}"));
    runtime()?.block_on(async {
        stay_on(MEASURED);
        let portal = house.portal("data").await;
        stay_anywhere();
        let portal = portal?;
        let mut board = house.switchboard("data", &portal)?;
        let routes =
            [json!({ "match": "GET /1k", "kind": "query" }), json!({ "match": "GET /64k", "kind": "query" })];
        let hop = json!({ "from": "legacy:old", "to": "here" });
        let ranges = json!({ "legacy:old": 100_000 });
        board.put(&json!({ "module": "ledger/all", "ranges": ranges, "hop": hop, "routes": routes })).await?;
        Ok(Contender { address: portal.public, process: Running::Portal { portal, _house: house } })
    })
}

impl Contender {
    pub(super) fn cpu(&self) -> Duration {
        usage::cpu(match &self.process {
            Running::Child { process, .. } => process.id(),
            Running::Portal { portal, .. } => portal.process.id(),
        })
    }

    /// One round of load from a process of its own.
    pub(super) fn load(&self, ask: Ask, time: Duration) -> Result<Load> {
        let output = Command::new(std::env::current_exe()?)
            .args(["aid", "load", &self.address.to_string(), ask.path])
            .args([ask.connections.to_string(), time.as_millis().to_string()])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the load failed");
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Self::Child { process, .. } = self else { return };
        // Asked first: nginx's master ends its workers, which a kill would leave behind.
        if let Some(id) = rustix::process::Pid::from_raw(process.id().cast_signed()) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let _ = process.wait();
    }
}

fn announced(command: &mut Command) -> Result<Contender> {
    let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let output = process.stdout.take().context("its output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    let address = line.trim().parse().with_context(|| format!("no address: {line:?}"));
    let address = address.inspect_err(|_| drop(process.kill()))?;
    Ok(Contender { process: Running::Child { process, _folder: None }, address })
}

fn program() -> Option<&'static str> {
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

/// One worker on one core, idle connections kept, the forwarding headers set, everything else as it comes.
fn configuration(folder: &Path, address: SocketAddr, upstream: SocketAddr) -> String {
    let folder = folder.display();
    let mask = 1 << MEASURED;
    format!(
        "daemon off;
worker_processes 1;
worker_cpu_affinity {mask:b};
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream legacy {{
        server {upstream};
        keepalive 128;
        keepalive_requests 1000000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://legacy;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
        }}
    }}
}}
"
    )
}
