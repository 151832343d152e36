//! Less a written list of differences, an exchange through the proxy is the exchange without it: some hundreds of
//! each kind, asked twice.

use std::net::SocketAddr;

use crate::{
    client::{Answer, Client},
    door::{Door, Plan},
    head::Head,
    upstream::{Seen, Then, Upstream},
};

/// What an upstream finds changed in a request: framing, hop-by-hop, and what we say of the client.
const OF_REQUESTS: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
    "traceparent",
];
/// What a client finds changed in an answer: framing, hop-by-hop, our date, and "keep nothing" where nothing was said.
const OF_ANSWERS: &[&str] =
    &["connection", "keep-alive", "content-length", "transfer-encoding", "date", "cache-control", "via"];

const STATUSES: &[&str] = &[
    "200 OK",
    "201 Created",
    "202 Accepted",
    "203 Non-Authoritative Information",
    "204 No Content",
    "206 Partial Content",
    "301 Moved Permanently",
    "303 See Other",
    "304 Not Modified",
    "307 Temporary Redirect",
    "400 Bad Request",
    "401 Unauthorized",
    "404 Not Found",
    "409 Conflict",
    "410 Gone",
    "412 Precondition Failed",
    "416 Range Not Satisfiable",
    "418 I'm a teapot",
    "422 Unprocessable Content",
    "429 Too Many Requests",
    "451 Unavailable For Legal Reasons",
    "500 Internal Server Error",
    "503 Service Unavailable",
    "599 Odd",
];
const FRAMES: &[&str] = &["length", "chunks", "end"];
const BODIES: &[usize] = &[0, 1, 5, 8 * 1024, 200_000];
const HEADERS: &[&str] = &[
    "",
    "ETag: W/\"a\"\r\nLast-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nVary: Accept, Cookie\r\n",
    "Content-Encoding: gzip\r\nContent-Type: text/html; charset=utf-8\r\n",
    "Content-Range: bytes 0-4/10\r\nAccept-Ranges: bytes\r\n",
    "X-Twice: a\r\nX-Other: b\r\nX-Twice: c\r\nLink: </a>; rel=next\r\nLink: </b>; rel=prev\r\n",
    "Retry-After: 7\r\nWWW-Authenticate: Basic realm=\"a, b\"\r\nX-Empty:\r\nX-Spaces:   a  b  \r\n",
];

#[test]
fn proxy_sec_transparent_answers() {
    let upstream = Upstream::start(|seen, wire| {
        let head_only = seen.head.method() == "HEAD";
        wire.send(asked_for(&seen.head.target(), head_only));
        if seen.head.target().contains("/end/") { Then::Close } else { Then::Keep }
    });
    let door = Door::before(&upstream);
    let mut count = 0;
    for (turn, path) in paths().enumerate() {
        let method = ["GET", "POST", "HEAD"][turn % 3];
        let ask = |to| {
            exchange(to, &format!("{method} {path} HTTP/1.1\r\nHost: portal.test\r\n\r\n"), method == "HEAD")
        };
        let (direct, through) = (ask(upstream.address), ask(door.address()));
        assert_eq!(through.status, direct.status, "{method} {path}");
        assert_eq!(through.whole, direct.whole, "{method} {path}");
        assert!(through.body == direct.body, "{method} {path}: another body");
        assert_eq!(kept(&through.head, OF_ANSWERS), kept(&direct.head, OF_ANSWERS), "{method} {path}");
        count += 1;
    }
    assert!(count > 300, "{count}");
}

