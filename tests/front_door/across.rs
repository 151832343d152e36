//! Past the front door to another server: what crosses, what stays, and what people get when the other side is away.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use proxy::UpstreamSettings;

use crate::{
    house::{Beside, House},
    wire::send,
};

/// A server that answers everything with its own name and what it was asked, and remembers the heads it saw.
struct Far {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Far {
    fn named(name: &'static str, status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let book = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let book = Arc::clone(&book);
                thread::spawn(move || converse(stream, name, status, &book));
            }
        });
        Self { address, seen }
    }

    /// One that agrees to be a WebSocket and then gives back what it gets.
    fn echo() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::default());
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut piece = [0; 4096];
                let length = stream.read(&mut piece).unwrap();
                let asked = String::from_utf8_lossy(&piece[..length]).to_lowercase();
                assert!(
                    asked.contains("upgrade: websocket") && asked.contains("connection: upgrade"),
                    "{asked}"
                );
                let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n";
                stream.write_all(answer.as_bytes()).unwrap();
                while let Ok(length @ 1..) = stream.read(&mut piece) {
                    stream.write_all(&piece[..length]).unwrap();
                }
            }
        });
        Self { address, seen }
    }

    fn upstream(&self) -> UpstreamSettings {
        UpstreamSettings::at(format!("http://{}", self.address))
    }

    fn last(&self) -> String {
        self.seen.lock().unwrap().last().cloned().unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn converse(mut stream: TcpStream, name: &str, status: &str, book: &Mutex<Vec<String>>) {
    let (mut unread, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        unread.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&unread).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        book.lock().unwrap().push(text.clone());
        unread.clear();
        let answer = format!("{name} {}", head.lines().next().unwrap_or_default());
        let lines = "Content-Type: text/plain\r\nContent-Security-Policy: sandbox\r\nBanyan-Decision: a lie";
        let head = format!("HTTP/1.1 {status}\r\n{lines}\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all((head + &answer).as_bytes()).unwrap();
    }
}

/// A group whose buckets all lie at one target.
fn group(name: &str, target: &str, hop: &str, routes: &str) -> String {
    format!(
        "module = \"{name}\"\nranges = {{ \"{target}\" = 100000 }}\nhop = {hop}\nroutes = [{routes}]\nbreaker = {{ fallback = \"here\" }}\n"
    )
}

const FROM_OLD: &str = r#"{ from = "legacy:old", to = "here" }"#;
const EVERYTHING: &str = r#"{ match = "* /ledger/{rest..}" }"#;

fn ask(house: &House, head: &str) -> crate::wire::Answer {
    send(house.address, format!("{head}\r\nHost: 127.0.0.1\r\n\r\n").as_bytes())
}

fn with_old(settings: UpstreamSettings, group: String) -> Beside {
    Beside { upstreams: vec![("old", settings)], groups: vec![group] }
}

#[test]
fn what_crosses_and_what_stays() {
    let old = Far::named("old", "200 OK");
    let routes = r#"{ match = "* /ledger/{rest..}" }, { match = "GET /notes/", kind = "query" }"#;
    let house = House::beside(with_old(old.upstream(), group("ledger/all", "legacy:old", FROM_OLD, routes)));
    for (head, status, text) in [
        ("GET /ledger/a?b=%2e HTTP/1.1", 200, "old GET /ledger/a?b=%2e"),
        ("DELETE /ledger/a HTTP/1.1", 200, "old DELETE"),
        ("HEAD /ledger/a HTTP/1.1", 200, ""),
        ("GET / HTTP/1.1", 200, "home"),
        ("GET /elsewhere HTTP/1.1", 404, "Not found"),
        ("GET /ledger/../notes/ HTTP/1.1", 400, "could not be read"),
        ("GET /%6cedger/a HTTP/1.1", 400, "could not be read"),
        ("GET //ledger/a HTTP/1.1", 400, "could not be read"),
        ("GET /notes;/ HTTP/1.1", 400, "could not be read"),
        ("GET http://evil.example/ledger/a HTTP/1.1", 400, "could not be read"),
        // What is for people who have signed in stays so, wherever it is answered.
        ("GET /notes/ HTTP/1.1", 302, ""),
        ("GET /notes HTTP/1.1", 302, ""),
        ("POST /notes/ HTTP/1.1", 302, ""),
    ] {
        let answer = ask(&house, head);
        assert_eq!(answer.status, status, "{head}: {}", answer.text);
        assert!(answer.body().contains(text), "{head}: {}", answer.text);
        assert!(answer.header("x-request-id").is_some(), "{head}");
    }
    assert_eq!(old.count(), 3, "nothing else went over");
    let mine = format!("GET /notes/ HTTP/1.1\r\nCookie: sid={}", house.session);
    assert!(ask(&house, &mine).body().contains("old GET /notes/"));
}

#[test]
fn who_asks_is_said_by_us_alone() {
    let old = Far::named("old", "200 OK");
    let house =
        House::beside(with_old(old.upstream(), group("ledger/all", "legacy:old", FROM_OLD, EVERYTHING)));
    let spoofed = "GET /ledger/a HTTP/1.1\r\nBanyan-Identity: me\r\nbanyan_identity: me\r\nX-Real-IP: 9.9.9.9\r\nX-Forwarded-For: 9.9.9.9\r\ntraceparent: 00-11111111111111111111111111111111-2222222222222222-01";
    let answer = ask(&house, spoofed);
    let seen = old.last();
    assert!(
        seen.contains(
            "banyan-identity: Asking { subject: None, person: None, machine: None, role: None }@old\r\n"
        ),
        "nobody we know: {seen}"
    );
    assert!(
        !seen.contains("9.9.9.9") && !seen.contains("banyan_identity") && !seen.contains(": me"),
        "{seen}"
    );
    assert!(
        seen.contains("x-forwarded-for: 127.0.0.1\r\n") && seen.contains("via: 1.1 banyan-test\r\n"),
        "{seen}"
    );
    assert!(seen.contains("traceparent: 00-") && !seen.contains("11111111111111111"), "{seen}");
    assert!(
        answer.header("set-cookie").is_some_and(|cookie| cookie.starts_with("subject=")),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"), "its page is its own");
    assert_eq!(answer.header("banyan-decision"), None, "a traveller sees none, least of all a lie");

    let mine = format!("GET /ledger/a HTTP/1.1\r\nCookie: sid={}; theme=dark", house.session);
    ask(&house, &mine);
    let seen = old.last();
    assert!(seen.contains("person: Some(") && seen.contains("role: Some(Traveller)"), "{seen}");
    assert!(!seen.contains(&house.session) && !seen.contains("cookie:"), "{seen}");

    let theirs = format!("GET /ledger/a HTTP/1.1\r\nAuthorization: Bearer {}", house.machine);
    ask(&house, &theirs);
    let seen = old.last();
    assert!(seen.contains(r#"machine: Some("test")"#) && !seen.contains(&house.machine), "{seen}");
    ask(&house, "GET /ledger/a HTTP/1.1\r\nAuthorization: Bearer of-their-own");
    assert!(old.last().contains("authorization: Bearer of-their-own\r\n"));

    let staff = format!("GET /ledger/a HTTP/1.1\r\nCookie: sid={}", house.staff);
    let told = ask(&house, &staff);
    let told = told.header("banyan-decision").unwrap_or_default();
    assert!(told.starts_with("module=ledger/all; target=legacy:old; epoch="), "{told}");
}

/// A stranger's page cannot ask in the name of somebody who has signed in here.
#[test]
fn no_page_of_a_stranger_asks_in_a_persons_name() {
    let old = Far::named("old", "200 OK");
    let house =
        House::beside(with_old(old.upstream(), group("ledger/all", "legacy:old", FROM_OLD, EVERYTHING)));
    let post = |more: &str| {
        ask(
            &house,
            &format!("POST /ledger/a HTTP/1.1\r\nContent-Length: 0\r\nSec-Fetch-Site: cross-site{more}"),
        )
        .status
    };
    assert_eq!(post(&format!("\r\nCookie: sid={}", house.session)), 403);
    assert_eq!(post(""), 200, "nobody's name is taken");
    assert_eq!(old.count(), 1);
}

#[test]
fn the_cockpit_cannot_be_moved_away() {
    let old = Far::named("old", "200 OK");
    let house = House::beside(with_old(
        old.upstream(),
        group("all/of-it", "legacy:old", FROM_OLD, r#"{ match = "* /{rest..}" }"#),
    ));
    assert!(ask(&house, "GET /anything HTTP/1.1").body().contains("old GET /anything"));
    for path in ["/admin/switch/", "/api/v1/switch/modules", "/static/x.css"] {
        assert_eq!(
            ask(&house, &format!("GET {path} HTTP/1.1")).status,
            404,
            "{path} is not in this small house"
        );
    }
    assert_eq!(old.count(), 1);
}

#[test]
fn when_the_other_side_is_away() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = UpstreamSettings::at(format!("http://{gone}"));
    let routes = r#"{ match = "GET /", kind = "query" }, { match = "* /ledger/{rest..}" }"#;
    let house = House::beside(with_old(nowhere, group("ledger/all", "legacy:old", FROM_OLD, routes)));
    let query = ask(&house, "GET / HTTP/1.1");
    assert_eq!(
        (query.status, query.body()),
        (200, "home"),
        "a query is answered by the other side of its hop"
    );
    let other = ask(&house, "GET /ledger/a HTTP/1.1");
    assert_eq!(other.status, 502, "{}", other.text);
    let id = other.header("x-request-id").unwrap_or_default();
    assert!(!id.is_empty() && other.body().contains(id), "the page names the request: {}", other.text);
    for _ in 0..10 {
        assert_eq!(ask(&house, "GET / HTTP/1.1").status, 200);
    }
    let open = ask(&house, "GET /ledger/a HTTP/1.1");
    assert_eq!(
        (open.status, open.header("retry-after").is_some()),
        (503, true),
        "its breaker is open by now"
    );
}

#[test]
fn an_answer_that_says_down_is_not_the_last_word() {
    let down = Far::named("old", "503 Service Unavailable");
    let routes = r#"{ match = "GET /", kind = "query" }, { match = "* /ledger/{rest..}" }"#;
    let house = House::beside(with_old(down.upstream(), group("ledger/all", "legacy:old", FROM_OLD, routes)));
    assert_eq!(ask(&house, "GET / HTTP/1.1").body(), "home");
    let passed_on = ask(&house, "GET /ledger/a HTTP/1.1");
    assert_eq!(passed_on.status, 503);
    assert!(passed_on.body().starts_with("old GET /ledger/a"), "there is no other: {}", passed_on.text);
}

/// A body may be longer than our own pages would take.
#[test]
fn a_long_body_crosses() {
    let old = Far::named("old", "200 OK");
    let house =
        House::beside(with_old(old.upstream(), group("ledger/all", "legacy:old", FROM_OLD, EVERYTHING)));
    let length = 2 * 1024 * 1024;
    let head = format!("POST /ledger/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n\r\n");
    let answer = send(house.address, (head + &"x".repeat(length)).as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(old.last().ends_with("xxx"));
}

#[test]
fn a_connection_turns_into_another_only_where_the_route_says_so() {
    let echo = Far::echo();
    let routes = r#"{ match = "GET /ledger/live", upgrade = true }, { match = "GET /ledger/{rest..}" }"#;
    let house = House::beside(with_old(echo.upstream(), group("ledger/all", "legacy:old", FROM_OLD, routes)));
    let wishes =
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13";
    for path in ["/ledger/other", "/", "/elsewhere"] {
        assert_eq!(ask(&house, &format!("GET {path} HTTP/1.1\r\n{wishes}")).status, 400, "{path}");
    }
    let mut stream = TcpStream::connect(house.address).unwrap();
    let head = format!("GET /ledger/live HTTP/1.1\r\nHost: 127.0.0.1\r\n{wishes}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let answer = until(&mut stream, "\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("sec-websocket-accept: x\r\n"),
        "{answer}"
    );
    for word in ["hello", "\0\u{1}bytes", "bye"] {
        stream.write_all(word.as_bytes()).unwrap();
        assert_eq!(until(&mut stream, word), word);
    }
}

/// Reads until this has come.
fn until(stream: &mut TcpStream, end: &str) -> String {
    stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(end.as_bytes()) {
        stream.read_exact(&mut byte).unwrap();
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}
