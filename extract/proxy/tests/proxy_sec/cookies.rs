//! Cookies cross by name only: what an upstream may read and what it may set are two short lists, and our own names
//! are on neither, whatever the lists say.

use crate::{
    door::Plan,
    upstream::{Upstream, answer},
};

/// What the portal calls its own, with TLS and without.
const OURS: &[&str] = &["__Host-session", "__Host-subject", "__Host-kill", "session", "subject", "kill"];

#[test]
fn proxy_sec_cookies_out_is_a_list() {
    for (lines, passes) in [
        ("Cookie: legacy=1; other=2", Some("legacy=1")),
        ("Cookie: other=2", None),
        ("Cookie: legacy=1; seen=2; other=3", Some("legacy=1; seen=2")),
        ("Cookie: other=2\r\nCookie: legacy=1\r\ncookie: seen=3", Some("legacy=1; seen=3")),
        ("Cookie: LEGACY=1; Seen=2", None),
        ("Cookie: legacy=a=b", Some("legacy=a=b")),
        ("Cookie: legacy=", Some("legacy=")),
        ("Cookie: legacy=\"a b\"", Some("legacy=\"a b\"")),
        ("Cookie: ;;legacy=1;", Some("legacy=1")),
        ("Cookie: xlegacy=1; legacyx=2; legacy2=3", None),
        ("Cookie: other=legacy=1", None),
        ("Cookie: other=\"; legacy=1\"", Some("legacy=1\"")),
        ("Cookie: =legacy", None),
    ] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).cookies_out(&["legacy", "seen"]).open();
        let status = door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{lines}\r\n\r\n")).status;
        assert_eq!(status, 200, "{lines}");
        assert_eq!(upstream.only().head.value("cookie").as_deref(), passes, "{lines}");
    }
}

/// A canary session never appears upstream, not even for an upstream that lists its name.
#[test]
fn proxy_sec_cookies_out_never_ours() {
    let lines = each_of_ours(|name| format!("Cookie: {name}=canary; a{name}=1\r\n"));
    for listed in [&["legacy"][..], OURS] {
        let upstream = Upstream::echo();
        let Some(door) = Plan::before(&upstream).cookies_out(listed).try_open() else {
            continue; // Refused at the start: as good.
        };
        door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{lines}Cookie: x=canary\r\n\r\n"));
        assert!(!upstream.only().head.text().contains("canary"), "{}", upstream.only().head.text());
    }
}

#[test]
fn proxy_sec_cookies_in_is_a_list() {
    for (sets, wants) in [
        ("legacy=1", Some("legacy=1")),
        ("other=1", None),
        ("LEGACY=1", None),
        ("=legacy", None),
        ("legacy", None),
        ("legacy=a=b", Some("legacy=a=b")),
        ("legacy=1; Path=/", Some("legacy=1; Path=/")),
        ("legacy=1; Domain=old.test; Secure; HttpOnly", Some("legacy=1; Secure; HttpOnly")),
        ("legacy=1; domain=.test; path=/deep; Max-Age=60", Some("legacy=1; path=/deep; Max-Age=60")),
        ("legacy=1; DoMaIn = portal.test;Path=/", Some("legacy=1; Path=/")),
        (
            "legacy=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT",
            Some("legacy=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ),
        ("legacy=1; SameSite=Lax; Partitioned", Some("legacy=1; SameSite=Lax; Partitioned")),
        ("session=stolen", None),
        ("__Host-session=stolen; Path=/; Secure", None),
        ("__host-session=stolen", None),
        ("__Secure-legacy=1; Secure", None),
        ("__Host-legacy=1; Secure; Path=/", None),
    ] {
        let upstream = Upstream::says(answer(&format!("Set-Cookie: {sets}\r\n"), ""));
        let door = Plan::before(&upstream).cookies_in(&["legacy"]).open();
        let got = door.get("/a").head.value("set-cookie");
        assert_eq!(got.as_deref(), wants, "{sets}");
    }
}

/// Prefixed names promise what only this host may promise, so no list opens them.
#[test]
fn proxy_sec_cookies_in_prefixed() {
    let names = ["__Host-legacy", "__Secure-legacy", "__host-legacy", "__SECURE-legacy"];
    let lines: Vec<_> =
        names.iter().map(|name| format!("Set-Cookie: {name}=1; Path=/; Secure\r\n")).collect();
    let upstream = Upstream::says(answer(&lines.concat(), ""));
    if let Some(door) = Plan::before(&upstream).cookies_in(&names).try_open() {
        assert!(!door.get("/a").head.has("set-cookie"));
    }
}

/// Lines stay lines: joined with commas they would sign everybody out.
#[test]
fn proxy_sec_cookies_in_one_line_each() {
    let upstream = Upstream::says(answer(
        "Set-Cookie: legacy=1\r\nSet-Cookie: seen=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT\r\nset-cookie: bad=3\r\n",
        "",
    ));
    let door = Plan::before(&upstream).cookies_in(&["legacy", "seen"]).open();
    let lines = door.get("/a").head.values("set-cookie");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("legacy=1") && lines[1].starts_with("seen=2"), "{lines:?}");
}

/// Our own names are refused even for an upstream that lists them.
#[test]
fn proxy_sec_cookies_in_never_ours() {
    let lines = each_of_ours(|name| format!("Set-Cookie: {name}=stolen; Path=/; Secure\r\n"));
    let upstream = Upstream::says(answer(&lines, ""));
    for plan in [Plan::before(&upstream), Plan::before(&upstream).cookies_in(OURS)] {
        if let Some(door) = plan.try_open() {
            let answer = door.get("/a");
            assert!(!answer.head.has("set-cookie"), "{}", answer.head.text());
        }
    }
}

/// Under a prefix, the upstream's paths are below it and the browser's are not.
#[test]
fn proxy_sec_cookies_in_path_under_a_prefix() {
    for (path, wants) in
        [("/app", "/"), ("/app/", "/"), ("/app/trips", "/trips"), ("/apple", "/apple"), ("/", "/")]
    {
        let upstream = Upstream::says(answer(&format!("Set-Cookie: legacy=1; Path={path}\r\n"), ""));
        let door = Plan::before(&upstream).prefix("/app").cookies_in(&["legacy"]).open();
        let line = door.get("/a").head.value("set-cookie");
        assert_eq!(line, Some(format!("legacy=1; Path={wants}")), "{path}");
    }
}

fn each_of_ours(line: impl Fn(&str) -> String) -> String {
    OURS.iter().map(|name| line(name)).collect()
}
