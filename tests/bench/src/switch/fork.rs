//! What the seam adds: an in-process call through the fork beside a direct one, and a call over HTTP beside a plain
//! request with the same bytes. Turn by turn, so that whatever else the machine does happens to both.

use std::{
    hint::black_box,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Bytes, Data},
};
use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use kernel::{
    Ctx, Fault, Fork, InterfaceError, Outside, Remote, Served, SystemEntropy, Target, Unseen, WireCall,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shims::{HttpTransport, Offered, ServiceKey};
use switch::{BUCKETS, Binding, Hop, Ranges, State, Switch, Table, Traffic};

use super::quantiles::Times;
use crate::{Options, figures::Figures};

kernel::interface! { "notes",
    /// As little work as an interface can have.
    pub trait Echo {
        /// The same again.
        #[query]
        async fn echo(&self, ctx: &Ctx, of: Said) -> Result<Said, NoEcho>;
    }
}

/// About as much as a short list of notes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Said(Arc<str>);

#[derive(Debug, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub(crate) enum NoEcho {
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl InterfaceError for NoEcho {
    fn fault(&self) -> Option<&Fault> {
        let Self::Fault(fault) = self;
        Some(fault)
    }
}

struct Wall;

#[async_trait]
impl Echo for Wall {
    async fn echo(&self, _: &Ctx, of: Said) -> Result<Said, NoEcho> {
        Ok(of)
    }
}

pub(super) fn run(options: &Options) -> Result<Figures> {
    shims::install_tls_provider();
    // The portal has a recorder, so the price of its counters is part of a call.
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder();
    recorder.context("a recorder")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures = Figures::default();
    runtime.block_on(in_process(options, &mut figures))?;
    runtime.block_on(over_http(options, &mut figures))?;
    Ok(figures)
}

async fn in_process(options: &Options, figures: &mut Figures) -> Result<()> {
    let calls = if options.quick { 20_000 } else { 1_000_000 };
    let direct: Arc<dyn Echo> = Arc::new(Wall);
    let ctx = pinned(&Switch::new(table(0)?, Outside::system().clock));
    let forked: Arc<dyn Echo> = Arc::new(fork(0, None)?);
    let (mut near, mut through) = (Times::default(), Times::default());
    let said = said();
    for call in 0..calls + calls / 10 {
        let (direct, through_fork) = (timed(&direct, &ctx, &said).await?, timed(&forked, &ctx, &said).await?);
        // The first tenth warms up.
        if call >= calls / 10 {
            near.add(direct);
            through.add(through_fork);
        }
    }
    let on = format!("{calls} calls each, turn by turn; pinned, with breakers, measures and counters");
    let added = |thousandths, near: &mut Times, through: &mut Times| {
        micros(through.at(thousandths)) - micros(near.at(thousandths))
    };
    figures.less("fork.added_p50_us", "µs", added(500, &mut near, &mut through), None, &on);
    figures.less("fork.added_p99_us", "µs", added(990, &mut near, &mut through), Some(5.0), &on);
    Ok(())
}

async fn timed(echo: &Arc<dyn Echo>, ctx: &Ctx, said: &Said) -> Result<Duration> {
    let question = said.clone();
    let begun = Instant::now();
    let answer = black_box(echo.echo(ctx, question).await);
    let took = begun.elapsed();
    answer?;
    Ok(took)
}

async fn over_http(options: &Options, figures: &mut Figures) -> Result<()> {
    let calls = if options.quick { 500 } else { 20_000 };
    let key = Arc::new(ServiceKey::new(&[7; 32]));
    let base = far_end(key.clone())?;
    let transport = HttpTransport::new(&base, "bench", key, Outside::system().clock)?;
    let far: Arc<dyn Echo> = Arc::new(fork(BUCKETS, Some(Arc::new(Remote::new(transport))))?);
    let ctx = pinned(&Switch::new(table(BUCKETS)?, Outside::system().clock));
    let said = said();
    let bytes = Bytes::from(serde_json::to_vec(&WireCall { ctx: ctx.clone(), question: said.clone() })?);
    let plain = reqwest::Client::builder().no_proxy().tcp_nodelay(true).http1_only().build()?;
    let bare = format!("{base}/bare");
    let (mut direct, mut call) = (Times::default(), Times::default());
    for round in 0..calls + calls / 10 {
        let begun = Instant::now();
        let answer = plain.post(&bare).body(bytes.clone()).send().await?.bytes().await?;
        let straight = begun.elapsed();
        ensure!(!answer.is_empty(), "a bare answer");
        let called = timed(&far, &ctx, &said).await?;
        if round >= calls / 10 {
            direct.add(straight);
            call.add(called);
        }
    }
    let on = format!(
        "{calls} calls each, turn by turn, to the same server in a thread of its own; plain: p50 {:.0} µs, p99 {:.0} µs",
        micros(direct.at(500)),
        micros(direct.at(990))
    );
    figures.less(
        "remote.added_p50_us",
        "µs",
        micros(call.at(500)) - micros(direct.at(500)),
        Some(150.0),
        &on,
    );
    figures.less("remote.added_p99_us", "µs", micros(call.at(990)) - micros(direct.at(990)), None, &on);
    Ok(())
}

/// The far end beside a bare handler that answers what a call's answer is long.
fn far_end(key: Arc<ServiceKey>) -> Result<String> {
    let (tell, told) = mpsc::channel();
    let wall: Arc<dyn Echo> = Arc::new(Wall);
    let served = Served::default().with::<dyn Echo>(wall);
    let offered = Data::new(Offered { served, key, clock: Outside::system().clock });
    let answer = Bytes::from(serde_json::to_vec(&Ok::<_, NoEcho>(said()))?);
    let make = move || {
        let answer = answer.clone();
        let bare = move |_: Bytes| std::future::ready(HttpResponse::Ok().body(answer.clone()));
        App::new()
            .configure(|config| shims::offer(config, offered.clone()))
            .route("/bare", web::post().to(bare))
    };
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let server = HttpServer::new(make).workers(1).tcp_nodelay(true).bind("127.0.0.1:0")?;
            server.addrs().into_iter().for_each(|at| {
                let _ = tell.send(at);
            });
            server.disable_signals().run().await
        })
    });
    Ok(format!("http://{}", told.recv()?))
}

