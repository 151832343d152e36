//! The API's stream of changes: a snapshot, then a change per epoch, and on from where one was.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::house::{Caller, House, client};

#[actix_web::test]
async fn a_snapshot_then_changes_and_on_from_there() {
    let house = House::open().await;
    let ada = house.caller("migrator");
    let mut stream = Stream::open(&house, &ada, None).await;
    let (id, kind, data) = stream.next().await;
    assert_eq!((kind.as_str(), data["data"].as_array().unwrap().len()), ("snapshot", 5));
    assert_eq!(id, ada.epoch().await);

    let over = json!({ "module": "notes", "target": "remote:notes", "ttl": "1h" });
    ada.post("/overrides", over).await.is(201);
    let (changed, kind, data) = stream.next().await;
    assert_eq!((changed, kind.as_str()), (id + 1, "change"));
    assert_eq!((&data["data"][0]["module"], data["data"].as_array().unwrap().len()), (&json!("notes"), 1));

    // Who saw the last one waits; who saw an older one is told what it missed.
    let mut late = Stream::open(&house, &ada, Some(id)).await;
    assert_eq!(late.next().await.0, changed);
    let mut up_to_date = Stream::open(&house, &ada, Some(changed)).await;
    let binding = json!({ "module": "notes", "ranges": { "here": 100_000 } });
    ada.change(Method::PUT, "/modules/notes/binding", Some(binding)).await.is(200);
    let (next, kind, _) = up_to_date.next().await;
    assert_eq!((next, kind.as_str()), (changed + 1, "change"));
    let mut from_nowhere = Stream::open(&house, &ada, Some(9_999)).await;
    assert_eq!(from_nowhere.next().await.1, "snapshot");
}

struct Stream {
    response: Response,
    text: String,
}

impl Stream {
    async fn open(house: &House, caller: &Caller, last: Option<u64>) -> Self {
        let url = format!("{}/api/v1/switch/events", house.running.url.as_ref().unwrap());
        let mut request = client().get(url).bearer_auth(&caller.token);
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// Id, kind and data of the next event.
    async fn next(&mut self) -> (u64, String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
                if let Some(data) = field("data: ") {
                    let id = field("id: ").unwrap().parse().unwrap();
                    return (id, field("event: ").unwrap(), serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            let chunk = self.response.chunk().await.unwrap().expect("the stream goes on");
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }
}
