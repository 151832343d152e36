//! A running process: its listeners, its background work, and how it ends.

use std::{
    collections::BTreeSet, fs, future::ready, net::TcpListener, path::Path, sync::Arc, time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    middleware::from_fn,
    web::{self, Data},
};
use anyhow::{Context, bail};
use kernel::Outside;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::{Deserialize, Serialize};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    admin,
    api::{self, Hub},
    config::{Keys, Limits, Settings},
    edge::{self, Assets, EdgeSettings, Gate, Rates, Seal, Seam, Sessions},
    mail,
    ofrep::{self, Ofrep},
    pages,
    portal::{House, Portal},
    wire::{self, Plan, Wired},
};

/// Where a running server can be found. Written into its data folder while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    /// The public address; absent with `--only`.
    pub url: Option<String>,
    pub ops: Option<String>,
    pub service: Option<String>,
}

/// What to serve.
pub struct Serve<'a> {
    pub settings: &'a Settings,
    pub data: &'a Path,
    pub keys: &'a Keys,
    pub outside: Outside,
    pub only: Option<BTreeSet<String>>,
    pub demo: bool,
    pub metrics: PrometheusHandle,
    /// Work of the caller's own that runs beside the portal: the demo's operational day.
    pub beside: Option<Beside>,
}

/// Starts a task that ends when it is told to stop.
pub type Beside = Box<dyn FnOnce(Data<Portal>, watch::Receiver<bool>) -> JoinHandle<()>>;

/// The data folder is in use by another full server.
#[derive(Debug, thiserror::Error)]
#[error("another server is using {folder} ({holder}); stop it first, or choose another folder with --data")]
pub struct InUse {
    folder: String,
    holder: String,
}

const RUNNING: &str = "server.json";

/// The running server of a data folder, if it left its address.
pub fn running(data: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(data.join(RUNNING)).ok()?).ok()
}

/// Serves until a signal ends it. `ready` is called once, when every listener is bound.
pub async fn serve(serve: Serve<'_>, ready: impl FnOnce(&Running)) -> anyhow::Result<()> {
    let Serve { settings, data, keys, outside, only, demo, metrics, beside } = serve;
    fs::create_dir_all(data).with_context(|| format!("making the data folder {}", data.display()))?;
    let whole = only.is_none();
    let _lock = whole.then(|| lock(data)).transpose()?;
    let plan = Plan { settings, data, keys, outside: outside.clone(), only };
    let wired = wire::wire(plan).await?;
    let (stop, stopping) = watch::channel(false);

    let public = if whole { Some(bind(&settings.http.listen, "http.listen")?) } else { None };
    let ops = bind_ops(settings, whole)?;
    let service = bind_service(settings, whole)?;
    let address = |l: &TcpListener| l.local_addr().map(|a| format!("http://{a}"));
    let running = Running {
        pid: std::process::id(),
        url: public.as_ref().map(address).transpose()?,
        ops: ops.as_ref().map(address).transpose()?,
        service: service.as_ref().map(address).transpose()?,
    };
    let portal = portal(settings, keys, &outside, &wired, running.url.as_deref().unwrap_or_default(), demo);

    let mut tasks = wired.background(&stopping);
    tasks.push(tokio::spawn(keep_small(metrics.clone(), stopping.clone())));
    let mut servers = Vec::new();
    if let Some(listener) = ops {
        let ofrep = portal.clone().map(|portal| Data::new(Ofrep::new(portal, &rates(&settings.limits))));
        servers.push(ops_server(listener, metrics, &wired, ofrep)?);
    }
    if let Some(listener) = service {
        servers.push(service_server(listener, &wired, &outside)?);
    }
    if let (Some(listener), Some(portal)) = (public, portal) {
        tasks.push(tokio::spawn(mail::post(mail::Postman::new(settings, data, &portal)?, stopping.clone())));
        let hub = Hub::new();
        tasks.push(tokio::spawn(hub.clone().follow(portal.clone(), stopping.clone())));
        if let Some(beside) = beside {
            tasks.push(beside(portal.clone(), stopping.clone()));
        }
        let seam = wired.seam(keys, &outside);
        servers.push(public_server(listener, portal, hub, (seam, Wired::jwks(keys)), settings)?);
    }
    if whole {
        fs::write(data.join(RUNNING), serde_json::to_vec(&running)?)?;
    }
    ready(&running);
    wait(servers).await?;
    // Nobody listens when no task is left; that is fine.
    let _ = stop.send(true);
    for task in tasks {
        let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
    }
    if whole {
        let _ = fs::remove_file(data.join(RUNNING));
    }
    Ok(())
}

/// Sums up the samples of histograms, which else pile up until somebody scrapes.
async fn keep_small(metrics: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(Duration::from_secs(5), stop.changed()).await.is_err() {
        metrics.run_upkeep();
    }
}

fn portal(
    settings: &Settings,
    keys: &Keys,
    outside: &Outside,
    wired: &Wired,
    address: &str,
    demo: bool,
) -> Option<Data<Portal>> {
    let public_url = match settings.http.public_url.trim_end_matches('/') {
        "" => address.to_owned(),
        url => url.to_owned(),
    };
    let house = House { brand: settings.brand.name.clone(), demo, public_url };
    Some(Data::new(Portal {
        faces: wired.faces.clone(),
        cockpit: wired.cockpit.clone()?,
        own_tokens: wired.own_tokens(outside),
        outside: outside.clone(),
        seal: Seal::new(&keys.derive("cookies"), outside.clone(), house.is_https()),
        assets: Assets::new(),
        house,
    }))
}

