//! Framing: one well-formed request upstream for each request of a client, framed by us, and never two opinions about
//! where a message ends. The recording upstream holds every request to the letter; these cases try to make it complain.

use std::time::Duration;

use crate::{
    client::Client,
    door::{Door, Plan},
    upstream::{Then, Upstream, ok},
};

/// What becomes of a request.
enum Fate {
    /// 4xx, the connection closed, and the upstream never hears of it.
    Refused,
    /// One request upstream with this body.
    Passes(&'static str),
}
use Fate::{Passes, Refused};

const HEADS: &[(&str, &str, Fate)] = &[
    ("length", "Content-Length: 5\r\n\r\nhello", Passes("hello")),
    ("no body", "\r\n", Passes("")),
    ("length 0", "Content-Length: 0\r\n\r\n", Passes("")),
    ("chunks", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Passes("hello")),
    ("loud chunks", "TRANSFER-ENCODING: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", Passes("hello")),
    ("chunk extension", "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n", Passes("hello")),
    ("length, then chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Refused),
    ("chunks, then length", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", Refused),
    ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", Refused),
    ("list of lengths", "Content-Length: 5, 6\r\n\r\nhello!", Refused),
    ("signed length", "Content-Length: +5\r\n\r\nhello", Refused),
    ("negative length", "Content-Length: -5\r\n\r\nhello", Refused),
    ("hexadecimal length", "Content-Length: 0x5\r\n\r\nhello", Refused),
    ("huge length", "Content-Length: 99999999999999999999\r\n\r\nhello", Refused),
    ("empty length", "Content-Length: \r\n\r\n", Refused),
    ("space before the colon", "Content-Length : 5\r\n\r\nhello", Refused),
    ("folded line", "X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n", Refused),
    ("chunked twice", "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", Refused),
    (
        "two lines of chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        Refused,
    ),
    ("chunked, then identity", "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", Refused),
    ("unknown encoding", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", Refused),
    ("control before chunked", "Transfer-Encoding: \u{b}chunked\r\n\r\n0\r\n\r\n", Refused),
    ("name with a space", "Transfer Encoding: chunked\r\n\r\n0\r\n\r\n", Refused),
    ("NUL in a value", "X-A: b\0c\r\n\r\n", Refused),
];

/// Bodies that break after a good head: the upstream may have seen the head by then, but never a whole request.
const BODIES: &[(&str, &str)] = &[
    ("chunk size that is none", "xyz\r\nhello\r\n0\r\n\r\n"),
    ("hexadecimal mark", "0x5\r\nhello\r\n0\r\n\r\n"),
    ("negative chunk", "-5\r\nhello\r\n0\r\n\r\n"),
    ("endless chunk size", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    ("chunk longer than it says", "3\r\nhello\r\n0\r\n\r\n"),
];

#[test]
fn proxy_sec_framing_of_requests() {
    for (case, rest, fate) in HEADS {
        let upstream = Upstream::echo();
        let door = Door::before(&upstream);
        let mut client = door.client();
        client.send(format!("POST /case HTTP/1.1\r\nHost: portal.test\r\n{rest}"));
        let status = client.answer().status;
        match fate {
            Refused => {
                assert!((400..500).contains(&status), "{case}: {status}");
                assert!(client.is_closed(), "{case}: the connection is not trusted any more");
                assert!(upstream.seen().is_empty(), "{case}: nothing of it went up");
            }
            Passes(body) => {
                assert_eq!(status, 200, "{case}");
                assert_eq!(String::from_utf8_lossy(&upstream.only().body), *body, "{case}");
            }
        }
        assert_own_answer(&door, case);
    }
}

#[test]
fn proxy_sec_framing_of_broken_request_bodies() {
    for (case, body) in BODIES {
        let upstream = Upstream::start(|seen, wire| {
            wire.send(ok(&seen.head.target()));
            Then::Keep
        });
        let door = Door::before(&upstream);
        let mut client = door.client();
        client.send(format!(
            "POST /case HTTP/1.1\r\nHost: portal.test\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        ));
        let status = client.outcome().map(|answer| answer.status);
        assert!(status.is_none_or(|status| status >= 400), "{case}: {status:?}");
        assert!(!upstream.seen().iter().any(|seen| seen.head.target() == "/case"), "{case}: never whole");
        assert_own_answer(&door, case);
    }
}

/// A request hidden in another one's body stays a body.
#[test]
fn proxy_sec_framing_smuggles_nothing() {
    let hidden = "GET /hidden HTTP/1.1\r\nHost: portal.test\r\n\r\n";
    let length = hidden.len();
    let chunk = format!("{length:x}\r\n{hidden}\r\n0\r\n\r\n");
    for head in [
        format!("Content-Length: {length}\r\n\r\n{hidden}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{chunk}"),
    ] {
        let upstream = Upstream::echo();
        let door = Door::before(&upstream);
        assert_eq!(door.ask(format!("POST /case HTTP/1.1\r\nHost: portal.test\r\n{head}")).text(), "/case");
        assert_own_answer(&door, "hidden");
        assert!(upstream.seen().iter().all(|seen| seen.head.target() != "/hidden"));
    }
}

#[test]
fn proxy_sec_framing_is_ours() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send(
        "POST /a HTTP/1.1\r\nHost: portal.test\r\nExpect: 100-continue\r\nTE: trailers\r\nTrailer: X-Sum\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    let status = client.answer().status;
    // actix does not read trailers: it may refuse them, but may not carry them.
    if status == 200 {
        let seen = upstream.only();
        for name in ["expect", "te", "trailer", "x-sum"] {
            assert!(!seen.head.has(name), "{name}");
        }
        assert_eq!(seen.body, b"hello");
    } else {
        assert!(upstream.seen().is_empty());
    }
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    door.ask(
        "POST /a HTTP/1.1\r\nHost: portal.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    );
    assert!(!upstream.only().head.has("expect"));
    door.get("/plain");
    let plain = upstream.last().head;
    assert!(
        !plain.has("content-length") && !plain.has("transfer-encoding"),
        "a GET has no body: {}",
        plain.text()
    );
    door.ask("GET /none HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 0\r\n\r\n");
    assert!(!upstream.last().head.has("content-length"), "nor does a GET that says so");
    door.ask("POST /zeros HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 005\r\n\r\nhello");
    let zeros = upstream.last().head;
    assert!(zeros.target() != "/zeros" || zeros.value("content-length").as_deref() == Some("5"));
}

/// A client that hangs up in mid-body leaves no half request that looks whole.
#[test]
fn proxy_sec_framing_of_a_client_that_leaves() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    for framing in ["Content-Length: 500000\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"]
    {
        let mut client = door.client();
        client.send(format!("POST /half HTTP/1.1\r\nHost: portal.test\r\n{framing}"));
        drop(client);
    }
    assert_own_answer(&door, "after two halves");
    assert!(upstream.seen().iter().all(|seen| seen.head.target() != "/half"));
}

#[test]
fn proxy_sec_framing_of_an_old_client() {
    let upstream =
        Upstream::says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let door = Door::before(&upstream);
    let answer = door.ask("GET /old HTTP/1.0\r\nHost: portal.test\r\n\r\n");
    assert_eq!(answer.text(), "hello");
    assert!(!answer.head.has("transfer-encoding"), "HTTP/1.0 knows no chunks: {}", answer.head.text());
    assert_eq!(upstream.only().head.first_line(), "GET /old HTTP/1.1");
}

/// Answers that have no body, from an upstream that sends one all the same.
#[test]
fn proxy_sec_framing_of_bodiless_answers() {
    for (method, status) in [("HEAD", "200 OK"), ("GET", "204 No Content"), ("GET", "304 Not Modified")] {
        for lie in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
            let case = format!("{method} {status} {lie:?}");
            let upstream = Upstream::start(move |seen, wire| {
                if seen.head.target() == "/case" {
                    wire.send(format!("HTTP/1.1 {status}\r\n{lie}\r\nhello"));
                } else {
                    wire.send(ok(&seen.head.target()));
                }
                Then::Keep
            });
            let door = Door::before(&upstream);
            let mut client = door.client();
            client.send(format!("{method} /case HTTP/1.1\r\nHost: portal.test\r\n\r\n"));
            let head = client.head();
            assert_eq!(head.first_line().get(9..12), status.get(..3), "{case}");
            client.send("GET /next HTTP/1.1\r\nHost: portal.test\r\n\r\n");
            assert_eq!(client.answer().text(), "/next", "{case}: no body was passed on");
            assert_own_answer(&door, &case);
        }
    }
}

#[test]
fn proxy_sec_framing_of_head_keeps_the_length() {
    let upstream = Upstream::says("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("HEAD /h HTTP/1.1\r\nHost: portal.test\r\n\r\n");
    let answer = client.answer_without_body();
    assert_eq!(answer.head.value("content-length").as_deref(), Some("1234"));
    assert_eq!(upstream.only().head.method(), "HEAD");
}

/// What an upstream says that nobody should believe: our 502, or a visible break if the head is already out.
const NONSENSE: &[(&str, &str, u16)] = &[
    (
        "length and chunks",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        502,
    ),
    (
        "chunks and length",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        502,
    ),
    ("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello", 502),
    ("one length twice", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 502),
    (
        "length of the chunks, and chunks",
        "HTTP/1.1 200 OK\r\nContent-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        502,
    ),
    ("length that is none", "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", 502),
    (
        "chunked is not last",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        502,
    ),
    ("no protocol", "hello\r\n\r\n", 502),
    ("other protocol", "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n", 502),
    ("status that is none", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n", 502),
    ("silence and an end", "", 502),
    ("half a head", "HTTP/1.1 200 OK\r\nContent-Le", 502),
    ("header without a colon", "HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 0\r\n\r\n", 502),
    (
        "unasked 101",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello",
        502,
    ),
    ("short body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", 0),
    ("chunks cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0),
    ("chunk cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello", 0),
    (
        "chunk size that is none",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n\r\n",
        0,
    ),
];

#[test]
fn proxy_sec_framing_of_nonsense_from_upstream() {
    for (case, bytes, want) in NONSENSE {
        let upstream = nonsense(bytes, Then::Close);
        let door = Door::before(&upstream);
        let answer = door.outcome("POST /case HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 0\r\n\r\n");
        if *want == 502 {
            let answer = answer.expect(case);
            assert_eq!((answer.status, answer.whole), (502, true), "{case}");
            assert!(!answer.text().contains("hello"), "{case}: nothing of it is passed on");
        } else {
            assert!(answer.is_none_or(|answer| answer.is_failure()), "{case}: half a body that looks whole");
        }
        assert_own_answer(&door, case);
    }
}

/// The bytes after an answer's end belong to nobody, least of all to the next visitor; an answer with such bytes is
/// not taken for a good one.
#[test]
fn proxy_sec_framing_of_more_than_was_announced() {
    let extra = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let upstream = nonsense(&format!("{answer}{extra}"), Then::Keep);
        let door = Door::before(&upstream);
        let first = door.outcome("GET /case HTTP/1.1\r\nHost: portal.test\r\n\r\n");
        assert!(first.is_none_or(|first| first.is_failure() && !first.text().contains("poison")), "{answer}");
        assert_own_answer(&door, "after more than announced");
        assert_eq!(upstream.connections(), 2, "the first one was never used again");
    }
}

/// An answer without a length ends with the connection, and reaches the client whole.
#[test]
fn proxy_sec_framing_of_an_answer_that_ends_with_the_connection() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let upstream = nonsense(&format!("{version} 200 OK\r\n\r\nhello"), Then::Close);
        let door = Door::before(&upstream);
        let answer = door.ask("GET /case HTTP/1.1\r\nHost: portal.test\r\n\r\n");
        assert_eq!((answer.text().as_str(), answer.whole), ("hello", true));
        assert_own_answer(&door, version);
    }
}

/// An upstream that speaks HTTP/1.0 has not promised to keep anything.
#[test]
fn proxy_sec_framing_of_an_old_upstream() {
    let upstream = Upstream::says("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let door = Door::before(&upstream);
    for turn in 1..=2 {
        assert_eq!(door.get("/a").text(), "hello");
        assert_eq!(upstream.connections(), turn);
    }
}

/// Interim answers do not pass, and an upstream that sends nothing else has no answer.
#[test]
fn proxy_sec_framing_of_interim_answers() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let upstream = Upstream::says(format!("HTTP/1.1 100 Continue\r\n\r\n{interim}{}", ok("hello")));
    let door = Door::before(&upstream);
    for _ in 0..2 {
        let mut client = door.client();
        client.send("GET /a HTTP/1.1\r\nHost: portal.test\r\n\r\n");
        assert_eq!(client.head().status(), 200, "and not an interim one");
        assert_eq!(client.bytes(5), b"hello");
    }
    let endless = Upstream::says(interim.repeat(5_000));
    let status = Plan::before(&endless).head(Duration::from_millis(300)).open().get("/a").status;
    assert!((502..=504).contains(&status), "{status}");
}

/// Many in a row, on one connection each way: answers stay with their questions.
#[test]
fn proxy_sec_framing_in_a_row() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).open();
    let mut client: Client = door.client();
    for turn in 0..50 {
        client.send(format!("POST /{turn} HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 3\r\n\r\nabc"));
        assert_eq!(client.answer().text(), format!("/{turn}"));
    }
    assert_eq!(upstream.connections(), 1, "idle connections are used again");
}

fn nonsense(bytes: &str, then: Then) -> Upstream {
    let bytes = bytes.to_owned();
    Upstream::start(move |seen, wire| {
        if seen.head.target() == "/case" {
            wire.send(&bytes);
            return then;
        }
        wire.send(ok(&seen.head.target()));
        Then::Keep
    })
}

/// A clean request right afterwards gets its own answer.
fn assert_own_answer(door: &Door, case: &str) {
    let answer = door.get("/clean");
    assert_eq!((answer.status, answer.text().as_str()), (200, "/clean"), "{case}: the next request");
}
