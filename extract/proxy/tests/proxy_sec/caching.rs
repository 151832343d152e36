//! The proxy keeps nothing, and lets no other cache keep by accident what was for one person.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    door::Door,
    upstream::{Then, Upstream, answer},
};

#[test]
fn proxy_sec_caching_says_private_where_nothing_is_said() {
    for (says, wants) in [
        ("", "private, no-store"),
        ("Cache-Control: public, max-age=60\r\n", "public, max-age=60"),
        ("cache-control: no-cache\r\n", "no-cache"),
        ("Expires: Wed, 21 Oct 2037 07:28:00 GMT\r\n", "private, no-store"),
        ("ETag: \"1\"\r\n", "private, no-store"),
        ("Connection: cache-control\r\nCache-Control: public\r\n", "private, no-store"),
    ] {
        let upstream = Upstream::says(answer(says, ""));
        let answer = Door::before(&upstream).get("/a");
        assert_eq!(answer.head.value("cache-control").as_deref(), Some(wants), "{says}");
    }
}

#[test]
fn proxy_sec_caching_keeps_nothing() {
    let count = AtomicUsize::new(0);
    let upstream = Upstream::start(move |_, wire| {
        let turn = count.fetch_add(1, Ordering::SeqCst);
        wire.send(answer("Cache-Control: public, max-age=3600\r\nETag: \"same\"\r\n", &turn.to_string()));
        Then::Keep
    });
    let door = Door::before(&upstream);
    for turn in 0..3 {
        assert_eq!(door.get("/a").text(), turn.to_string(), "asked again each time");
    }
}

/// Headers that caches do not key on and frameworks believe never arrive, so they are never reflected either.
#[test]
fn proxy_sec_caching_unkeyed_headers_are_not_reflected() {
    for line in [
        "X-Forwarded-Host: evil.test",
        "X-Forwarded-Scheme: evil.test",
        "X-Original-URL: /evil.test",
        "X-Rewrite-URL: /evil.test",
        "X-Original-Host: evil.test",
        "X-Host: evil.test",
        "X-HTTP-Method-Override: evil.test",
        "X-Forwarded-Prefix: /evil.test",
        "Forwarded: host=evil.test",
    ] {
        let upstream = Upstream::start(|seen, wire| {
            wire.send(answer("Cache-Control: public\r\n", &seen.head.text()));
            Then::Keep
        });
        let door = Door::before(&upstream);
        let answer = door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{line}\r\n\r\n"));
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains("evil"), "{line}: {}", answer.text());
        assert!(!answer.head.text().contains("evil"), "{line}: {}", answer.head.text());
    }
}

/// A GET with a body is a question that a cache in between would not see whole: refused, and the next one is clean.
#[test]
fn proxy_sec_caching_get_with_a_body() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    for framing in
        ["Content-Length: 9\r\n\r\nGET /b HT", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"]
    {
        assert_eq!(door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{framing}")).status, 400);
    }
    assert!(upstream.seen().is_empty());
    assert_eq!(door.get("/clean").text(), "/clean");
}

/// Conditional and range requests are between the client and the upstream.
#[test]
fn proxy_sec_caching_conditions_pass() {
    let upstream = Upstream::says(
        "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nETag: \"x\"\r\nContent-Length: 2\r\n\r\nhe",
    );
    let door = Door::before(&upstream);
    let answer = door.ask("GET /a HTTP/1.1\r\nHost: portal.test\r\nRange: bytes=0-1\r\nIf-None-Match: \"y\"\r\nAccept-Encoding: br\r\n\r\n");
    assert_eq!((answer.status, answer.text().as_str()), (206, "he"));
    assert_eq!(answer.head.value("content-range").as_deref(), Some("bytes 0-1/9"));
    let head = upstream.only().head;
    for (name, value) in [("range", "bytes=0-1"), ("if-none-match", "\"y\""), ("accept-encoding", "br")] {
        assert_eq!(head.value(name).as_deref(), Some(value));
    }
}
