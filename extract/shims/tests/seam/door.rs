//! The far end's door: who is let in, how much is read, and how long work goes on for an asker.

use std::{sync::atomic::Ordering, time::Duration};

use kernel::{Ctx, Kind, Pin, Remote, Target, Targets};
use serde_json::json;
use shims::{BODY_LIMIT, ServiceKey};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::ledger::{Entry, FarEnd, Ledger, LedgerError, transport, within};

fn pinned() -> Ctx {
    let to = Targets::all(Target::Remote("x".into()));
    Ctx { pin: Some(Pin::new(412, [("ledger".into(), to)])), ..within(5_000) }
}

fn client() -> reqwest::Client {
    shims::install_tls_provider();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[actix_web::test]
async fn a_pin_is_obeyed_from_those_who_are_let_in_and_seen_of_nobody_else() {
    let far = FarEnd::start();
    let now = kernel::Outside::system().now();
    let seconds = jiff::SignedDuration::from_secs;
    let stranger = ServiceKey::new(&[8; 32]);
    let good = far.key.token("suite", "ledger", now);
    let table = [
        (None, 401),
        (Some(String::new()), 401),
        (Some(format!("{good}x")), 401),
        (Some(good.to_uppercase()), 401),
        (Some(stranger.token("suite", "ledger", now)), 401),
        (Some(far.key.token("suite", "ledger", now - seconds(90))), 401),
        (Some(far.key.token("suite", "ledger", now + seconds(90))), 401),
        (Some(far.key.token("suite", "booking", now)), 401),
        (Some(good.clone()), 200),
        // Remembered, and still judged: the same token does not open another door.
        (Some(good.clone()), 200),
    ];
    let body = json!({ "ctx": pinned(), "question": { "id": 1 } }).to_string();
    for (token, status) in table {
        let mut request =
            client().post(format!("http://127.0.0.1:{}/call/ledger/epoch", far.port)).body(body.clone());
        if let Some(token) = &token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{token:?}");
        let expected = if status == 200 { r#"{"Ok":412}"# } else { "" };
        assert_eq!(answer.text().await.unwrap(), expected, "{token:?}");
    }
    let other = format!("http://127.0.0.1:{}/call/booking/epoch", far.port);
    let answer = client().post(other).bearer_auth(good).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let near = Remote::new(transport(far.port));
    assert_eq!(near.epoch(&pinned(), Entry { id: 1 }).await, Ok(412));
    assert_eq!(near.epoch(&within(5_000), Entry { id: 1 }).await, Err(LedgerError::Missing));
    assert_eq!(pinned().pin.unwrap().target("ledger", Kind::Query), Some(&Target::Remote("x".into())));
}

/// A stranger is refused by the head alone; whatever the promised body, none of it is awaited.
#[actix_web::test]
async fn a_stranger_is_refused_before_the_body() {
    let far = FarEnd::start();
    let mut stream = TcpStream::connect(("127.0.0.1", far.port)).await.unwrap();
    let head = format!("POST /call/ledger/read HTTP/1.1\r\nhost: x\r\ncontent-length: {BODY_LIMIT}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    let read = stream.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), read).await.expect("an answer at once").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
}

#[actix_web::test]
async fn a_question_that_is_too_long_is_not_read_to_its_end() {
    let far = FarEnd::start();
    let token = far.key.token("suite", "ledger", kernel::Outside::system().now());
    let mut stream = TcpStream::connect(("127.0.0.1", far.port)).await.unwrap();
    let head = format!(
        "POST /call/ledger/read HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        BODY_LIMIT + 1
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    actix_web::rt::spawn(async move {
        let chunk = vec![b' '; 1 << 20];
        while to.write_all(&chunk).await.is_ok() {}
    });
    let mut answer = [0; 12];
    let read = from.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("an answer").unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

/// The asker keeps its connection open, so that only its own word about the time can end the work.
#[actix_web::test]
async fn work_is_dropped_when_its_askers_time_is_over() {
    let far = FarEnd::start();
    let token = far.key.token("suite", "ledger", kernel::Outside::system().now());
    let body = json!({ "ctx": within(100), "question": { "id": 1 } }).to_string();
    let ponder = format!("http://127.0.0.1:{}/call/ledger/ponder", far.port);
    let answer = client().post(ponder).bearer_auth(token).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(answer.text().await.unwrap().contains("timed_out"));
    assert_eq!(far.book.pondering.load(Ordering::SeqCst), 0);
}
