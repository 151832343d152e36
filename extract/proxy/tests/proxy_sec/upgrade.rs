//! Sockets and event streams: bytes both ways and at once, only where a route says so, and for as long as they move.

use std::{
    sync::{Mutex, mpsc},
    time::Duration,
};

use crate::{
    door::{Door, Plan},
    upstream::{Then, Upstream},
};

const ASK: &str = "GET /socket HTTP/1.1\r\nHost: portal.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[test]
fn proxy_sec_upgrade_copies_both_ways() {
    let upstream = Upstream::at_the_head(|_, wire| {
        wire.send(format!("{SWITCHED}first"));
        while let [byte] = wire.read(1)[..] {
            wire.send([byte.to_ascii_uppercase()]);
        }
        Then::Close
    });
    let door = Plan::before(&upstream).upgrades().open();
    let mut client = door.client();
    client.send(format!("{ASK}early"));
    let head = client.head();
    assert_eq!(head.status(), 101);
    assert_eq!(head.value("upgrade").as_deref(), Some("websocket"));
    assert_eq!(head.value("sec-websocket-accept").as_deref(), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(client.until("EARLY"), "firstEARLY", "what came with the heads is not lost");
    for word in ["a", "bc", "def"] {
        client.send(word);
        assert_eq!(client.until(&word.to_uppercase()), word.to_uppercase());
    }
    let seen = upstream.only();
    assert_eq!(seen.head.value("upgrade").as_deref(), Some("websocket"));
    assert!(seen.head.value("connection").is_some_and(|value| value.eq_ignore_ascii_case("upgrade")));
    assert!(seen.head.has("sec-websocket-key"));
    drop(client);
    upstream.wait_closed(1);
}

#[test]
fn proxy_sec_upgrade_ends_with_the_upstream() {
    let upstream = Upstream::at_the_head(|_, wire| {
        wire.send(format!("{SWITCHED}bye"));
        Then::Close
    });
    let door = Plan::before(&upstream).upgrades().open();
    let mut client = door.client();
    client.send(ASK);
    assert_eq!(client.head().status(), 101);
    assert_eq!(client.until("bye"), "bye");
    assert!(client.is_closed());
}

/// Not declared: refused early, and no upstream hears of it.
#[test]
fn proxy_sec_upgrade_only_where_declared() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    let status = door.ask(ASK).status;
    assert!((400..=501).contains(&status), "{status}");
    assert!(upstream.seen().is_empty());
}

/// Declared or not, the only protocol is the one that browsers have: no tunnel for anything else.
#[test]
fn proxy_sec_upgrade_to_nothing_else() {
    for protocol in ["h2c", "TLS/1.0", "foo", "h2c, websocket"] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).upgrades().open();
        let status = door
            .ask(format!(
                "GET /a HTTP/1.1\r\nHost: portal.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\n\
                 HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
            ))
            .status;
        // A server may go on as if `h2c` had not been asked for.
        let wants = if protocol == "h2c" { 200 } else { 400 };
        assert_eq!(status, wants, "{protocol}");
        for seen in upstream.seen() {
            assert!(wants == 200 && !seen.head.has("upgrade"), "{protocol}: {}", seen.head.text());
        }
    }
}

/// An upstream that declines answers like any other, and the connection stays good.
#[test]
fn proxy_sec_upgrade_declined() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).upgrades().open();
    let answer = door.ask(ASK);
    assert_eq!((answer.status, answer.text().as_str()), (200, "/socket"));
    assert_eq!(door.get("/next").text(), "/next");
}

/// An upstream that switches to something that nobody asked for has answered nonsense.
#[test]
fn proxy_sec_upgrade_to_what_was_asked() {
    let upstream =
        Upstream::says("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    let door = Plan::before(&upstream).upgrades().open();
    assert_eq!(door.ask(ASK).status, 502);
}

/// Each event arrives before the next one is sent: nothing is collected on the way.
#[test]
fn proxy_sec_upgrade_events_one_by_one() {
    let (go, next) = mpsc::channel::<()>();
    let next = Mutex::new(next);
    let upstream = Upstream::start(move |_, wire| {
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        let mut event = 0;
        while next.lock().unwrap().recv().is_ok() {
            let text = format!("id: {event}\n\n");
            wire.send(format!("{:x}\r\n{text}\r\n", text.len()));
            event += 1;
        }
        wire.send("0\r\n\r\n");
        Then::Keep
    });
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("GET /events HTTP/1.1\r\nHost: portal.test\r\nAccept: text/event-stream\r\n\r\n");
    let head = client.head();
    assert_eq!(head.value("content-type").as_deref(), Some("text/event-stream"));
    for event in 0..20 {
        go.send(()).unwrap();
        client.until(&format!("id: {event}\n\n"));
    }
    drop(go);
    client.until("0\r\n\r\n");
}

/// Streams are free of the total limit and keep the idle one.
#[test]
fn proxy_sec_upgrade_streams_outlive_the_total_limit() {
    let (total, idle) = (Duration::from_millis(300), Duration::from_millis(400));
    let upstream = Upstream::start(move |seen, wire| {
        let kind = if seen.head.target() == "/events" { "text/event-stream" } else { "text/plain" };
        wire.send(format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"));
        for _ in 0..8 {
            wire.pause(Duration::from_millis(100));
            if !wire.send("5\r\nid: 1\r\n") {
                return Then::Close;
            }
        }
        if seen.head.target() == "/events" {
            wire.hang();
        }
        Then::Close
    });
    let door = Plan::before(&upstream).total(total).idle(idle).stream_idle(idle).open();
    let events = door.get("/events");
    assert_eq!(events.body.len(), 8 * 5, "the stream went on past the total limit");
    assert!(!events.whole, "and ended at the idle limit");
    let page = door.get("/page");
    assert!(!page.whole && page.body.len() < 8 * 5, "a page does not: {}", page.body.len());
}

/// Who leaves a stream takes the upstream's end with them: at the next event, or at the idle limit.
#[test]
fn proxy_sec_upgrade_streams_end_when_the_client_leaves() {
    for speaks in [true, false] {
        let upstream = Upstream::start(move |_, wire| {
            wire.send(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
            );
            while wire.send("5\r\nid: 1\r\n") && speaks {
                wire.pause(Duration::from_millis(20));
            }
            wire.hang();
            Then::Close
        });
        let idle = Duration::from_millis(if speaks { 60_000 } else { 300 });
        let door = Plan::before(&upstream).stream_idle(idle).open();
        let mut client = door.client();
        client.send("GET /events HTTP/1.1\r\nHost: portal.test\r\n\r\n");
        client.until("id: 1");
        drop(client);
        upstream.wait_closed(1);
    }
}
