//! OFREP on the ops listener: the same decisions, in OpenFeature's words.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::house::{Caller, House, Said, client};

fn ask(house: &House, path: &str) -> RequestBuilder {
    client().post(format!("{}/ofrep/v1/evaluate/flags{path}", house.running.ops.as_ref().unwrap()))
}

async fn flag(house: &House, caller: &Caller, key: &str, context: Value) -> Said {
    let body = json!({ "context": context });
    Said::of(ask(house, &format!("/{key}")).bearer_auth(&caller.token).json(&body).send().await.unwrap())
        .await
}

async fn apply(caller: &Caller, binding: Value) {
    let path = format!("/modules/{}/binding", binding["module"].as_str().unwrap());
    caller.change(Method::PUT, &path, Some(binding)).await.is(200);
}

#[actix_web::test]
async fn reasons() {
    let house = House::open().await;
    let ada = house.caller("migrator");
    let is = async |key: &str, context: Value, value: &str, reason: &str, stage: &str| {
        let said = flag(&house, &ada, key, context).await;
        assert_eq!(said.status, 200, "{:#}", said.body);
        let told = &said.body;
        assert_eq!(
            (&told["key"], &told["value"], &told["variant"]),
            (&json!(key.replace("%2F", "/")), &json!(value), &json!(value))
        );
        assert_eq!(
            (&told["reason"], &told["metadata"]["stage"]),
            (&json!(reason), &json!(stage)),
            "{told:#}"
        );
        assert!(told["metadata"]["epoch"].is_u64() && told["metadata"]["bucket"].is_u64(), "{told:#}");
    };
    let user = || json!({ "targetingKey": "user-1" });
    is("notes.list", user(), "here", "STATIC", "BOUNDED").await;

    // user-1 is in bucket 88,299 of notes.
    let rules = json!([{ "when": { "role": "ops" }, "target": "here", "until": "2999-01-01" },
        { "when": { "header": "X-Beta: 1" }, "target": "here", "until": "2999-01-01" }]);
    apply(
        &ada,
        json!({ "module": "notes", "ranges": { "remote:notes": 88_300, "here": 11_700 }, "rules": rules }),
    )
    .await;
    is("notes.list", user(), "remote:notes", "SPLIT", "READ_RAMP").await;
    is("notes.add", user(), "remote:notes", "SPLIT", "READ_RAMP").await;
    is("notes.feed", user(), "here", "STATIC", "READ_RAMP").await;
    is(
        "notes.list",
        json!({ "targetingKey": "user-1", "role": "ops" }),
        "here",
        "TARGETING_MATCH",
        "READ_RAMP",
    )
    .await;
    let beta = json!({ "targetingKey": "user-1", "headers": { "x-beta": "1" } });
    is("notes.list", beta, "here", "TARGETING_MATCH", "READ_RAMP").await;
    let over = json!({ "module": "notes", "target": "here", "ttl": "1h", "subject": "user-1" });
    ada.post("/overrides", over).await.is(201);
    is("notes.list", user(), "here", "TARGETING_MATCH", "READ_RAMP").await;
    is("notes.add", user(), "remote:notes", "SPLIT", "READ_RAMP").await;

    ada.post("/kills", json!({ "scope": "notes", "reason": "a drill" })).await.is(200);
    is("notes.list", user(), "here", "DISABLED", "HALTED").await;

    let routes = json!([{ "match": "GET /trips/{locator}", "kind": "query" }]);
    apply(&ada, json!({ "module": "booking/trips", "ranges": { "legacy:res": 100_000 }, "routes": routes }))
        .await;
    is("booking%2Ftrips", user(), "legacy:res", "STATIC", "READ_RAMP").await;
    is("booking/trips", user(), "legacy:res", "STATIC", "READ_RAMP").await;
}

