//! What a call costs, near and far. Prints; run it alone and optimised:
//! `cargo test --release -p shims --test seam -- --ignored --nocapture costs`.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::{Always, Fork, Remote, SeededEntropy, Target};
use switch::{Switch, Table, Traffic};

use crate::ledger::{Book, Entry, FarEnd, Ledger, transport, within};

/// The median and the 99th percentile, in microseconds.
fn show(what: &str, mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    println!("cost: {what}: p50 {:.2} µs, p99 {:.2} µs", at(50), at(99));
    (at(50), at(99))
}

async fn asked(ledger: &dyn Ledger, rounds: usize) -> Vec<Duration> {
    let ctx = within(600_000);
    let mut times = Vec::with_capacity(rounds);
    for id in 0..rounds {
        let began = Instant::now();
        black_box(ledger.epoch(&ctx, Entry { id: id as u64 }).await).ok();
        times.push(began.elapsed());
    }
    times.split_off(rounds / 10)
}

#[actix_web::test]
#[ignore = "a measurement"]
async fn costs() {
    shims::install_tls_provider();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _installed = metrics::set_default_local_recorder(&recorder);
    let book: Arc<dyn Ledger> = Arc::new(Book::default());
    let traffic = Arc::new(Traffic::new(SeededEntropy::new(7)));
    let direct = show("direct", asked(&*book, 200_000).await);
    let plain = Fork::<dyn Ledger>::new(Arc::new(Always(Target::Here)), Some(book.clone()));
    show("through a fork, unwatched", asked(&plain, 200_000).await);
    let decide = Arc::new(Switch::new(Table::here(&["ledger"]), kernel::Outside::system().clock));
    let fork = Fork::<dyn Ledger>::new(decide, Some(book.clone())).watched(traffic.clone());
    let forked = show("through a fork with table and traffic", asked(&fork, 200_000).await);
    println!("cost: here adds {:.2} µs p99 (bar 5)", forked.1 - direct.1);

    let (key, now) = (crate::ledger::key(), kernel::Outside::system().now());
    let each = |names: std::ops::Range<u32>| {
        names.map(|name| {
            let began = Instant::now();
            black_box(key.verify(&key.token(&name.to_string(), "ledger", now), "ledger", now)).ok();
            began.elapsed()
        })
    };
    show("signing and verifying a token, which every call did", each(0..1_000).collect());

    let far = FarEnd::start();
    let far_plain = actix_web::HttpServer::new(|| {
        let answer = |body: actix_web::web::Bytes| async move {
            black_box(body);
            actix_web::HttpResponse::Ok().content_type("application/json").body(r#"{"Err":"Missing"}"#)
        };
        actix_web::App::new().route("/", actix_web::web::post().to(answer))
    })
    .workers(1)
    .tcp_nodelay(true)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let address = far_plain.addrs()[0];
    let running = far_plain.run();
    let stop = running.handle();
    actix_web::rt::spawn(running);
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().unwrap();
    let body = serde_json::json!({ "ctx": within(5_000), "question": { "id": 1 } }).to_string();
    let mut times = Vec::new();
    for _ in 0..20_000 {
        let began = Instant::now();
        let answer = client.post(format!("http://{address}/")).body(body.clone()).send().await.unwrap();
        black_box(answer.bytes().await.unwrap());
        times.push(began.elapsed());
    }
    let http = show("a plain loopback HTTP call", times.split_off(2_000));
    drop(stop.stop(false));
    let near: Arc<dyn Ledger> = Arc::new(Remote::new(transport(far.port)));
    let remote = show("a remote call", asked(&*near, 20_000).await);
    let watched = Fork::<dyn Ledger>::new(Arc::new(Always(Target::Remote("l".into()))), None)
        .with("l", near.clone())
        .watched(traffic);
    let through = show("a remote call through a fork with traffic", asked(&watched, 20_000).await);
    println!(
        "cost: remote adds {:.2} µs p50, {:.2} through a fork (bar 150)",
        remote.0 - http.0,
        through.0 - http.0
    );
}
