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
        house.appoint("mia@example.com", "migrator", PASSWORD);
        a_migrator(&mut Visitor::of(&house)).await;
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

async fn a_migrator(visitor: &mut Visitor) {
    visitor.post("/signin/", &[("email", "mia@example.com"), ("password", PASSWORD)]).await;
    keep("switch_module", &visitor.get("/admin/switch/notes").await.main());
    let moving = [("target", "remote:notes"), ("percent", "1"), ("epoch", "0")];
    let with = |more: &[(&'static str, &'static str)]| [&moving[..], more].concat();
    let page = "/admin/switch/notes";
    let binding = "/admin/switch/notes/binding";
    let wrong = [("percent", "a little"), ("hold", "soon"), ("rule_kind", "role"), ("rule_value", "pilot")];
    keep("switch_wrong", &visitor.post_from(page, binding, &with(&wrong)).await.main());
    keep("switch_who_moves", &visitor.post_from(page, binding, &moving).await.main());
    keep("switch_no_reason", &visitor.post_from(page, binding, &with(&[("step", "apply")])).await.main());
    let apply = with(&[("step", "apply"), ("reason", "First look")]);
    keep("switch_saved", &visitor.post_from(page, binding, &apply).await.main());
    keep("switch_conflict", &visitor.post_from(page, binding, &apply).await.main());
    let file = "module = \"notes\"\nranges = { here = 1 }";
    keep(
        "switch_file_wrong",
        &visitor.post_from(page, binding, &[("file", file), ("epoch", "1")]).await.main(),
    );
    let step = [("to", "next"), ("epoch", "1")];
    let refused = visitor.post_from(page, "/admin/switch/notes/transitions", &step).await;
    keep("switch_refused", &refused.main());
    keep("switch_new", &visitor.get("/admin/switch/new").await.main());
    keep("switch_try", &visitor.get("/admin/switch/try?binding=notes&subject=user-1").await.main());
    keep("switch_audit", &visitor.get("/admin/switch/audit?verify=yes").await.main());
    keep("switch_killed", &visitor.post_from(page, "/admin/switch/notes/kill", &[]).await.main());
    keep("switch_board", &visitor.get("/admin/switch").await.main());
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
            // What the cockpit measures and when.
            (r#"<polyline points="[^"]*"/>"#, ""),
            (r#"aria-label="(Requests per second|99th percentile)[^"]*""#, "aria-label=\"$1 [measured]\""),
            (r"<b>[^<]*</b> requests/s", "<b>[n]</b> requests/s"),
            (r"p99 <b>[^<]*</b>", "p99 <b>[n]</b>"),
            (r#"(?s)<details class="behind">.*?</details>"#, "[minutes]"),
            (r#"(?s)aria-labelledby="measures">.*?</section>"#, "aria-labelledby=\"measures\">[measures]</section>"),
            (r#"<p class="side-open">[^<]*</p>"#, ""),
            (r"<code>[\w.-]+:\d+</code>", "<code>[process]</code>"),
            (r"\d\d:\d\d:\d\d UTC", "[time]"),
            (r"[A-Z][a-z]{2} \d+ [A-Z][a-z]{2}, \d\d:\d\d UTC( \([^)]*\))?", "[moment]"),
            (r"<code>[0-9a-f]{12}…</code>", "<code>[hash]</code>"),
            (r"after [\d.]+ ms", "after [n] ms"),
            (r"Yours is [\w-]+", "Yours is [subject]"),
            (r#"name="previewed" value="[^"]*""#, "name=\"previewed\" value=\"[mark]\""),
        ],
    }, { insta::assert_snapshot!(name, page) });
}
