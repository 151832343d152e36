//! Notes and pads over the JSON API: entity tags count versions, and nothing is changed blindly.

use reqwest::Method;
use serde_json::json;

use crate::Site;

pub(crate) async fn all(site: &Site) {
    if site.is_ours() {
        notes(site).await;
        pads(site).await;
        strangers(site).await;
    }
}

async fn notes(site: &Site) {
    let mut me = site.member().await;
    let body = json!({ "name": "Keys", "text": "under the pot", "version": 9, "owner": "somebody else" });
    let made = me.call(Method::POST, "/api/v1/notes", None, Some(body)).await;
    made.is(201);
    assert_eq!(made.headers["etag"], "\"1\"");
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let found = me.call(Method::GET, &path, None, None).await;
    assert_eq!(found.json(), made.json());
    assert_eq!(found.headers["etag"], "\"1\"");
    assert_eq!(found.json()["data"]["version"], 1);

    let change = json!({ "name": "Keys", "text": "with the neighbour" });
    for (tag, status) in [
        (None, 428),
        (Some("\"2\""), 412),
        (Some("W/\"1\""), 412),
        (Some("1"), 412),
        (Some("\"1\""), 200),
        (Some("\"1\""), 412),
        (Some("*"), 200),
    ] {
        let answer = me.call(Method::PUT, &path, tag, Some(change.clone())).await;
        answer.is(status);
        if status != 200 {
            let problem = answer.json();
            assert_eq!(problem["status"], status);
            assert!(problem["request_id"].is_string() && problem["detail"].is_string(), "{problem}");
        }
    }
    let listed = me.call(Method::GET, "/api/v1/notes?order=name&limit=1", None, None).await.json();
    assert_eq!(
        (listed["total"].as_i64(), &listed["data"][0]["text"]),
        (Some(1), &json!("with the neighbour"))
    );
    assert_eq!((&listed["data"][0]["version"], &listed["next"]), (&json!(3), &json!(null)));

    let wrong = me.call(Method::POST, "/api/v1/notes", None, Some(json!({ "name": "" }))).await;
    wrong.is(422);
    let fields: Vec<_> =
        wrong.json()["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
    assert_eq!(fields, ["name", "text"]);
    me.call(Method::DELETE, &path, None, None).await.is(428);
    me.call(Method::DELETE, &path, Some("\"1\""), None).await.is(412);
    me.call(Method::DELETE, &path, Some("\"3\""), None).await.is(204);
    me.call(Method::GET, &path, None, None).await.is(404);
}

async fn pads(site: &Site) {
    let mut me = site.member().await;
    let made = me.call(Method::POST, "/api/v1/pads", None, Some(json!({ "name": "Packing" }))).await;
    made.is(201);
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let pad = made.json()["data"]["id"].clone();
    let inside = json!({ "name": "Socks", "text": "warm ones", "pad": pad });
    let note = me.call(Method::POST, "/api/v1/notes", None, Some(inside)).await;
    assert_eq!(note.json()["data"]["pad"]["name"], "Packing");
    me.call(Method::PUT, &path, None, Some(json!({ "name": "To pack" }))).await.is(200);
    let all = me.call(Method::GET, "/api/v1/pads", None, None).await.json();
    assert_eq!(all["data"], json!([{ "id": pad, "name": "To pack", "notes": 1 }]));
    let query = format!("/api/v1/notes?pad={}", pad.as_str().unwrap());
    assert_eq!(me.call(Method::GET, &query, None, None).await.json()["total"], 1);
    me.call(Method::DELETE, &path, None, None).await.is(204);
    me.call(Method::GET, &query, None, None).await.is(404);
}

async fn strangers(site: &Site) {
    let mut me = site.member().await;
    let made = me.call(Method::POST, "/api/v1/notes", None, Some(json!({ "name": "a", "text": "b" }))).await;
    let path = made.headers["location"].to_str().unwrap().to_owned();
    let mut they = site.member().await;
    they.call(Method::GET, &path, None, None).await.is(404);
    they.call(Method::PUT, &path, Some("*"), Some(json!({ "name": "a", "text": "c" }))).await.is(404);
    they.call(Method::DELETE, &path, Some("*"), None).await.is(404);
    let mut nobody = site.visitor();
    nobody.get("/api/v1/notes").await.is(401);
    // A form of another site can send neither JSON nor the token.
    me.forge("/api/v1/notes", &[("name", "forged"), ("text", "x")]).await.is(403);
    assert_eq!(me.call(Method::GET, "/api/v1/notes", None, None).await.json()["total"], 1);
}
