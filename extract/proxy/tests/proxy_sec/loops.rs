//! Two proxies that point at each other stop after a few rounds instead of never.

use crate::{
    door::{Door, Plan},
    upstream::{Upstream, answer},
};

#[test]
fn proxy_sec_loops_via_names_us() {
    let upstream = Upstream::says(answer("Via: 1.1 inner\r\n", ""));
    let door = Door::before(&upstream);
    door.ask("GET /a HTTP/1.1\r\nHost: portal.test\r\nVia: 1.0 cdn.test\r\n\r\n");
    let via = upstream.only().head.values("via").join(", ");
    assert!(via.starts_with("1.0 cdn.test, 1.1 "), "{via}");
}

/// Our own name may pass three times; the fourth meets 508.
#[test]
fn proxy_sec_loops_upstream_is_self() {
    let upstream = Upstream::echo();
    let door = Plan::itself().open();
    let answer = door.get("/a");
    assert_eq!(answer.status, 508);
    assert!(upstream.seen().is_empty());
}

/// Other people's hops are not our loop.
#[test]
fn proxy_sec_loops_counts_only_us() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    let vias = "Via: 1.1 cdn.test\r\n".repeat(9);
    assert_eq!(door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{vias}\r\n")).status, 200);
}