#[actix_web::test]
async fn who_asks_and_what_is_refused() {
    let house = House::open().await;
    let (ops, agent) = (house.caller("ops"), house.caller("agent"));
    let body = json!({ "context": { "targetingKey": "a" } });
    let send = async |request: RequestBuilder| Said::of(request.send().await.unwrap()).await;
    assert_eq!(send(ask(&house, "/notes.list").json(&body)).await.status, 401);
    assert_eq!(send(ask(&house, "/notes.list").bearer_auth("wrong").json(&body)).await.status, 401);
    assert_eq!(send(ask(&house, "").json(&body)).await.status, 401);
    assert_eq!(send(ask(&house, "/notes.list").bearer_auth(&agent.token).json(&body)).await.status, 403);
    assert_eq!(
        send(ask(&house, "/notes.list").header("x-api-key", &ops.token).json(&body)).await.status,
        200
    );

    for (key, text, status, code) in [
        ("/notes.list", "{", 400, "PARSE_ERROR"),
        ("/notes.list", "{}", 400, "TARGETING_KEY_MISSING"),
        ("/notes.list", "{\"context\":7}", 400, "INVALID_CONTEXT"),
        ("", "[", 400, "PARSE_ERROR"),
        ("", "{\"context\":{}}", 400, "TARGETING_KEY_MISSING"),
        ("/notes.nothing", "{\"context\":{\"targetingKey\":\"a\"}}", 404, "FLAG_NOT_FOUND"),
        ("/booking/nothing", "{\"context\":{\"targetingKey\":\"a\"}}", 404, "FLAG_NOT_FOUND"),
    ] {
        let said = send(ask(&house, key).bearer_auth(&ops.token).body(text)).await;
        assert_eq!((said.status.as_u16(), &said.body["errorCode"]), (status, &json!(code)), "{key} {text}");
        assert_eq!(said.body.get("key").is_some(), !key.is_empty(), "{:#}", said.body);
    }
}

#[actix_web::test]
async fn all_flags_with_a_tag_and_a_stream() {
    let house = House::open().await;
    let ada = house.caller("migrator");
    let bulk = async |subject: &str, tag: Option<&str>| {
        let mut request = ask(&house, "?flagConfigEtag=x").bearer_auth(&ada.token);
        if let Some(tag) = tag {
            request = request.header("if-none-match", tag);
        }
        let body = json!({ "context": { "targetingKey": subject } });
        Said::of(request.json(&body).send().await.unwrap()).await
    };
    let first = bulk("a", None).await;
    assert_eq!(first.status, 200);
    let keys: Vec<_> =
        first.body["flags"].as_array().unwrap().iter().map(|flag| flag["key"].as_str().unwrap()).collect();
    assert!(
        keys.contains(&"notes.list")
            && keys.contains(&"booking.find")
            && keys.contains(&"search.itineraries"),
        "{keys:?}"
    );
    let tag = first.etag.clone().unwrap();
    assert_eq!(bulk("a", Some(&tag)).await.status, 304);
    let other = bulk("b", Some(&tag)).await;
    assert_eq!((other.status.as_u16(), other.etag.as_deref() == Some(&tag)), (200, false));

    let stream = &first.body["eventStreams"][0];
    assert_eq!(stream["type"], "sse");
    let url = format!(
        "{}{}",
        house.running.ops.as_ref().unwrap(),
        stream["endpoint"]["requestUri"].as_str().unwrap()
    );
    assert_eq!(client().get(&url).send().await.unwrap().status(), 401);
    let mut events = client().get(&url).bearer_auth(&ada.token).send().await.unwrap();
    let mut text = String::new();
    let over = json!({ "module": "notes", "target": "remote:notes", "ttl": "1h", "subject": "z" });
    ada.post("/overrides", over).await.is(201);
    while !text.contains("refetchEvaluation") {
        text += std::str::from_utf8(&events.chunk().await.unwrap().expect("the stream goes on")).unwrap();
    }
    assert!(text.contains("event: message\ndata: ") && text.contains("\"lastModified\":"), "{text}");
    assert_eq!(bulk("a", Some(&tag)).await.status, 200);
}

#[actix_web::test]
async fn too_many_questions_are_told_to_wait() {
    let house = House::open_with(&[("BANYAN__LIMITS__PAGES", "5")]).await;
    let mut last = None;
    for _ in 0..8 {
        let answer = ask(&house, "").body("{}").send().await.unwrap();
        last = Some((answer.status().as_u16(), answer.headers().get("retry-after").cloned()));
    }
    let (status, wait) = last.unwrap();
    assert_eq!(status, 429);
    assert!(wait.unwrap().to_str().unwrap().parse::<u32>().unwrap() >= 1);
}