fn fork(share: u32, far: Option<Arc<dyn Echo>>) -> Result<Fork<dyn Echo>> {
    let table = table(share)?;
    let traffic = Traffic::new(Arc::new(SystemEntropy));
    traffic.apply(&table, Outside::system().now());
    let switch = Arc::new(Switch::new(table, Outside::system().clock));
    let here: Arc<dyn Echo> = Arc::new(Wall);
    let fork = Fork::new(switch, Some(here)).watched(Arc::new(traffic));
    Ok(match far {
        Some(far) => fork.with("notes", far),
        None => fork,
    })
}

fn pinned(switch: &Switch) -> Ctx {
    use kernel::Decide;
    let ctx = Ctx::system("bench").with_time(Duration::from_hours(1));
    let pin = switch.pin(&ctx, &Unseen);
    Ctx { pin: Some(pin), trace_id: "0af7651916cd43dd8448eb211c80319c".into(), ..ctx }
}

fn table(share: u32) -> Result<Table> {
    let remote = Target::Remote("notes".into());
    let binding = Binding {
        ranges: Ranges::new([(remote.clone(), share), (Target::Here, BUCKETS - share)].into())?,
        hop: Hop { from: Target::Here, to: remote },
        state: State::ReadRamp,
        ..Binding::here()
    };
    Ok(Table::here(&["accounts", "booking", "search", "status"]).with("notes", binding))
}

fn said() -> Said {
    Said("a note of some length, ".repeat(20).into())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