#[test]
fn proxy_sec_transparent_requests() {
    let upstream = Upstream::echo();
    let door = Plan::before(&upstream).cookies_out(&["legacy"]).open();
    let mut count = 0;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        for lines in [
            "",
            "Accept: */*;q=0.8\r\nAccept-Language: en, de;q=0.5\r\nUser-Agent: Mozilla/5.0 (X11)\r\n",
            "If-None-Match: \"a\", W/\"b\"\r\nIf-Modified-Since: Wed, 21 Oct 2015 07:28:00 GMT\r\nRange: bytes=0-4,7-\r\n",
            "Cookie: legacy=1\r\nOrigin: http://portal.test\r\nReferer: http://portal.test/a?b\r\n",
            "X-Twice: a\r\nX-Other: b\r\nX-Twice: c\r\nIdempotency-Key: 1\r\nDNT: 1\r\n",
            "Content-Type: multipart/form-data; boundary=\"a b\"\r\nContent-MD5: abc\r\nX-Spaces:   a  b  \r\n",
        ] {
            for body in ["", "hello", &"large ".repeat(6_000)] {
                for frame in ["length", "chunks"] {
                    let (framing, sent) = framed(frame, body);
                    if body.is_empty() && frame == "chunks" || !body.is_empty() && method == "GET" {
                        continue;
                    }
                    let framing = if body.is_empty() { "" } else { &framing };
                    let request = format!(
                        "{method} /a?b=c HTTP/1.1\r\nHost: portal.test\r\n{lines}{framing}\r\n{sent}"
                    );
                    let direct = last(&upstream, upstream.address, &request);
                    let through = last(&upstream, door.address(), &request);
                    assert_eq!(through.head.first_line(), direct.head.first_line());
                    assert!(through.body == direct.body, "{method} {lines}: another body");
                    assert_eq!(kept(&through.head, OF_REQUESTS), kept(&direct.head, OF_REQUESTS), "{method}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 150, "{count}");
}

fn paths() -> impl Iterator<Item = String> {
    let statuses = STATUSES.iter().enumerate();
    statuses.flat_map(|(status, _)| {
        FRAMES.iter().enumerate().flat_map(move |(at, frame)| {
            BODIES.iter().enumerate().map(move |(turn, body)| {
                let headers = (status + at + turn) % HEADERS.len();
                format!("/{status}/{frame}/{body}/{headers}")
            })
        })
    })
}

/// The answer that a path names.
fn asked_for(path: &str, head_only: bool) -> Vec<u8> {
    let words: Vec<&str> = path.split('/').skip(1).collect();
    let status = STATUSES[words[0].parse::<usize>().unwrap()];
    let headers = HEADERS[words[3].parse::<usize>().unwrap()];
    let bodiless = status.starts_with("204") || status.starts_with("304");
    let body = "0123456789abcdef".repeat(16_384).split_at(words[2].parse().unwrap()).0.to_owned();
    let (framing, sent) = framed(words[1], &body);
    let framing = if bodiless && words[1] != "end" { "" } else { &framing };
    let sent = if bodiless || head_only { String::new() } else { sent };
    format!("HTTP/1.1 {status}\r\n{headers}{framing}\r\n{sent}").into_bytes()
}

/// Header lines and bytes of a body.
fn framed(frame: &str, body: &str) -> (String, String) {
    match frame {
        "length" => (format!("Content-Length: {}\r\n", body.len()), body.to_owned()),
        "chunks" => {
            let (first, rest) = body.split_at(body.len() / 3);
            let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
            let parts = [first, rest].into_iter().filter(|part| !part.is_empty()).map(chunk);
            ("Transfer-Encoding: chunked\r\n".to_owned(), format!("{}0\r\n\r\n", parts.collect::<String>()))
        }
        _ => ("Connection: close\r\n".to_owned(), body.to_owned()),
    }
}

fn exchange(to: SocketAddr, request: &str, head_only: bool) -> Answer {
    let mut client = Client::connect(to);
    client.send(request);
    if head_only { client.answer_without_body() } else { client.answer() }
}

fn last(upstream: &Upstream, to: SocketAddr, request: &str) -> Seen {
    let answer = exchange(to, request, false);
    assert_eq!(answer.status, 200, "{request}");
    upstream.last()
}

/// The lines that must be the same, by name and in the order of each name.
fn kept(head: &Head, but: &[&str]) -> Vec<(String, String)> {
    let mut lines = head.lines();
    lines.retain(|(name, _)| !but.contains(&name.as_str()));
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    lines
}
