//! Idle connections grow stale: what has not been sent may be sent again, what may have been done is never done twice.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    door::{Door, Plan},
    upstream::{Then, Upstream, answer, ok},
};

const GET: &str = "GET /again HTTP/1.1\r\nHost: portal.test\r\n\r\n";
const BARE: &str = "POST /again HTTP/1.1\r\nHost: portal.test\r\n\r\n";
const POST: &str = "POST /again HTTP/1.1\r\nHost: portal.test\r\nContent-Length: 5\r\n\r\nhello";

/// Closed while idle: the next request, of any kind, goes on a new connection.
#[test]
fn proxy_sec_stale_closed_while_idle() {
    for request in [GET, POST] {
        let upstream = Upstream::start(|seen, wire| {
            wire.send(ok(&seen.head.target()));
            Then::Close
        });
        let door = Door::before(&upstream);
        for turn in 1..=20 {
            assert_eq!(door.ask(request).text(), "/again");
            upstream.wait_closed(turn);
            assert_eq!(upstream.seen().len(), turn, "each once");
        }
    }
}

/// An upstream that says it will close is believed, before it does.
#[test]
fn proxy_sec_stale_connection_close_is_believed() {
    for says in ["Connection: close\r\n", "connection: x-a, CLOSE\r\n"] {
        let upstream = Upstream::says(answer(says, "done"));
        let door = Door::before(&upstream);
        for turn in 1..=3 {
            assert_eq!(door.ask(POST).text(), "done");
            assert_eq!(upstream.connections(), turn);
        }
    }
}

/// Cut off after the request went out on a used connection: what may be repeated is asked again, once; an order is not,
/// nor is a body that has left us.
#[test]
fn proxy_sec_stale_reset_after_sending() {
    for (request, repeatable, asked, status) in [
        (GET, true, 2, 200),
        (BARE, true, 2, 200),
        (POST, true, 1, 502),
        (GET, false, 1, 502),
        (BARE, false, 1, 502),
        (POST, false, 1, 502),
    ] {
        for then in [Then::Reset, Then::Close] {
            let upstream = Upstream::start(move |seen, wire| {
                if (seen.connection, seen.turn) == (0, 1) {
                    return then;
                }
                wire.send(ok(&seen.head.target()));
                Then::Keep
            });
            let door = Plan::before(&upstream).repeatable(repeatable).open();
            assert_eq!(door.get("/first").status, 200);
            assert_eq!(door.ask(request).status, status, "{request} {repeatable} {then:?}");
            let again = upstream.seen().iter().filter(|seen| seen.head.target() == "/again").count();
            assert_eq!(again, asked, "{request} {repeatable} {then:?}");
        }
    }
}

/// An upstream that always cuts off is asked twice and no more.
#[test]
fn proxy_sec_stale_one_retry() {
    let upstream = Upstream::start(|_, _| Then::Reset);
    let door = Plan::before(&upstream).repeatable(true).open();
    assert_eq!(door.ask(GET).status, 502);
    assert!(upstream.seen().len() <= 2, "{}", upstream.seen().len());
}

/// Once the head has passed, nothing is asked again, not even a question.
#[test]
fn proxy_sec_stale_never_after_the_head() {
    let count = AtomicUsize::new(0);
    let upstream = Upstream::start(move |_, wire| {
        count.fetch_add(1, Ordering::SeqCst);
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        Then::Reset
    });
    let door = Plan::before(&upstream).repeatable(true).open();
    assert!(door.outcome(GET).is_none_or(|answer| answer.is_failure()));
    assert_eq!(upstream.seen().len(), 1);
}

/// A retry does not change the side: another upstream never hears of it.
#[test]
fn proxy_sec_stale_stays_on_its_side() {
    let dead = Upstream::start(|_, _| Then::Reset);
    let other = Upstream::echo();
    let door = Plan::before(&dead).beside(&other).repeatable(true).open();
    assert_eq!(door.ask(GET).status, 502);
    assert!(other.seen().is_empty());
}