fn public_server(
    listener: TcpListener,
    portal: Data<Portal>,
    hub: Arc<Hub>,
    (seam, jwks): (impl Fn() -> Seam + Clone + Send + 'static, String),
    settings: &Settings,
) -> anyhow::Result<actix_web::dev::Server> {
    let sessions = Data::new(Sessions::new());
    let hub = Data::from(hub);
    let gate = Data::new(gate(settings, &portal.house.public_url)?);
    let workers = settings.http.workers;
    let mut server = HttpServer::new(move || {
        let jwks = jwks.clone();
        App::new()
            .app_data(portal.clone())
            .app_data(sessions.clone())
            .app_data(hub.clone())
            .app_data(gate.clone())
            .app_data(Data::new(seam()))
            .wrap(actix_web::middleware::Compress::default())
            .wrap(from_fn(edge::pass))
            .configure(pages::routes)
            .configure(api::routes)
            .configure(admin::routes)
            .route("/static/{path:.*}", web::get().to(edge::routes::asset))
            .route("/.well-known/jwks.json", web::get().to(move || ready(key_set(&jwks))))
    })
    .tcp_nodelay(true)
    .client_request_timeout(Duration::from_secs(5))
    .shutdown_timeout(10);
    if workers > 0 {
        server = server.workers(workers);
    }
    Ok(server.listen(listener)?.run())
}

/// By which upstreams check what they are told of who asks.
fn key_set(jwks: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("application/jwk-set+json").body(jwks.to_owned())
}

/// The edge's state, from the settings that people write.
fn gate(settings: &Settings, public_url: &str) -> anyhow::Result<Gate> {
    let rates = rates(&settings.limits);
    let trusted_proxies = &settings.http.trusted_proxies;
    Gate::new(&EdgeSettings { public_url, trusted_proxies, rates }).map_err(anyhow::Error::msg)
}

fn rates(limits: &Limits) -> Rates {
    let Limits { enabled, pages, sign_in, find_booking } = *limits;
    Rates { enabled, pages, sign_in, find_booking }
}

fn service_server(
    listener: TcpListener,
    wired: &Wired,
    outside: &Outside,
) -> anyhow::Result<actix_web::dev::Server> {
    let offer = wired.offer(outside);
    let server = HttpServer::new(move || App::new().configure(offer.clone()));
    Ok(server.workers(2).tcp_nodelay(true).disable_signals().shutdown_timeout(5).listen(listener)?.run())
}

fn ops_server(
    listener: TcpListener,
    metrics: PrometheusHandle,
    wired: &Wired,
    ofrep: Option<Data<Ofrep>>,
) -> anyhow::Result<actix_web::dev::Server> {
    let metrics = Data::new(metrics);
    let databases = Data::new(wired.databases.clone());
    let server = HttpServer::new(move || {
        let ofrep = ofrep.clone();
        App::new()
            .app_data(metrics.clone())
            .app_data(databases.clone())
            .configure(|cfg| {
                if let Some(ofrep) = ofrep {
                    cfg.app_data(ofrep).configure(ofrep::routes);
                }
            })
            .route("/livez", web::get().to(|| async { "ok\n" }))
            .route("/startupz", web::get().to(|| async { "ok\n" }))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(|m: Data<PrometheusHandle>| async move { m.render() }))
    });
    Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

/// Ready means that every local database answers.
async fn readyz(databases: Data<Vec<store::Db>>) -> HttpResponse {
    for db in databases.iter() {
        if let Err(error) = db.head().await {
            return HttpResponse::ServiceUnavailable().body(format!("{}: {error}\n", db.module()));
        }
    }
    HttpResponse::Ok().body("ready\n")
}

/// The last server listens for signals; when it ends, the others are stopped.
async fn wait(mut servers: Vec<actix_web::dev::Server>) -> anyhow::Result<()> {
    let Some(last) = servers.pop() else { bail!("there is nothing to serve") };
    let handles: Vec<_> = servers.iter().map(actix_web::dev::Server::handle).collect();
    for server in servers {
        tokio::spawn(server);
    }
    last.await?;
    for handle in handles {
        handle.stop(true).await;
    }
    Ok(())
}

fn bind(address: &str, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        format!("cannot listen on {address}: another program may hold the port; choose another with {key} (port 0 takes a free one)")
    })
}

/// A second process beside a running server takes a free port rather than failing over its probes.
fn bind_ops(settings: &Settings, whole: bool) -> anyhow::Result<Option<TcpListener>> {
    match settings.ops.listen.as_str() {
        "" => Ok(None),
        address if whole => bind(address, "ops.listen (--ops)").map(Some),
        address => Ok(TcpListener::bind(address).ok()),
    }
}

fn bind_service(settings: &Settings, whole: bool) -> anyhow::Result<Option<TcpListener>> {
    match settings.service.listen.as_str() {
        "" if whole => Ok(None),
        "" => bail!(
            "--only needs an address to offer the modules on: set service.listen (BANYAN__SERVICE__LISTEN)"
        ),
        address => bind(address, "service.listen").map(Some),
    }
}

fn lock(data: &Path) -> anyhow::Result<fs::File> {
    let path = data.join("serve.lock");
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    let holder = running(data).map_or_else(
        || "its address is unknown".into(),
        |r| format!("process {}, {}", r.pid, r.url.unwrap_or_default()),
    );
    Err(InUse { folder: data.display().to_string(), holder }.into())
}
