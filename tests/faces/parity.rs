//! Every action leaves the same audit row, whether it is done over the API or on the command line.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{Caller, House};

const FILE: &str = r#"
module = "notes"
hop = { from = "here", to = "remote:notes" }
ranges = { here = 95000, "remote:notes" = 5000 }
ramp = { steps = [1, 50, 100], hold = "0s" }
approve = { from_state = "PRIMARY", people = 2 }
"#;

const GROUP: &str = r#"
module = "booking/trips"
hop = { from = "here", to = "legacy:res" }
ranges = { here = 100000 }
routes = [ { match = "GET /trips/{locator}", kind = "query" } ]
"#;

#[actix_web::test]
async fn the_same_rows_by_api_and_by_command_line() {
    let (one, two) = (House::open().await, House::open().await);
    let by_api = over_the_api(&one).await;
    let by_command_line = on_the_command_line(&two).await;
    for (api, command) in by_api.iter().zip(&by_command_line) {
        assert_eq!(api, command);
    }
    assert_eq!(by_api.len(), by_command_line.len());
    let actions: Vec<_> = by_api.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "switch.applied",
            "switch.advanced",
            "switch.held",
            "switch.asked",
            "switch.approved",
            "switch.advanced",
            "switch.back",
            "switch.applied",
            "switch.asked",
            "switch.rejected",
            "switch.overridden",
            "switch.override_ended",
            "switch.applied",
            "switch.removed",
            "switch.killed",
        ]
    );
}

async fn over_the_api(house: &House) -> Vec<Value> {
    let (ada, bob) = (house.caller("migrator"), house.caller("migrator"));
    let file = |text: &str| json!(switch::BindingFile::parse(text).unwrap());
    let to = |to: &str, reason: &str| Some(json!({ "to": to, "reason": reason }));
    let steps = "/modules/notes/transitions";
    ada.change(Method::PUT, "/modules/notes/binding?reason=try+it", Some(file(FILE))).await.is(200);
    ada.change(Method::POST, steps, to("next", "on")).await.is(200);
    ada.change(Method::POST, steps, to("hold", "")).await.is(200);
    let waits = ada.change(Method::POST, steps, to("PRIMARY", "all of it")).await.is(202).body;
    bob.post(&format!("/changes/{}/approvals", id(&waits)), json!({})).await.is(200);
    ada.change(Method::POST, steps, to("back", "enough")).await.is(200);
    ada.change(Method::PUT, "/modules/notes/binding?reason=again", Some(file(FILE))).await.is(200);
    let waits = ada.change(Method::POST, steps, to("PRIMARY", "all of it")).await.is(202).body;
    bob.ask(Method::DELETE, &format!("/changes/{}?reason=too+soon", id(&waits)), None, None).await.is(204);
    let over = json!({ "module": "notes", "target": "remote:notes", "ttl": "1h", "subject": "s-1" });
    let over = ada.post("/overrides", over).await.is(201).body;
    let over = format!("/overrides/{}", over["id"].as_str().unwrap());
    ada.ask(Method::DELETE, &over, None, None).await.is(200);
    let group = "/modules/booking/trips/binding";
    ada.change(Method::PUT, &format!("{group}?reason=routes"), Some(file(GROUP))).await.is(200);
    ada.change(Method::DELETE, &format!("{group}?reason=no+routes"), None).await.is(200);
    ada.post("/kills", json!({ "scope": "notes", "reason": "a drill" })).await.is(200);
    rows(&ada).await
}

async fn on_the_command_line(house: &House) -> Vec<Value> {
    let (ada, bob) = (house.caller("migrator"), house.caller("migrator"));
    let (file, group) = (house.write("notes.toml", FILE), house.write("trips.toml", GROUP));
    let ran = |caller: &Caller, code: i32, args: &[&str]| {
        let told = house.switch(Some(caller), &[args, &["--json"]].concat()).is(code);
        if told.out.is_empty() { Value::Null } else { told.json() }
    };
    ran(&ada, 0, &["apply", &file, "--reason", "try it"]);
    ran(&ada, 0, &["advance", "notes", "--reason", "on"]);
    ran(&ada, 0, &["hold", "notes"]);
    let waits = ran(&ada, 4, &["advance", "notes", "--to", "PRIMARY", "--reason", "all of it"]);
    ran(&bob, 0, &["approve", id(&waits)]);
    ran(&ada, 0, &["back", "notes", "--reason", "enough"]);
    ran(&ada, 0, &["apply", &file, "--reason", "again"]);
    let waits = ran(&ada, 4, &["advance", "notes", "--to", "PRIMARY", "--reason", "all of it"]);
    ran(&bob, 0, &["reject", id(&waits), "--reason", "too soon"]);
    let over =
        ["override", "--subject", "s-1", "--module", "notes", "--target", "remote:notes", "--ttl", "1h"];
    let over = ran(&ada, 0, &over);
    ran(&ada, 0, &["override", "--end", over["id"].as_str().unwrap()]);
    ran(&ada, 0, &["apply", &group, "--reason", "routes"]);
    ran(&ada, 0, &["remove", "booking/trips", "--reason", "no routes"]);
    ran(&ada, 0, &["kill", "notes", "--reason", "a drill"]);
    rows(&ada).await
}

fn id(waits: &Value) -> &str {
    waits["change_id"].as_str().unwrap()
}

/// The whole audit, oldest first, without what must differ: times, ids and hashes.
async fn rows(caller: &Caller) -> Vec<Value> {
    let rows = caller.get("/audit?order=oldest&limit=500").await.is(200).body["data"].clone();
    let mut actors: Vec<Value> = Vec::new();
    let rows = rows.as_array().unwrap().iter().map(|row| {
        if !actors.contains(&row["actor"]) {
            actors.push(row["actor"].clone());
        }
        let actor = actors.iter().position(|actor| *actor == row["actor"]);
        let mut row = row.clone();
        strip(&mut row);
        row["actor"] = json!(actor);
        row
    });
    rows.collect()
}

fn strip(value: &mut Value) {
    const DIFFERS: [&str; 9] =
        ["at", "hash", "previous", "request_id", "change_id", "id", "until", "by", "approved_by"];
    match value {
        Value::Object(object) => {
            object.retain(|key, _| !DIFFERS.contains(&key.as_str()));
            object.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
