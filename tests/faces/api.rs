//! The API: every route's answer, and what it refuses.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{Caller, House};

fn notes(remote: u32) -> Value {
    json!({ "module": "notes", "hop": { "from": "here", "to": "remote:notes" },
        "ranges": { "remote:notes": remote, "here": 100_000 - remote },
        "ramp": { "steps": [1, 50, 100], "hold": "0s" },
        "gates": [{ "metric": "error", "max": "1%", "alpha": 0.01, "beta": 0.05 }] })
}

fn trips() -> Value {
    json!({ "module": "booking/trips", "hop": { "from": "here", "to": "legacy:res" }, "ranges": { "here": 100_000 },
        "routes": [{ "match": "GET /trips/{locator}", "kind": "query" }, { "match": "POST /trips/{locator}" }] })
}

#[actix_web::test]
async fn a_hop_from_its_plan_to_its_end() {
    let house = House::open().await;
    let (ada, bob) = (house.caller("migrator"), house.caller("migrator"));
    let modules = ada.get("/modules").await.is(200);
    assert_eq!(modules.body["data"].as_array().unwrap().len(), 5);
    assert_eq!(modules.etag.unwrap(), format!("\"{}\"", modules.body["epoch"]));

    // Applied at 5 %.
    let preview = ada.post("/simulations", notes(5_000)).await.is(200);
    assert_eq!(
        preview.body["moves"],
        json!([{ "from": "here", "to": "remote:notes", "buckets": 5_000, "percent": 5.0 }])
    );
    let epoch = ada.epoch().await;
    let put =
        ada.change(Method::PUT, "/modules/notes/binding?reason=try+it", Some(notes(5_000))).await.is(200);
    assert_eq!(put.body["epoch"], epoch + 1);
    let one = ada.get("/modules/notes").await.is(200).body["data"].clone();
    assert_eq!((&one["state"], &one["shares"]["remote:notes"]), (&json!("READ_RAMP"), &json!(5.0)));
    assert_eq!((&one["hop"]["to"], &one["last"]["reason"]), (&json!("remote:notes"), &json!("try it")));
    let binding = ada.get("/modules/notes/binding").await.is(200);
    assert_eq!(binding.body["ranges"], json!({ "here": 95_000, "remote:notes": 5_000 }));
    let again = ada.change(Method::PUT, "/modules/notes/binding", Some(binding.body.clone())).await.is(200);
    assert_eq!(again.body["moves"], json!([]));

    // On, held, to the end, which takes two people.
    for (to, share, state) in
        [("next", 50_000, "READ_RAMP"), ("hold", 50_000, "READ_RAMP"), ("PRIMARY", 100_000, "PRIMARY")]
    {
        step(&ada, to).await.is(200);
        let one = ada.get("/modules/notes").await.body["data"].clone();
        assert_eq!((&one["ranges"]["remote:notes"], &one["state"]), (&json!(share), &json!(state)), "{to}");
    }
    let waits = step(&ada, "RETIRED").await.is(202).body;
    assert_eq!(waits["needs_approvals"], 1);
    let approve = format!("/changes/{}/approvals", waits["change_id"].as_str().unwrap());
    let waiting = ada.get("/changes").await.is(200).body;
    assert_eq!(waiting["data"][0]["change_id"], waits["change_id"]);
    ada.ask(Method::POST, &approve, None, None).await.is(403);
    bob.ask(Method::POST, &approve, Some(json!({ "why": 1 })), None).await.is(400);
    let agreed = bob.ask(Method::POST, &approve, None, None).await.is(200).body;
    assert!(agreed["epoch"].is_u64());
    bob.ask(Method::POST, &approve, None, None).await.is(404);
    let refused = step(&ada, "back").await.is(409).body;
    assert_eq!(refused["guards"][0]["guard"], "retired");
}

async fn step(caller: &Caller, to: &str) -> crate::house::Said {
    let body = json!({ "to": to, "reason": "on we go" });
    caller.change(Method::POST, "/modules/notes/transitions", Some(body)).await
}

