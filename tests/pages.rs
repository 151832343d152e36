//! Pages as they leave the real binary, over HTTP from an empty airline: the status and what stands in `main`, and
//! once the whole frame around it. What differs from run to run is blotted out.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "pages/visitor.rs"]
mod visitor;

use visitor::{House, Visitor};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a boat of folded paper";

#[test]
fn pages() {
    banyan::wire::prepare_process();
    let house = House::open();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        anybody(&mut Visitor::of(&house)).await;
        forms_that_fail(&mut Visitor::of(&house)).await;
        somebody(&mut Visitor::of(&house)).await;
    });
}

async fn anybody(visitor: &mut Visitor) {
    keep("frame", &visitor.get("/signin/").await.whole());
    for (name, path) in [
        ("home", "/"),
        ("sign_up", "/signup/"),
        ("forgot_password", "/forgot-password/"),
        ("status_door", "/status"),
        ("find_booking", "/trips"),
        ("missing", "/nowhere"),
        ("private", "/notes/"),
        ("sign_in_led_astray", "/signin/?next=//elsewhere.example"),
    ] {
        keep(name, &visitor.get(path).await.main());
    }
}

async fn forms_that_fail(visitor: &mut Visitor) {
    let search = "/flights?from=AMS&to=AMS&depart=2001-01-01&return=2000-12-31&adults=9&children=9";
    keep("search_wrong", &visitor.get(search).await.main());
    let typed = [("email", "nobody"), ("password", "short"), ("repeat_password", "shorter")];
    keep("sign_up_wrong", &visitor.post("/signup/", &typed).await.main());
    let typed = [("email", "nobody@example.com"), ("password", "not the password")];
    keep("sign_in_wrong", &visitor.post("/signin/", &typed).await.main());
    let typed = [("booking_reference", "<b>"), ("family_name", "")];
    keep("find_booking_wrong", &visitor.post("/trips", &typed).await.main());
    visitor.forget_the_token();
    keep("stale_form", &visitor.post("/signin/", &[("email", EMAIL)]).await.main());
}

async fn somebody(visitor: &mut Visitor) {
    let typed = [("email", EMAIL), ("password", PASSWORD), ("repeat_password", PASSWORD)];
    keep("signed_up", &visitor.post("/signup/", &typed).await.main());
    keep("signed_in", &visitor.post("/signin/", &[("email", EMAIL), ("password", PASSWORD)]).await.main());
    keep("notes_none", &visitor.get("/notes/").await.main());
    keep("note_new", &visitor.get("/notes/create/").await.main());
    keep("note_wrong", &visitor.post("/notes/create/", &[("name", ""), ("text", "Bread")]).await.main());
    keep("settings", &visitor.get("/settings/").await.main());
    keep("trips_none", &visitor.get("/trips").await.main());
    keep("staff_only", &visitor.get("/admin/").await.main());
}

fn keep(name: &str, page: &str) {
    insta::with_settings!({
        snapshot_path => "snapshots/pages",
        prepend_module_to_snapshot => false,
        omit_expression => true,
        filters => [
            (r#"(name="(?:csrf_token|idempotency_key|session)" value=")[^"]*"#, "$1[secret]"),
            (r#"nonce="[^"]*""#, "nonce=\"[nonce]\""),
            (r"/static/(banyan)[.-][^.]*\.(css|js)", "/static/$1.[hash].$2"),
            (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[id]"),
            (r"(<code>)[0-9A-Za-z-]{16,}(</code>)", "$1[id]$2"),
            (r#"(min=")\d{4}-\d\d-\d\d"#, "$1[today]"),
            (r"Today at \d\d:\d\d", "Today at [time]"),
        ],
    }, { insta::assert_snapshot!(name, page) });
}
