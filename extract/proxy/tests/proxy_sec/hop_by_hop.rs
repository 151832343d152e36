//! Hop-by-hop headers belong to one connection: neither side's cross, nor does anything that `Connection` names, and
//! naming one of ours takes nothing of ours away.

use crate::{
    door::{Door, Plan},
    upstream::{Upstream, answer},
};

#[test]
fn proxy_sec_hop_by_hop_of_requests() {
    for line in [
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "Proxy-Authorization: Basic YTpi",
        "Proxy-Authenticate: Basic",
        "Proxy-Anything: 1",
        "TE: trailers",
        "Trailer: X-Sum",
        "Upgrade: h2c",
        "Connection: keep-alive",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
    ] {
        let name = line.split(':').next().unwrap();
        for named in ["", "Connection: upgrade, http2-settings\r\n"] {
            let upstream = Upstream::echo();
            let door = Door::before(&upstream);
            let status =
                door.ask(format!("GET /a HTTP/1.1\r\nHost: portal.test\r\n{named}{line}\r\n\r\n")).status;
            for seen in upstream.seen() {
                let left = seen.head.values(name).into_iter().filter(|value| line.ends_with(value.as_str()));
                let ours = name == "Connection" || (name == "HTTP2-Settings" && named.is_empty());
                assert!(ours || left.count() == 0, "{line} reached the upstream: {}", seen.head.text());
                assert!(!seen.head.has("connection"), "{line}: {}", seen.head.text());
            }
            assert!(status == 200 || name == "Upgrade" || !named.is_empty(), "{line}: {status}");
        }
    }
}

#[test]
fn proxy_sec_hop_by_hop_names_that_connection_lists() {
    for connection in [
        "Connection: close, banyan-identity, cookie, x-forwarded-for, x-secret, host, via",
        "Connection: Banyan-Identity\r\nconnection: COOKIE , X-Forwarded-For\r\nCONNECTION:,x-secret,",
        "connection:banyan-identity,cookie,\tx-forwarded-for\t,x-secret,x-forwarded-proto,x-forwarded-host,forwarded",
    ] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).identity("ours").cookies_out(&["legacy"]).open();
        let request = format!(
            "GET /a HTTP/1.1\r\nHost: portal.test\r\n{connection}\r\nBanyan-Identity: theirs\r\nCookie: legacy=1\r\n\
             X-Forwarded-For: 1.2.3.4\r\nX-Secret: theirs\r\nX-Kept: kept\r\n\r\n"
        );
        assert_eq!(door.ask(request).status, 200);
        let head = upstream.only().head;
        assert_eq!(head.value("banyan-identity").as_deref(), Some("ours"), "ours stays");
        assert_eq!(head.value("x-forwarded-for").as_deref(), Some("127.0.0.1"), "ours stays");
        assert_eq!(head.value("x-kept").as_deref(), Some("kept"), "what is not named passes");
        for theirs in ["x-secret", "cookie"] {
            assert!(!head.has(theirs), "{theirs} was named: {}", head.text());
        }
        for ours in ["host", "via", "x-forwarded-proto", "x-forwarded-host"] {
            assert!(head.has(ours), "{ours} is ours: {}", head.text());
        }
    }
}

#[test]
fn proxy_sec_hop_by_hop_of_answers() {
    let upstream = Upstream::says(answer(
        "Connection: keep-alive, x-secret\r\nconnection: X-Other\r\nKeep-Alive: timeout=5\r\nX-Secret: 1\r\n\
         X-Other: 2\r\nProxy-Authenticate: Basic\r\nProxy-Status: x\r\nTrailer: X-Sum\r\nTE: gzip\r\nUpgrade: h2c\r\n\
         X-Kept: kept\r\n",
        "hello",
    ));
    let answer = Door::before(&upstream).get("/a");
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    for name in [
        "keep-alive",
        "x-secret",
        "x-other",
        "proxy-authenticate",
        "proxy-status",
        "trailer",
        "te",
        "upgrade",
    ] {
        assert!(!answer.head.has(name), "{name}: {}", answer.head.text());
    }
    let connection = answer.head.values("connection").join(",");
    assert!(!connection.to_lowercase().contains("secret"), "{connection}");
    assert_eq!(answer.head.value("x-kept").as_deref(), Some("kept"));
}

/// An upstream that names our own answer headers takes none of them away.
#[test]
fn proxy_sec_hop_by_hop_takes_none_of_ours_from_answers() {
    let upstream =
        Upstream::says(answer("Connection: cache-control, content-length, x-request-id\r\n", "hello"));
    let answer = Door::before(&upstream).get("/a");
    assert_eq!(answer.text(), "hello");
    assert_eq!(answer.head.value("cache-control").as_deref(), Some("private, no-store"));
}

/// Trailers do not pass, in either direction.
#[test]
fn proxy_sec_hop_by_hop_trailers() {
    let upstream = Upstream::says(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: secret\r\n\r\n",
    );
    let door = Door::before(&upstream);
    let mut client = door.client();
    client.send("GET /a HTTP/1.1\r\nHost: portal.test\r\nTE: trailers\r\nConnection: close, te\r\n\r\n");
    let text = String::from_utf8_lossy(&client.bytes(usize::MAX)).into_owned();
    assert!(text.contains("hello") && !text.to_lowercase().contains("x-sum"), "{text}");
}
