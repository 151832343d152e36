//! The upstream sees the client's own bytes under its prefix, or the client sees 400: there is no third way, because
//! two programs that read one path differently are how closed doors open.

use crate::{
    door::{Door, Plan},
    upstream::Upstream,
};

/// Forwarded byte for byte.
const SAME: &[&str] = &[
    "/",
    "/a",
    "/a/",
    "/a/b/c",
    "/a.b",
    "/a..b",
    "/..a",
    "/a../b",
    "/.well-known/x",
    "/...",
    "/a~b",
    "/a-b_c",
    "/a%20b",
    "/a%22b",
    "/a%3Cb%3E",
    "/a%2Bb",
    "/a+b",
    "/a%25b",
    "/a%2525b",
    "/a%3Fb",
    "/a%23b",
    "/%C3%A9",
    "/%c3%a9",
    "/%E2%82%AC",
    "/%FF",
    "/a:b",
    "/a@b",
    "/a!b$c&d'e(f)g*h,i=j",
    "/a%3ab",
    "/a%40b",
    "/a%3Bb",
    "/a?",
    "/a?b",
    "/a?b=c&d=e",
    "/a?b='c'",
    "/a?b=%27c%27",
    "/a?/../..",
    "/a?b=//c",
    "/a?b;c",
    "/a?%2e%2e%2f",
    "/a?b=%41",
    "/a?b=c?d",
    "/a?b=%00",
    "/a?next=/trips/ABC123",
];

/// Refused before anything goes up.
const REFUSED: &[&str] = &[
    "/.",
    "/..",
    "/./a",
    "/../a",
    "/a/.",
    "/a/..",
    "/a/./b",
    "/a/../b",
    "/a/../../b",
    "/%2e",
    "/%2E%2E/a",
    "/%2e%2e/%2e%2e/admin",
    "/.%2e/a",
    "/%2e./a",
    "/a%2fb",
    "/a%2Fb",
    "/..%2fa",
    "/a%5cb",
    "/a%5Cb",
    "/..%5c..",
    "/a%00b",
    "/a%00.html",
    "/%61dmin",
    "/%41",
    "/a%7Eb",
    "/a%2Db",
    "/a%5Fb",
    "/a%39",
    "/%7a",
    "/a\\b",
    "/..\\a",
    "//a",
    "/a//b",
    "/a//",
    "//evil.test/a",
    "/a;b",
    "/a;b=c/d",
    "/a/..;/b",
    "/a%",
    "/a%2",
    "/a%zz",
    "/a%u0061",
    "/a?b%0",
];

/// Not even a target: refused by whichever layer meets it first.
const NO_TARGET: &[&str] = &[
    "http://evil.test/a",
    "https://portal.test/a",
    "a",
    "*",
    "evil.test:80",
    "/a\u{1}b",
    "/a\tb",
    "/a\u{7f}b",
    "/a b",
];

#[test]
fn proxy_sec_path_same_bytes() {
    for prefix in ["", "/app", "/app/v1"] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).prefix(prefix).open();
        for path in SAME {
            let answer = door.get(path);
            assert_eq!((answer.status, answer.text()), (200, format!("{prefix}{path}")), "{path}");
        }
    }
}

#[test]
fn proxy_sec_path_refused() {
    for prefix in ["", "/app"] {
        let upstream = Upstream::echo();
        let door = Plan::before(&upstream).prefix(prefix).open();
        // A broken escape in a query is its own affair; in a path it is not.
        for path in REFUSED.iter().filter(|path| !path.contains('?')) {
            assert_eq!(door.get(path).status, 400, "{path}");
        }
        for target in NO_TARGET {
            let status = door.get(target).status;
            assert!((400..500).contains(&status), "{target}: {status}");
        }
        assert!(upstream.seen().is_empty(), "nothing went up: {:?}", upstream.seen());
    }
}

/// Two slashes and semicolons are the two things that an upstream may ask for.
#[test]
fn proxy_sec_path_allowed_per_upstream() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).allow_odd_paths().open();
    for path in ["/a//b", "/a//", "/a;b=c/d", "/a;b"] {
        assert_eq!(door.get(path).text(), path);
    }
    for path in ["/a/..;/b", "/a//../b", "/a;/../b", "/a%2fb", "/%61dmin", "/.;a/b", "/%2e%2e;x/b"] {
        let answer = door.get(path);
        // `..;` is `..` to a servlet container.
        assert!(
            answer.status == 400 || answer.text() == path && !path.contains(".."),
            "{path}: {}",
            answer.status
        );
    }
}

/// A fragment is for the browser alone. The server underneath drops it before anybody sees it, so it crosses nowhere.
#[test]
fn proxy_sec_path_fragment() {
    let upstream = Upstream::echo();
    let answer = Door::before(&upstream).get("/a#/../b");
    assert!(answer.status == 400 || answer.text() == "/a", "{}", answer.text());
}

/// A long address is passed or refused as a whole, never cut.
#[test]
fn proxy_sec_path_is_never_cut() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    for length in [1_000, 8_000, 60_000] {
        let path = format!("/{}", "a".repeat(length));
        let answer = door.get(&path);
        assert!(
            answer.status == 200 && answer.text() == path || answer.status >= 400,
            "{length}: {}",
            answer.status
        );
    }
}

/// Methods that reflect or tunnel are not for upstreams.
#[test]
fn proxy_sec_path_methods() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    for line in ["TRACE /a", "CONNECT evil.test:80", "TRACK /a"] {
        let status = door.ask(format!("{line} HTTP/1.1\r\nHost: portal.test\r\n\r\n")).status;
        assert!((400..=501).contains(&status), "{line}: {status}");
    }
    assert!(upstream.seen().is_empty());
    for method in ["PUT", "PATCH", "DELETE", "OPTIONS"] {
        let answer = door.ask(format!("{method} /a HTTP/1.1\r\nHost: portal.test\r\n\r\n"));
        assert_eq!((answer.status, upstream.last().head.method().as_str()), (200, method));
    }
}
