//! The front door from a raw socket: every row is bytes on a wire and the status that must come back.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[path = "front_door/across.rs"]
mod across;
#[path = "front_door/house.rs"]
mod house;
#[path = "front_door/routes.rs"]
mod routes;
#[path = "front_door/wire.rs"]
mod wire;

use std::{io::Write, net::TcpStream};

use actix_web::http::Method;
use banyan::edge::{TABLE, Who, row_of};
use house::House;
use wire::{read, send};

const OPEN: bool = false;
const CLOSED: bool = true;

/// A request to the route that reads a body.
fn post(headers: &str, body: &str) -> String {
    format!("POST /trips HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n{body}")
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n")
}

fn many_headers(count: usize, length: usize) -> String {
    let one = |n: usize| format!("X-{n}: {}\r\n", "x".repeat(length));
    (0..count).map(one).collect::<Vec<_>>().concat()
}

#[test]
fn message_boundaries() {
    let house = House::open(0);
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (name, bytes, status) in [
        ("a body", post("Content-Length: 3\r\n", "abc"), 200),
        ("a chunked body", post(chunked, "3\r\nabc\r\n0\r\n\r\n"), 200),
        ("length and chunks", post(&format!("Content-Length: 3\r\n{chunked}"), "0\r\n\r\n"), 400),
        ("chunks and length", post(&format!("{chunked}Content-Length: 3\r\n"), "0\r\n\r\n"), 400),
        ("two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400),
        ("two equal lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400),
        ("a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), 400),
        ("a plus", post("Content-Length: +3\r\n", "abc"), 400),
        ("a hexadecimal length", post("Content-Length: 0x3\r\n", "abc"), 400),
        ("a negative length", post("Content-Length: -1\r\n", ""), 400),
        ("a length that overflows", post("Content-Length: 99999999999999999999999\r\n", ""), 400),
        ("a chunk size ended by LF", post(chunked, "3\nabc\r\n0\r\n\r\n"), 400),
        ("a chunk size with 0x", post(chunked, "0x3\r\nabc\r\n0\r\n\r\n"), 400),
        ("a huge chunk size", post(chunked, "ffffffffffffffffff\r\nabc"), 400),
        ("a space before the colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400),
        ("a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n"), 400),
        ("xchunked", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400),
        ("doubled", post(&format!("{chunked}{chunked}"), "0\r\n\r\n"), 400),
        ("gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 400),
        ("identity", post("Transfer-Encoding: identity\r\n", ""), 400),
        (
            "chunked on HTTP/1.0",
            format!("POST /trips HTTP/1.0\r\nHost: 127.0.0.1\r\n{chunked}\r\n0\r\n\r\n"),
            400,
        ),
        ("a folded header", get("/", "X-A: a\r\n b\r\n"), 400),
        ("a NUL", get("/", "X-A: a\0b\r\n"), 400),
        ("chunk extensions", post(chunked, "3;a=b\r\nabc\r\n0\r\n\r\n"), 200),
        ("trailers", post(chunked, "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n"), 200),
        (
            "lines ended by LF, which cannot be refused in here",
            "GET / HTTP/1.1\nHost: 127.0.0.1\n\n".to_owned(),
            200,
        ),
    ] {
        let answer = send(house.address, bytes.as_bytes());
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        assert!(status == 200 || answer.closed, "{name}: what follows must not be read as a request");
    }
}

#[test]
fn hosts_methods_and_targets() {
    let house = House::open(0);
    let raw = |line: &str, headers: &str| format!("{line} HTTP/1.1\r\n{headers}\r\n");
    let own = "Host: 127.0.0.1\r\n";
    for (name, bytes, status, closed) in [
        ("our host", raw("GET /", own), 200, OPEN),
        ("a loopback name", raw("GET /", "Host: localhost:8080\r\n"), 200, OPEN),
        ("no host", raw("GET /", ""), 400, CLOSED),
        ("two hosts", raw("GET /", &format!("{own}{own}")), 400, CLOSED),
        ("another host", raw("GET /", "Host: evil.example\r\n"), 421, CLOSED),
        ("a host that is none", raw("GET /", "Host: a b/c@d\r\n"), 400, CLOSED),
        ("an absolute target", raw("GET http://evil.example/", own), 400, CLOSED),
        ("an absolute target of ours", raw("GET http://127.0.0.1/", own), 400, CLOSED),
        ("TRACE", raw("TRACE /", own), 405, OPEN),
        ("OPTIONS", raw("OPTIONS /", own), 405, OPEN),
        ("a made-up method", raw("BREW /", own), 405, OPEN),
        ("a method that the route has not", raw("DELETE /", own), 405, OPEN),
        ("CONNECT", raw("CONNECT evil.example:443", own), 404, CLOSED),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400, CLOSED),
        ("an upgrade to h2c", get("/", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), 200, CLOSED),
        ("a web socket", post("Connection: Upgrade\r\nUpgrade: websocket\r\n", ""), 400, CLOSED),
        ("a web socket without Connection", post("Upgrade: websocket\r\n", ""), 400, CLOSED),
        ("64 headers", get("/", &many_headers(63, 1)), 200, OPEN),
        ("65 headers", get("/", &many_headers(64, 1)), 431, CLOSED),
        ("97 headers", get("/", &many_headers(97, 1)), 431, CLOSED),
        ("33 KB of headers", get("/", &many_headers(33, 1024)), 431, CLOSED),
        ("140 KB of headers", get("/", &many_headers(60, 2400)), 431, CLOSED),
        ("a missing page", raw("GET /missing", own), 404, OPEN),
        ("a route without a row", raw("GET /nobody/thought/of/it", own), 404, OPEN),
    ] {
        let answer = send(house.address, bytes.as_bytes());
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        assert_eq!(answer.closed, closed, "{name}: {}", answer.text);
    }
}

#[test]
fn bodies_have_a_size_and_a_deadline() {
    let house = House::open(0);
    let large = "x".repeat(300_000);
    let announced = send(house.address, post("Content-Length: 2000000\r\n", "").as_bytes());
    assert_eq!((announced.status, announced.closed), (413, true), "before a byte of it: {}", announced.text);
    let sent = send(house.address, post("Content-Length: 300000\r\n", &large).as_bytes());
    assert_eq!(sent.status, 413, "{}", sent.text);
    let half = send(house.address, post("Content-Length: 10\r\n", "abc").as_bytes());
    assert_eq!((half.status, half.closed), (408, true), "{}", half.text);

    let mut dripping = TcpStream::connect(house.address).unwrap();
    dripping.write_all(post("Content-Length: 100\r\n", "").as_bytes()).unwrap();
    // Each piece comes in time; the whole does not. Pieces leave when the answer to a probe on another line came.
    let started = std::time::Instant::now();
    while started.elapsed().as_millis() < 1500 && dripping.write_all(b"x").is_ok() {
        send(house.address, get("/", "").as_bytes());
    }
    let answer = read(&mut dripping);
    assert_eq!(answer.status, 408, "{}", answer.text);
}

#[test]
fn silence_is_not_waited_for() {
    let house = House::open(0);
    for half in ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"] {
        let answer = send(house.address, half.as_bytes());
        assert!(answer.closed && [0, 408].contains(&answer.status), "{half:?}: {}", answer.text);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let house = House::open(0);
    let both = format!("{}{}", get("/missing", ""), get("/", "Connection: close\r\n"));
    let answer = send(house.address, both.as_bytes());
    let (first, second) = (answer.text.find(" 404 ").unwrap(), answer.text.find(" 200 ").unwrap());
    assert!(first < second && answer.text.ends_with("home"));
}

#[test]
fn a_head_has_no_body() {
    let house = House::open(0);
    let answer = send(house.address, b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_eq!((answer.status, answer.body(), answer.header("content-length")), (200, "", Some("4")));
}

#[test]
fn the_matched_route_decides_who_may() {
    let house = House::open(0);
    let cookie = format!("Cookie: sid={}\r\n", house.session);
    let bearer = format!("Authorization: Bearer {}\r\n", house.machine);
    for (path, headers, status, to) in [
        ("/admin", "", 302, "/signin/?next=%2Fadmin"),
        ("/%61dmin", "", 302, "/signin/?next=%2Fadmin"),
        ("/admin/", "", 302, "/signin/?next=%2Fadmin"),
        ("/admin", &*cookie, 403, ""),
        ("/admin", &bearer, 200, ""),
        ("/notes/?order=name", "", 302, "/signin/?next=%2Fnotes%2F%3Forder%3Dname"),
        ("/notes", &cookie, 200, ""),
        ("/notes/", "Cookie: sid=made-up\r\n", 302, "/signin/?next=%2Fnotes%2F"),
        ("/api/v1/feeds", "", 401, ""),
        ("/api/v1/feeds", &cookie, 403, ""),
        ("/api/v1/feeds", &bearer, 200, ""),
        ("/api/v1/feeds", "Authorization: Bearer made-up\r\n", 401, ""),
        ("/api/v1/feeds", &format!("{cookie}{bearer}"), 403, ""),
    ] {
        let answer = send(house.address, get(path, headers).as_bytes());
        assert_eq!(answer.status, status, "{path} {headers}: {}", answer.text);
        assert_eq!(answer.header("location").unwrap_or_default(), to, "{path} {headers}");
    }
}

#[test]
fn only_our_own_pages_may_post() {
    let house = House::open(0);
    let page = send(house.address, get("/signin/", "").as_bytes());
    let token = page.body().to_owned();
    let form_cookie = page.text.lines().find_map(|line| line.strip_prefix("set-cookie: form=")).unwrap();
    let form_cookie = form_cookie.split(';').next().unwrap();
    let cookies = format!("Cookie: form={form_cookie}\r\n");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let fine = format!("name=ada&csrf_token={token}");
    for (name, headers, body, status) in [
        ("our own form", format!("{form}{cookies}"), &*fine, 200),
        (
            "a browser's",
            format!("{form}{cookies}Sec-Fetch-Site: same-origin\r\nOrigin: http://127.0.0.1\r\n"),
            &fine,
            200,
        ),
        ("typed in", format!("{form}{cookies}Sec-Fetch-Site: none\r\n"), &fine, 200),
        ("our origin", format!("{form}{cookies}Origin: http://127.0.0.1\r\n"), &fine, 200),
        ("no token", format!("{form}{cookies}"), "name=ada", 403),
        ("a wrong token", format!("{form}{cookies}"), "name=ada&csrf_token=AAAA", 403),
        ("no cookie", form.to_owned(), &fine, 403),
        (
            "a session's cookie beside an anonymous token",
            format!("{form}Cookie: form={form_cookie}; sid={}\r\n", house.session),
            &fine,
            403,
        ),
        ("another site", format!("{form}{cookies}Sec-Fetch-Site: cross-site\r\n"), &fine, 403),
        ("a neighbour", format!("{form}{cookies}Sec-Fetch-Site: same-site\r\n"), &fine, 403),
        ("another origin", format!("{form}{cookies}Origin: https://evil.example\r\n"), &fine, 403),
        ("no origin", format!("{form}{cookies}Origin: null\r\n"), &fine, 403),
        ("a plain text", format!("Content-Type: text/plain\r\n{cookies}"), &fine, 403),
    ] {
        let bytes = format!(
            "POST /signin/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = send(house.address, bytes.as_bytes());
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
    }
    let leave = format!("csrf_token={token}");
    let bytes = format!(
        "POST /signout/ HTTP/1.1\r\nHost: 127.0.0.1\r\n{form}{cookies}Content-Length: {}\r\n\r\n{leave}",
        leave.len()
    );
    assert_eq!(send(house.address, bytes.as_bytes()).status, 200, "a form that holds nothing but the token");
    let script = |headers: &str| {
        format!("POST /api/v1/notes HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: 0\r\n\r\n")
    };
    let cookie = format!("Cookie: sid={}\r\n", house.session);
    assert_eq!(
        send(house.address, script(&cookie).as_bytes()).status,
        403,
        "a cookie without the form token"
    );
    let bearer = format!("Authorization: Bearer {}\r\n", house.machine);
    assert_eq!(send(house.address, script(&bearer).as_bytes()).status, 201, "a bearer token is no cookie");
}

#[test]
fn a_panic_is_a_plain_500_with_its_id() {
    let house = House::open(0);
    for (path, kind) in
        [("/status", "text/html; charset=utf-8"), ("/api/v1/itineraries", "application/problem+json")]
    {
        let answer = send(house.address, get(path, "").as_bytes());
        assert_eq!((answer.status, answer.header("content-type")), (500, Some(kind)), "{}", answer.text);
        assert!(answer.body().contains(answer.header("x-request-id").unwrap()));
        assert!(!answer.text.contains("secret"), "{}", answer.text);
    }
    assert_eq!(send(house.address, get("/", "").as_bytes()).status, 200, "and the worker lives on");
}

#[test]
fn too_much_is_told_when_to_come_back() {
    let house = House::open(1);
    let token = "csrf_token=x&name=x";
    let bytes = format!(
        "POST /signin/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n{token}",
        token.len()
    );
    for n in 0..10 {
        assert_eq!(send(house.address, bytes.as_bytes()).status, 403, "{n}");
    }
    let told = send(house.address, bytes.as_bytes());
    assert_eq!(told.status, 429, "{}", told.text);
    let wait: u32 = told.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait) && told.header("ratelimit").is_some());
}

#[test]
fn every_answer_says_who_it_was_and_how_to_treat_it() {
    let house = House::open(0);
    for (path, status, kind) in [
        ("/", 200, "text/plain; charset=utf-8"),
        ("/missing", 404, "text/html; charset=utf-8"),
        ("/notes/", 302, ""),
        ("/api/v1/missing", 404, "application/problem+json"),
        ("/api/v1/feeds", 401, "application/problem+json"),
        ("/api/air/orders", 401, "application/json"),
    ] {
        let answer = send(house.address, get(path, "").as_bytes());
        assert_eq!(
            (answer.status, answer.header("content-type").unwrap_or_default()),
            (status, kind),
            "{path}"
        );
        let id = answer.header("x-request-id").unwrap();
        assert_eq!(id.len(), 36);
        assert!(status == 200 || status == 302 || answer.body().contains(id), "{path}: {}", answer.text);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(
            answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(answer.header("cache-control").is_some(), "{path}");
    }
}

#[test]
fn no_route_without_a_row() {
    let patterns = routes::patterns();
    assert!(patterns.len() > 40, "the search finds routes: {patterns:?}");
    let bare: Vec<_> = patterns.iter().filter(|p| !TABLE.iter().any(|row| row.speaks_of(p))).collect();
    assert_eq!(bare, Vec::<&String>::new(), "add rows to TABLE in src/edge/authorise.rs");
}

/// The table of rights against the router itself: every route, for a stranger and for a traveller.
#[test]
fn no_route_opens_for_whom_it_should_not() {
    let house = House::whole();
    let cookie = format!("Cookie: sid={}\r\nConnection: close\r\n", house.session);
    for pattern in routes::patterns() {
        let Some(row) = row_of(&pattern, &Method::GET).filter(|row| row.who != Who::Anyone) else { continue };
        let path = routes::filled(&pattern);
        let stranger = send(house.address, get(&path, "Connection: close\r\n").as_bytes());
        assert!(
            [302, 401].contains(&stranger.status) || is_write_only(&stranger),
            "{pattern}: {}",
            stranger.text
        );
        if matches!(row.who, Who::Staff(_)) {
            let traveller = send(house.address, get(&path, &cookie).as_bytes());
            assert!(traveller.status == 403 || is_write_only(&traveller), "{pattern}: {}", traveller.text);
        }
    }
}

/// An address that has no GET at all.
fn is_write_only(answer: &wire::Answer) -> bool {
    [404, 405].contains(&answer.status)
}

#[test]
fn no_route_takes_what_is_not_from_our_pages() {
    let house = House::whole();
    let writes = |p: &String| {
        if p.starts_with("/api/") { ["POST", "PUT", "DELETE"].as_slice() } else { ["POST"].as_slice() }
    };
    let patterns = routes::patterns();
    for (pattern, method) in patterns.iter().flat_map(|p| writes(p).iter().map(move |m| (p, m))) {
        let ask = |headers: &str| {
            let path = routes::filled(pattern);
            let form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\nConnection: close\r\n";
            let bytes = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}{form}\r\n");
            send(house.address, bytes.as_bytes())
        };
        let foreign = ask("Sec-Fetch-Site: cross-site\r\n");
        assert_eq!(foreign.status, 403, "{method} {pattern}: {}", foreign.text);
        let bare = ask("");
        assert!([302, 401, 403, 404, 405].contains(&bare.status), "{method} {pattern}: {}", bare.text);
        let session = ask(&format!("Cookie: sid={}\r\n", house.session));
        assert!(
            [403, 404, 405].contains(&session.status),
            "{method} {pattern} with a session: {}",
            session.text
        );
    }
}