#[actix_web::test]
async fn groups_kills_overrides_and_questions() {
    let house = House::open().await;
    let ada = house.caller("migrator");

    // A group, with its slash as it is or escaped.
    ada.change(Method::PUT, "/modules/booking/trips/binding", Some(trips())).await.is(200);
    for path in ["/modules/booking/trips", "/modules/booking%2Ftrips"] {
        let one = ada.get(path).await.is(200).body["data"].clone();
        assert_eq!((&one["module"], &one["state"]), (&json!("booking/trips"), &json!("CONNECTED")), "{path}");
    }
    assert_eq!(ada.get("/modules/booking/binding").await.is(200).body["module"], "booking");
    assert_eq!(ada.get("/modules/booking/trips/binding").await.is(200).body["module"], "booking/trips");
    ada.get("/modules/booking/trips/gates").await.is(200);
    ada.get("/modules/booking/trips/series").await.is(200);
    let body = json!({ "to": "next", "reason": "on" });
    let path = "/modules/booking/trips/transitions";
    ada.change(Method::POST, path, Some(body.clone())).await.is(200);

    // Where a request goes, and an operation.
    let asked = json!({ "subject": "s-1", "method": "GET", "path": "/trips/ABC123?x=1", "headers": { "X-Beta": "1" } });
    let explained = ada.post("/explanations", asked).await.is(200).body;
    assert_eq!((&explained["binding"], &explained["kind"]), (&json!("booking/trips"), &json!("query")));
    assert!(explained["bucket"].is_u64() && explained["why"].is_string(), "{explained}");
    let ours = ada.post("/explanations", json!({ "subject": "s-1", "path": "/notes/" })).await.is(200).body;
    assert_eq!((&ours["target"], ours["calls"].as_array().unwrap().len()), (&json!("here"), 5));
    let op = ada.post("/explanations", json!({ "subject": "user-1", "op": "notes.list" })).await.is(200).body;
    assert_eq!(
        (&op["target"], &op["bucket"], &op["range"], &op["rule"]),
        (&json!("here"), &json!(88_299), &json!(0), &Value::Null)
    );

    // Overrides, for a subject and for oneself.
    let over = json!({ "module": "notes", "target": "remote:notes", "ttl": "1h", "subject": "user-1" });
    let made = ada.post("/overrides", over).await.is(201).body;
    let op = ada.post("/explanations", json!({ "subject": "user-1", "op": "notes.list" })).await.is(200).body;
    assert_eq!((&op["target"], &op["override"]), (&json!("remote:notes"), &made["id"]));
    let mine = ada
        .post("/overrides", json!({ "module": "notes", "target": "remote:notes", "ttl": "1h" }))
        .await
        .is(201)
        .body;
    assert!(mine["subject"].as_str().unwrap().starts_with("machine/"), "{mine}");
    assert_eq!(ada.get("/overrides").await.is(200).body["data"].as_array().unwrap().len(), 2);
    let end = format!("/overrides/{}", made["id"].as_str().unwrap());
    ada.ask(Method::DELETE, &end, None, None).await.is(200);
    ada.ask(Method::DELETE, &end, None, None).await.is(404);

    // Who moves between two bindings, and of some subjects.
    let subjects: Vec<_> = (0..1_000).map(|n| format!("s-{n}")).collect();
    let between = json!({ "from": notes(0), "to": notes(10_000), "traffic": subjects });
    let simulated = ada.post("/simulations", between).await.is(200).body;
    let expected = subjects.iter().filter(|s| switch::bucket("notes", s) < 10_000).count();
    assert_eq!(simulated["traffic"]["moved"], expected);
    assert_eq!(simulated["traffic"]["who"].as_array().unwrap().len(), 20);

    // Killed: no If-Match. Then the group is dropped.
    let killed = ada.post("/kills", json!({ "scope": "all", "reason": "a drill" })).await.is(200).body;
    assert!(killed["effective_ms"].as_f64().unwrap() < 1_000.0 && killed["epoch"].is_u64(), "{killed}");
    assert_eq!(killed["replicas"].as_array().unwrap().len(), 1);
    assert_eq!(ada.get("/modules/booking/trips").await.body["data"]["state"], "HALTED");
    ada.change(Method::DELETE, "/modules/booking/trips/binding?reason=over", None).await.is(200);
    ada.get("/modules/booking/trips").await.is(404);

    // Whole, and the newest first.
    let audit = ada.get("/audit?limit=3").await.is(200).body;
    let actions: Vec<_> = audit["data"].as_array().unwrap().iter().map(|row| row["action"].clone()).collect();
    assert_eq!(actions[..2], [json!("switch.removed"), json!("switch.killed")]);
    assert!(audit["data"][0]["hash"].as_str().unwrap().len() == 64 && audit["data"][0]["detail"].is_object());
    let next = format!("/audit?limit=500&after={}", audit["next"].as_str().unwrap());
    let rest = ada.get(&next).await.is(200).body["data"].as_array().unwrap().len();
    let all = ada.get("/audit?limit=500&order=oldest").await.is(200).body;
    assert_eq!((all["data"].as_array().unwrap().len(), &all["data"][0]["n"]), (rest + 3, &json!(1)));
    assert_eq!(ada.get("/audit/verification").await.is(200).body["ok"], true);
}

