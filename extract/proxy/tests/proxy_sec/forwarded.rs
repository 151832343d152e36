//! What we tell an upstream about the client: exactly one of each header, from what we know, and from outside only what
//! a trusted proxy says.

use crate::{
    door::{OUR_TRACE, Plan},
    upstream::Upstream,
};

const NAMES: [&str; 3] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];

#[test]
fn proxy_sec_forwarded_from_a_stranger() {
    let many = vec!["10.0.0.1"; 200].join(", ");
    let many = format!("X-Forwarded-For: {many}");
    for lines in [
        "",
        "X-Forwarded-For: 1.2.3.4",
        "x-forwarded-for: 1.2.3.4\r\nX-FORWARDED-FOR: 5.6.7.8",
        "X_Forwarded_For: 1.2.3.4",
        "X-Forwarded_For: 1.2.3.4",
        "Forwarded: for=1.2.3.4;proto=https;host=evil.test",
        "Forwarded: for=\"[2001:db8::1]:4711\"",
        "Forwarded: for=unknown, for=_hidden",
        "X-Forwarded-For: unknown",
        "X-Forwarded-For: [2001:db8::1]:4711",
        "X-Forwarded-For: 1.2.3.4:80",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil.test",
        "X-Forwarded-Port: 443",
        "X-Forwarded-Server: evil.test",
        "X-Forwarded-Prefix: /evil",
        "X-Forwarded-Ssl: on",
        &many,
    ] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).open();
        let line = if lines.is_empty() { String::new() } else { format!("{lines}\r\n") };
        let status = door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{line}\r\n")).status;
        assert_eq!(status, 200, "{lines}");
        let head = upstream.only().head;
        assert_eq!(head.value("x-forwarded-for").as_deref(), Some("127.0.0.1"), "{lines}");
        assert_eq!(head.value("x-forwarded-proto").as_deref(), Some("http"), "{lines}");
        assert_eq!(head.value("x-forwarded-host").as_deref(), Some("portal.test"), "{lines}");
        assert!(head.values("forwarded").len() < 2, "{lines}");
        let others = head.lines().into_iter().map(|(name, _)| name.replace('_', "-"));
        let others: Vec<_> = others.filter(|name| name.starts_with("x-forwarded")).collect();
        assert_eq!(others.len(), NAMES.len(), "{lines}: {others:?}");
        for theirs in ["1.2.3.4", "5.6.7.8", "evil", "2001:db8", "unknown", "hidden", "10.0.0.1"] {
            assert!(!head.text().contains(theirs), "{lines}: {}", head.text());
        }
    }
}

/// Behind TLS that ends here or at a trusted hop, the upstream hears of it.
#[test]
fn proxy_sec_forwarded_scheme() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).https().open();
    door.get("/a");
    assert_eq!(upstream.only().head.value("x-forwarded-proto").as_deref(), Some("https"));
}

/// The edge has worked out who the client is; the proxy says that, then the hops that are trusted, and nothing of what
/// stands before the client: that could be anybody's words.
#[test]
fn proxy_sec_forwarded_client_of_a_trusted_hop() {
    for (client, says) in [
        ("203.0.113.9", "6.6.6.6, 203.0.113.9"),
        ("203.0.113.9", "unknown, 6.6.6.6, 203.0.113.9:4711"),
        ("2001:db8::7", "6.6.6.6, 2001:db8::7"),
        ("2001:db8::7", "6.6.6.6, [2001:DB8::7]:443"),
        ("203.0.113.9", "6.6.6.6\r\nX-Forwarded-For: 203.0.113.9"),
    ] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).client(client.parse().unwrap()).trusted().open();
        let more = "X-Forwarded-Proto: gopher\r\nX-Forwarded-Host: elsewhere.test\r\nForwarded: for=6.6.6.6";
        door.ask(format!(
            "GET /a HTTP/1.1\r\nHost: portal.test\r\nX-Forwarded-For: {says}\r\n{more}\r\n\r\n"
        ));
        let head = upstream.only().head;
        assert_eq!(head.value("x-forwarded-for"), Some(format!("{client}, 127.0.0.1")), "{says}");
        assert!(!head.text().contains("6.6.6.6"), "a spoof through the trusted hop: {}", head.text());
        assert_eq!(head.value("x-forwarded-proto").as_deref(), Some("http"), "one, and ours");
        assert_eq!(head.value("x-forwarded-host").as_deref(), Some("portal.test"), "one, and ours");
        let forwarded = head.value("forwarded").expect("one");
        assert!(forwarded.contains(client), "{forwarded}");
    }
}

/// Whoever the client is: an untrusted peer's list is nobody's.
#[test]
fn proxy_sec_forwarded_hops_of_a_stranger() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).client("203.0.113.9".parse().unwrap()).open();
    door.ask("GET /a HTTP/1.1\r\nHost: portal.test\r\nX-Forwarded-For: 203.0.113.9, 6.6.6.6\r\n\r\n");
    assert_eq!(upstream.only().head.value("x-forwarded-for").as_deref(), Some("203.0.113.9"));
}

/// Two trusted hops are both told, nearest last.
#[test]
fn proxy_sec_forwarded_two_trusted_hops() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).client("203.0.113.9".parse().unwrap()).trusted().open();
    door.ask(
        "GET /a HTTP/1.1\r\nHost: portal.test\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.2\r\n\r\n",
    );
    let said = upstream.only().head.value("x-forwarded-for");
    assert_eq!(said.as_deref(), Some("203.0.113.9, 10.0.0.2, 127.0.0.1"));
}

const THEIRS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The upstream is in our trace, whatever trace the client says it is in; whether to join a client's is for the edge.
#[test]
fn proxy_sec_forwarded_trace() {
    for trusted in [false, true] {
        let upstream = Upstream::echo();
        let plan = Plan::before(&upstream);
        let door = if trusted { plan.trusted() } else { plan }.open();
        door.ask(format!(
            "GET /a HTTP/1.1\r\nHost: portal.test\r\ntraceparent: {THEIRS}\r\nTraceParent: {THEIRS}\r\n\
             tracestate: a=b\r\nbaggage: c=d\r\n\r\n"
        ));
        let head = upstream.only().head;
        assert_eq!(head.value("traceparent").as_deref(), Some(OUR_TRACE));
        assert!(trusted || !head.has("tracestate"), "{}", head.text());
    }
}
