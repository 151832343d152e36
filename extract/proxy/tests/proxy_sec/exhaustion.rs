//! Nobody uses the portal up: silence, drips and floods on either side end at a limit, and what streams through is
//! never held.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use crate::{
    door::{Door, Plan},
    upstream::{BlackHole, Then, Upstream, ok},
};

const SOON: Duration = Duration::from_millis(300);
/// Far from any limit set here, near enough to tell one from another.
const LATE: Duration = Duration::from_secs(8);
/// More than all socket buffers on the way together, far less than what is offered.
const HELD: u64 = 48 << 20;
const OFFERED: u64 = 512 << 20;

#[test]
fn proxy_sec_exhaustion_connect() {
    let hole = BlackHole::open();
    let door = Plan::to(hole.address).connect(SOON).open();
    let begun = Instant::now();
    let status = door.get("/a").status;
    assert!((502..=504).contains(&status), "{status}");
    assert!(begun.elapsed() < LATE);
}

#[test]
fn proxy_sec_exhaustion_nobody_there() {
    let gone = Upstream::echo().address_after_its_end();
    let status = Plan::to(gone).open().get("/a").status;
    assert!((502..=503).contains(&status), "{status}");
}

#[test]
fn proxy_sec_exhaustion_black_hole() {
    let upstream = Upstream::start(|_, wire| {
        wire.hang();
        Then::Close
    });
    let door = Plan::before(&upstream).head(SOON).open();
    let begun = Instant::now();
    assert_eq!(door.get("/a").status, 504);
    assert!(begun.elapsed() < LATE);
    upstream.wait_closed(1);
}

#[test]
fn proxy_sec_exhaustion_head_by_drips() {
    let upstream = Upstream::start(|_, wire| {
        wire.send("HTTP/1.1 200 OK\r\nX-A: ");
        while wire.send("a") {
            wire.pause(Duration::from_millis(20));
        }
        Then::Close
    });
    let door = Plan::before(&upstream).head(SOON).open();
    let begun = Instant::now();
    assert_eq!(door.get("/a").status, 504);
    assert!(begun.elapsed() < LATE);
    upstream.wait_closed(1);
}

#[test]
fn proxy_sec_exhaustion_body_stops() {
    let upstream = Upstream::start(|_, wire| {
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        wire.hang();
        Then::Close
    });
    let door = Plan::before(&upstream).idle(SOON).open();
    let begun = Instant::now();
    let answer = door.get("/a");
    assert!(!answer.whole && begun.elapsed() < LATE);
    upstream.wait_closed(1);
}

#[test]
fn proxy_sec_exhaustion_body_by_drips() {
    let upstream = Upstream::start(|_, wire| {
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while wire.send("a") {
            wire.pause(Duration::from_millis(20));
        }
        Then::Close
    });
    let door = Plan::before(&upstream).total(SOON).open();
    let begun = Instant::now();
    let answer = door.get("/a");
    assert!(!answer.whole && begun.elapsed() < LATE);
    upstream.wait_closed(1);
}

/// A client that sends its body by drips holds an upstream no longer than the limit.
#[test]
fn proxy_sec_exhaustion_upload_by_drips() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).idle(SOON).total(SOON).head(SOON).open();
    let mut client = door.client();
    client.send("POST /a HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 10\r\n\r\nhello");
    let begun = Instant::now();
    let answer = client.answer();
    assert!(answer.status >= 400 && begun.elapsed() < LATE, "{}", answer.status);
    assert!(upstream.seen().is_empty());
}

#[test]
fn proxy_sec_exhaustion_too_many_at_once() {
    let (go, next) = mpsc::channel::<()>();
    let next = Mutex::new(next);
    let upstream = Upstream::start(move |seen, wire| {
        if seen.head.target() == "/held" {
            let _ = next.lock().unwrap().recv();
        }
        wire.send(ok("done"));
        Then::Keep
    });
    let door = Plan::before(&upstream).at_once(2).open();
    let mut held: Vec<_> = (0..2).map(|_| door.client()).collect();
    for client in &mut held {
        client.send("GET /held HTTP/1.1\r\nHost: portal.test\r\n\r\n");
    }
    upstream.wait_for(2);
    let refused = door.get("/third");
    assert_eq!(refused.status, 503);
    assert!(refused.head.has("retry-after"), "{}", refused.head.text());
    go.send(()).unwrap();
    go.send(()).unwrap();
    for client in &mut held {
        assert_eq!(client.answer().text(), "done");
    }
    assert_eq!(door.get("/fourth").text(), "done", "room again");
    assert_eq!(upstream.seen().len(), 3, "the refused one never went up");
}

