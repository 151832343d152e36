//! What an upstream writes into a header stays one header: lines cannot be smuggled into the answer, and a redirect
//! names the portal where it named that upstream, and nothing else.

use crate::{
    door::{Door, Plan},
    upstream::{Upstream, answer},
};

#[test]
fn proxy_sec_splitting_of_header_values() {
    for (case, line) in [
        ("bare CR", &b"X-A: a\rSet-Cookie: stolen=1\r\n"[..]),
        ("bare LF", b"X-A: a\nSet-Cookie: stolen=1\r\n"),
        ("folded", b"X-A: a\r\n Set-Cookie: stolen=1\r\n"),
        ("NUL", b"X-A: a\0stolen\r\n"),
        ("control", b"X-A: a\x01stolen\r\n"),
        ("name with a space", b"X A: stolen\r\n"),
        ("name with a control", b"X\x01A: stolen\r\n"),
        ("no name", b": stolen\r\n"),
    ] {
        let head = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", line, b"\r\n"].concat();
        let answer = Door::before(&Upstream::says(head)).get("/a");
        assert!(
            answer.status == 502 || !answer.head.text().contains("stolen"),
            "{case}: {}",
            answer.head.text()
        );
        assert!(!answer.head.has("set-cookie"), "{case}: {}", answer.head.text());
    }
}

/// Bytes above ASCII are legal in a value: they pass as they are or not at all, and nothing panics.
#[test]
fn proxy_sec_splitting_of_values_that_are_not_utf8() {
    let head =
        [&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: \xff\xfe\r\nLocation: /\xe9\r\n"[..], b"\r\nok"]
            .concat();
    let upstream = Upstream::says(head);
    let door = Door::before(&upstream);
    for _ in 0..2 {
        let answer = door.get("/a");
        assert!(answer.status == 502 || answer.text() == "ok", "{}", answer.status);
    }
}

#[test]
fn proxy_sec_splitting_of_a_huge_header() {
    for size in [100_000, 200_000, 5_000_000] {
        let upstream = Upstream::says(answer(&format!("X-A: {}\r\n", "a".repeat(size)), ""));
        let door = Door::before(&upstream);
        assert_eq!(door.get("/a").status, 502, "{size} bytes");
    }
    let many = "X-A: a\r\n".repeat(1_000);
    assert_eq!(Door::before(&Upstream::says(answer(&many, ""))).get("/a").status, 502, "a thousand lines");
}

#[test]
fn proxy_sec_splitting_location() {
    for (prefix, location, wants) in [
        ("", "http://UPSTREAM/b?c=d#e", "http://portal.test/b?c=d#e"),
        ("", "/b", "/b"),
        ("", "b", "b"),
        ("", "?page=2", "?page=2"),
        ("", "http://elsewhere.test/b", "http://elsewhere.test/b"),
        ("", "//elsewhere.test/b", "//elsewhere.test/b"),
        ("", "https://UPSTREAM.evil.test/b", "https://UPSTREAM.evil.test/b"),
        ("", "http://UPSTREAM@evil.test/b", "http://UPSTREAM@evil.test/b"),
        ("", "http://elsewhere.test/?u=http://UPSTREAM/b", "http://elsewhere.test/?u=http://UPSTREAM/b"),
        ("/app", "http://UPSTREAM/app/b", "http://portal.test/b"),
        ("/app", "/app/b", "/b"),
        ("/app", "/app", "/"),
        ("/app", "/apple", "/apple"),
    ] {
        let script = move |address: &str| {
            answer(&format!("Location: {}\r\n", location.replace("UPSTREAM", address)), "")
        };
        let upstream = Upstream::says_with_address(script);
        let door = Plan::before(&upstream).prefix(prefix).open();
        let got = door.get("/a").head.value("location").expect("a location");
        let address = upstream.address.to_string();
        let wants = wants.replace("UPSTREAM", &address);
        let relative = wants.strip_prefix("http://portal.test").map(str::to_owned);
        assert!(got == wants || Some(&got) == relative.as_ref(), "{location}: {got}, not {wants}");
    }
}

/// Redirects are the browser's to follow.
#[test]
fn proxy_sec_splitting_redirects_are_not_followed() {
    let upstream = Upstream::says("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    let answer = Door::before(&upstream).get("/a");
    assert_eq!((answer.status, upstream.seen().len()), (302, 1));
}
