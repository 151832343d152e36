//! Requests go to configured addresses and nowhere else: not where a path, a host header, a redirect, a name service
//! or an environment variable would like them to go.

use std::collections::BTreeMap;

use proxy::{UpstreamSettings, Upstreams};

use crate::{
    door::{Door, Plan},
    upstream::Upstream,
};

#[test]
fn proxy_sec_ssrf_addresses_refused_at_start() {
    for address in [
        "http://169.254.169.254",
        "http://169.254.169.254:80/latest/meta-data",
        "http://[::ffff:169.254.169.254]",
        "http://[::ffff:127.0.0.1]:8080",
        "http://[::127.0.0.1]:8080",
        "http://[fe80::1]",
        "http://[fd00:ec2::254]",
        "http://[::]:80",
        "http://0.0.0.0:80",
        "http://0:80",
        "http://224.0.0.1",
        "http://[ff02::1]",
        "http://255.255.255.255",
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://127.1",
        "http://localhost.",
        "http://localhost.:8080",
        "http://user@legacy.test",
        "http://user:password@legacy.test",
        "http://legacy.test@169.254.169.254",
        "http://legacy.test\\@169.254.169.254",
        "ftp://legacy.test",
        "file:///etc/passwd",
        "gopher://legacy.test",
        "//legacy.test",
        "legacy.test",
        "http://",
        "http://legacy.test/a/../b",
        "http://legacy.test/?a=b",
        "http://legacy.test/#a",
        "http://legacy.test:99999",
        "http://legacy.test:0x50",
        "http://legacy test",
        "http://legacy.test\r\nX-A: b",
    ] {
        assert!(upstreams(UpstreamSettings::at(address)).is_err(), "{address}");
    }
}

#[test]
fn proxy_sec_ssrf_loopback_only_if_declared() {
    let disguised =
        UpstreamSettings { loopback: true, ..UpstreamSettings::at("http://[::ffff:127.0.0.1]:8080") };
    assert!(upstreams(disguised).is_ok());
    for address in
        ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080", "https://legacy.test"]
    {
        assert!(upstreams(UpstreamSettings::at(address)).is_ok(), "{address}");
    }
}

/// A name that resolves to this machine without being allowed to: judged when it is resolved, not when it is read.
#[test]
fn proxy_sec_ssrf_names_are_judged_when_resolved() {
    let Some(name) = own_name() else {
        println!("not proven here: this machine's name does not resolve to loopback");
        return;
    };
    let upstream = Upstream::echo();
    let address = format!("http://{name}:{}", upstream.address.port());
    let closed = Plan::named(&address, false).open();
    assert_eq!(closed.get("/a").status, 502);
    assert!(upstream.seen().is_empty());
    let open = Plan::named(&address, true).open();
    if upstream.address.ip().is_loopback() {
        // Reached only if the name means 127.0.0.1 rather than another address of the machine.
        let answer = open.get("/a");
        assert!(answer.status == 200 || answer.status == 502, "{}", answer.status);
    }
}

/// Nothing in a request chooses the address.
#[test]
fn proxy_sec_ssrf_nothing_in_a_request_leads_elsewhere() {
    let (upstream, elsewhere) = (Upstream::echo(), Upstream::echo());
    let there = elsewhere.address;
    let door = Door::before(&upstream);
    for request in [
        format!("GET http://{there}/a HTTP/1.1\r\nHost: {there}\r\n\r\n"),
        format!("GET http://{there}/a HTTP/1.1\r\nHost: portal.test\r\n\r\n"),
        format!("GET //{there}/a HTTP/1.1\r\nHost: portal.test\r\n\r\n"),
        format!("GET @{there}/a HTTP/1.1\r\nHost: portal.test\r\n\r\n"),
        format!("GET /a HTTP/1.1\r\nHost: {there}\r\n\r\n"),
        format!("GET /a HTTP/1.1\r\nHost: portal.test\r\nX-Forwarded-Host: {there}\r\n\r\n"),
        format!("GET /@{there}/ HTTP/1.1\r\nHost: portal.test\r\n\r\n"),
        format!("GET /a?url=http://{there}/ HTTP/1.1\r\nHost: portal.test\r\n\r\n"),
        format!("CONNECT {there} HTTP/1.1\r\nHost: {there}\r\n\r\n"),
    ] {
        let status = door.ask(&request).status;
        assert!(status < 502, "{request}: {status}");
    }
    assert_eq!(elsewhere.connections(), 0);
    for seen in upstream.seen() {
        assert_eq!(
            seen.head.value("host"),
            Some(upstream.address.to_string()),
            "the host is the upstream's own"
        );
    }
}

/// Absolute-form targets are refused, though the server underneath takes them.
#[test]
fn proxy_sec_ssrf_absolute_form() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    for target in
        ["http://portal.test/a", "http://portal.test", "HTTP://PORTAL.TEST/a", "ftp://portal.test/a"]
    {
        assert_eq!(door.get(target).status, 400, "{target}");
    }
    assert!(upstream.seen().is_empty());
}

fn upstreams(settings: UpstreamSettings) -> Result<Upstreams, proxy::UpstreamError> {
    Upstreams::new(&BTreeMap::from([("legacy".to_owned(), settings)]))
}

/// A name of this machine that leads to loopback and does not say so.
fn own_name() -> Option<String> {
    use std::net::ToSocketAddrs;
    let hosts = std::fs::read_to_string("/etc/hosts").ok()?;
    let words = hosts.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    let mut names =
        words.filter(|word| !word.contains("localhost") && word.parse::<std::net::IpAddr>().is_err());
    let leads_here = |name: &&str| {
        (*name, 1).to_socket_addrs().is_ok_and(|mut found| found.all(|address| address.ip().is_loopback()))
    };
    names.find(leads_here).map(str::to_owned)
}