/// A download that nobody reads stops the upstream instead of filling the portal.
#[test]
fn proxy_sec_exhaustion_download_pushes_back() {
    let sent = Arc::new(AtomicU64::new(0));
    let (tell, stalled) = mpsc::channel();
    let (counter, tell) = (Arc::clone(&sent), Mutex::new(tell));
    let upstream = Upstream::start(move |_, wire| {
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {OFFERED}\r\n\r\n"));
        counter.store(wire.flood_until_stalled(OFFERED), Ordering::SeqCst);
        let _ = tell.lock().unwrap().send(());
        Then::Close
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("GET /flood HTTP/1.1\r\nHost: portal.test\r\n\r\n");
    client.head();
    stalled.recv_timeout(LATE).expect("the upstream was stopped");
    assert!(sent.load(Ordering::SeqCst) < HELD, "{} bytes went nowhere", sent.load(Ordering::SeqCst));
}

/// An upload that the upstream does not read stops the client.
#[test]
fn proxy_sec_exhaustion_upload_pushes_back() {
    let (done, wait) = mpsc::channel::<()>();
    let wait = Mutex::new(wait);
    let upstream = Upstream::at_the_head(move |_, _| {
        let _ = wait.lock().unwrap().recv_timeout(LATE);
        Then::Close
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send(format!("POST /flood HTTP/1.1\r\nHost: portal.test\r\nContent-Length: {OFFERED}\r\n\r\n"));
    let sent = client.flood_until_stalled(OFFERED);
    drop(done);
    assert!(sent < HELD, "{sent} bytes went nowhere");
}

/// A body of any size goes through, both ways at once; only counts are kept here.
#[test]
fn proxy_sec_exhaustion_large_bodies_stream() {
    let size: u64 = 256 << 20;
    let upstream = Upstream::start(move |_, wire| {
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"));
        wire.flood(size);
        Then::Close
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send(format!(
        "POST /big HTTP/1.1\r\nHost: portal.test\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
    ));
    assert_eq!(client.flood(size), size);
    client.head();
    assert_eq!(client.count_to_end(), size);
    assert_eq!(upstream.only().length, size);
}

/// An upstream whose answer is longer than it may be is cut off, and visibly so.
#[test]
fn proxy_sec_exhaustion_answer_cap() {
    for framing in ["Content-Length: 2000000\r\n\r\n", "\r\n"] {
        let upstream = Upstream::start(move |_, wire| {
            wire.send(format!("HTTP/1.1 200 OK\r\n{framing}"));
            wire.flood(2_000_000);
            Then::Close
        });
        let door = Plan::before(&upstream).cap(1_000_000).open();
        let answer = door.get("/a");
        let cut = !answer.whole && answer.body.len() <= 1_000_000;
        assert!(answer.status == 502 || cut, "{framing}: {} {}", answer.status, answer.body.len());
        assert!(!answer.head.has("content-length") || answer.status == 502 || cut);
    }
}

/// Half of them up, half of them down.
#[test]
fn proxy_sec_exhaustion_a_million_tiny_chunks() {
    let chunks = 500_000;
    let upstream = Upstream::start(move |seen, wire| {
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        wire.send("1\r\na\r\n".repeat(chunks));
        wire.send("0\r\n\r\n");
        assert_eq!(seen.length, chunks as u64);
        Then::Keep
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("POST /tiny HTTP/1.1\r\nHost: portal.test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("1\r\nb\r\n".repeat(chunks)).send("0\r\n\r\n");
    let answer = client.answer();
    assert_eq!((answer.body.len(), answer.whole), (chunks, true));
    assert_eq!(upstream.only().length, chunks as u64);
}

/// Whoever leaves in mid-download frees the upstream.
#[test]
fn proxy_sec_exhaustion_client_leaves() {
    let upstream = Upstream::start(|_, wire| {
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {OFFERED}\r\n\r\n"));
        wire.flood(OFFERED);
        Then::Close
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("GET /flood HTTP/1.1\r\nHost: portal.test\r\n\r\n");
    client.bytes(100_000);
    drop(client);
    upstream.wait_closed(1);
}

/// A client that asks for much and reads nothing does not keep an upstream's connection for itself.
#[test]
fn proxy_sec_exhaustion_client_does_not_read() {
    let upstream = Upstream::start(|_, wire| {
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {OFFERED}\r\n\r\n"));
        wire.flood(OFFERED);
        Then::Close
    });
    let door = Plan::before(&upstream).idle(SOON).total(SOON).open();
    let mut client = door.client();
    client.send("GET /flood HTTP/1.1\r\nHost: portal.test\r\n\r\n");
    client.head();
    upstream.wait_closed(1);
}

/// An answer that comes before the upload is over reaches the client.
#[test]
fn proxy_sec_exhaustion_early_answer() {
    let upstream = Upstream::at_the_head(|_, wire| {
        wire.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
        wire.hang();
        Then::Close
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("POST /a HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 1000000\r\n\r\n");
    client.send("a".repeat(1_000));
    let answer = client.answer();
    assert_eq!((answer.status, answer.text().as_str()), (413, "big"));
}