/// Method, path, body, `If-Match`, status, and a word of the detail.
type Refused = (Method, &'static str, Option<Value>, Option<&'static str>, u16, &'static str);

#[actix_web::test]
async fn what_is_refused_changes_nothing() {
    let house = House::open().await;
    let ada = house.caller("migrator");
    ada.change(Method::PUT, "/modules/notes/binding", Some(notes(5_000))).await.is(200);
    let before = ada.get("/modules").await.body;
    let with = |key: &str, value: Value| {
        let mut body = notes(5_000);
        body[key] = value;
        Some(body)
    };
    let (put, post, delete) = (Method::PUT, Method::POST, Method::DELETE);
    let binding = "/modules/notes/binding";
    let steps = "/modules/notes/transitions";
    let cases: Vec<Refused> = vec![
        (put.clone(), binding, Some(notes(1)), None, 428, "If-Match"),
        (put.clone(), binding, Some(notes(1)), Some("\"0\""), 412, "epoch"),
        (put.clone(), binding, Some(notes(1)), Some("yesterday"), 400, "If-Match"),
        (put.clone(), binding, with("colour", json!(1)), Some("now"), 400, "colour"),
        (put.clone(), binding, with("ranges", json!({ "here": 5 })), Some("now"), 400, "100000"),
        (
            put.clone(),
            binding,
            with("ranges", json!({ "remote:nobody": 100_000 })),
            Some("now"),
            400,
            "nobody",
        ),
        (put.clone(), binding, with("seed", json!("other")), Some("now"), 400, "seed"),
        (put.clone(), binding, with("buckets", json!(10)), Some("now"), 400, "buckets"),
        (put.clone(), binding, with("module", json!("booking")), Some("now"), 400, "booking"),
        (
            put.clone(),
            "/modules/notes/binding/binding",
            with("module", json!("notes/binding")),
            Some("now"),
            400,
            "binding",
        ),
        (put.clone(), "/modules/nots/binding", with("module", json!("nots")), Some("now"), 400, "nots"),
        (put, "/modules/notes/binding?colour=1", Some(notes(1)), Some("now"), 400, "colour"),
        (post.clone(), steps, Some(json!({ "to": "next", "reason": "on" })), None, 428, "If-Match"),
        (post.clone(), steps, Some(json!({ "to": "next", "reason": "on" })), Some("\"1000\""), 412, "epoch"),
        (post.clone(), steps, Some(json!({ "to": "next", "reason": " " })), Some("now"), 409, "reason"),
        (post.clone(), steps, Some(json!({ "to": "SHADOW", "reason": "on" })), Some("now"), 409, "SHADOW"),
        (post.clone(), steps, Some(json!({ "to": "up" })), Some("now"), 400, "up"),
        (post.clone(), steps, Some(json!({ "to": "next", "why": 1 })), Some("now"), 400, "why"),
        (post.clone(), "/modules/nothing/transitions", Some(json!({ "to": "back" })), Some("now"), 404, ""),
        (delete.clone(), "/modules/notes/gone/binding", None, Some("now"), 404, ""),
        (delete.clone(), "/modules/notes/gone/binding", None, None, 428, ""),
        (post.clone(), "/kills", Some(json!({ "scope": "notes", "reason": "" })), None, 400, "reason"),
        (post.clone(), "/kills", Some(json!({ "scope": "notes" })), None, 400, "reason"),
        (post.clone(), "/kills", Some(json!({ "scope": "nots", "reason": "x" })), None, 400, "nots"),
        (
            post.clone(),
            "/overrides",
            Some(json!({ "module": "notes", "target": "remote:notes", "ttl": "25h" })),
            None,
            400,
            "24h",
        ),
        (
            post.clone(),
            "/overrides",
            Some(json!({ "module": "notes", "target": "remote:x", "ttl": "1h" })),
            None,
            400,
            "remote:x",
        ),
        (
            post.clone(),
            "/overrides",
            Some(json!({ "module": "notes", "target": "there", "ttl": "1h" })),
            None,
            400,
            "there",
        ),
        (post.clone(), "/explanations", Some(json!({ "subject": "a" })), None, 400, "op"),
        (
            post.clone(),
            "/explanations",
            Some(json!({ "subject": "a", "op": "notes.list", "path": "/" })),
            None,
            400,
            "op",
        ),
        (post.clone(), "/explanations", Some(json!({ "subject": "a", "path": "notes" })), None, 400, "slash"),
        (
            post.clone(),
            "/explanations",
            Some(json!({ "subject": "a", "op": "notes.nothing" })),
            None,
            400,
            "add_pad",
        ),
        (
            post.clone(),
            "/simulations",
            Some(json!({ "to": notes(1), "from": trips() })),
            None,
            400,
            "booking/trips",
        ),
        (post.clone(), "/simulations", Some(json!({ "to": notes(1), "extra": 1 })), None, 400, "extra"),
        (post.clone(), "/simulations", Some(json!([])), None, 400, "body"),
        (post, "/changes/none/approvals", None, None, 404, ""),
        (delete, "/changes/none?reason=x", None, None, 404, ""),
        (Method::GET, "/modules/nothing", None, None, 404, ""),
        (Method::GET, "/modules/notes/transitions", None, None, 404, ""),
        (Method::GET, "/modules/notes/gone/series", None, None, 404, ""),
        (Method::GET, "/audit?after=x", None, None, 400, "after"),
        (Method::GET, "/audit?colour=x", None, None, 400, "colour"),
    ];
    let now = format!("\"{}\"", before["epoch"]);
    for (method, path, body, tag, status, words) in cases {
        let tag = tag.map(|tag| if tag == "now" { now.as_str() } else { tag });
        let said = ada.ask(method.clone(), path, body.clone(), tag).await;
        let about = format!("{method} {path} {body:?}: {:#}", said.body);
        assert_eq!(said.status.as_u16(), status, "{about}");
        assert!(said.body["detail"].as_str().unwrap().contains(words), "{about}");
        if status == 412 {
            assert_eq!(said.body["epoch"], before["epoch"], "{about}");
        }
        if status == 409 {
            assert!(said.body["guards"][0]["why"].is_string(), "{about}");
        }
        said.is(status);
    }
    assert_eq!(ada.get("/modules").await.body["epoch"], before["epoch"]);
}

#[actix_web::test]
async fn who_may_do_what() {
    let house = House::open().await;
    let everybody =
        ["migrator", "admin", "ops", "auditor", "agent", "traveller"].map(|role| (role, house.caller(role)));
    for (role, caller) in &everybody {
        let looks = ["migrator", "admin", "ops", "auditor"].contains(role);
        for path in
            ["/modules", "/modules/notes/binding", "/changes", "/overrides", "/audit", "/audit/verification"]
        {
            caller.get(path).await.is(if looks { 200 } else { 403 });
        }
        let asked = json!({ "subject": "a", "op": "notes.list" });
        caller.post("/explanations", asked).await.is(if looks { 200 } else { 403 });
        let changes = ["migrator", "admin"].contains(role);
        let over = json!({ "module": "notes", "target": "remote:notes", "ttl": "1m" });
        caller.post("/overrides", over).await.is(if changes { 201 } else { 403 });
        let kill = json!({ "scope": "notes", "reason": "a drill" });
        caller.post("/kills", kill).await.is(if changes { 200 } else { 403 });
    }
    let nobody = house.caller_with("");
    nobody.get("/modules").await.is(401);
    nobody.post("/kills", json!({ "scope": "all", "reason": "x" })).await.is(401);
    house.caller_with("not-a-token").get("/modules").await.is(401);
}

#[actix_web::test]
async fn gates_are_told_and_not_judged() {
    let house = House::open().await;
    let ada = house.caller("migrator");
    ada.change(Method::PUT, "/modules/notes/binding", Some(notes(25_000))).await.is(200);
    let gates = ada.get("/modules/notes/gates").await.is(200).body;
    let gate = &gates["data"][0];
    assert_eq!(
        (&gate["gate"], &gate["verdict"], &gate["theta"]),
        (&json!("error"), &json!("not proven"), &json!(0.25))
    );
    assert!(gate["n"].is_null() && gate["e_bad"].is_null());
    ada.get("/modules/notes/series").await.is(200);
}
