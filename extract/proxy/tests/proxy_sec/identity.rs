//! Who asks is said by us alone: `Banyan-*`, `X-User-*` and `X-Real-IP` from outside never arrive, however they are spelled.

use crate::{
    door::{Door, Plan},
    upstream::{Upstream, answer},
};

const SPOOFS: &[&str] = &[
    "Banyan-Identity",
    "banyan-identity",
    "BANYAN-IDENTITY",
    "bAnYaN-iDeNtItY",
    "banyan_identity",
    "Banyan_Identity",
    "BANYAN_identity",
    "Banyan-Mode",
    "Banyan-Decision",
    "banyan_anything",
    "Banyan-",
    "X-User-Id",
    "x-user-email",
    "X_User_Name",
    "x_user-role",
    "X-User_Role",
    "X-Real-IP",
    "x_real_ip",
    "X_REAL-ip",
];

#[test]
fn proxy_sec_identity_each_spoofed() {
    for name in SPOOFS {
        for identity in [Some("ours"), None] {
            let upstream = Upstream::echo();
            let door = Plan::before(&upstream).maybe_identity(identity).open();
            let request = format!(
                "GET /a HTTP/1.1\r\nHost: portal.test\r\n{name}: theirs\r\n{name}: theirs too\r\n\r\n"
            );
            let status = door.ask(request).status;
            assert!(status == 200 || status == 400, "{name}: {status}");
            for seen in upstream.seen() {
                assert!(!seen.head.text().contains("theirs"), "{name}: {}", seen.head.text());
                assert_eq!(seen.head.value("banyan-identity").as_deref(), identity, "{name}");
            }
        }
    }
}

/// Words that only begin alike are nobody's identity and pass.
#[test]
fn proxy_sec_identity_takes_no_more_than_that() {
    let upstream = Upstream::echo();
    let door = Door::before(&upstream);
    door.ask("GET /a HTTP/1.1\r\nHost: portal.test\r\nX-Username: a\r\nBanyantree: b\r\nX-Real: c\r\n\r\n");
    let head = upstream.only().head;
    for name in ["x-username", "banyantree", "x-real"] {
        assert!(head.has(name), "{name}");
    }
}

/// Nor does an upstream speak for us to the browser.
#[test]
fn proxy_sec_identity_in_answers() {
    let upstream = Upstream::says(answer(
        "Banyan-Decision: module=all\r\nbanyan_identity: theirs\r\nX-Kept: kept\r\n",
        "",
    ));
    let answer = Door::before(&upstream).get("/a");
    assert_eq!(answer.status, 200);
    assert!(
        !answer.head.has("banyan-decision") && !answer.head.has("banyan_identity"),
        "{}",
        answer.head.text()
    );
    assert!(answer.head.has("x-kept"));
}

/// A client's credentials are for us, unless the route says that they are for the upstream.
#[test]
fn proxy_sec_identity_authorization() {
    for (meant, wants) in [(false, None), (true, Some("Bearer theirs"))] {
        let upstream = Upstream::echo();
        let plan = Plan::before(&upstream);
        let door = if meant { plan.authorization() } else { plan }.open();
        door.ask("GET /a HTTP/1.1\r\nHost: portal.test\r\nAuthorization: Bearer theirs\r\n\r\n");
        assert_eq!(upstream.only().head.value("authorization").as_deref(), wants);
    }
}
