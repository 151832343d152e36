//! The OpenAPI 3.1 document of the JSON API: one table of operations, and the shapes of `openapi.json` beside
//! this file. A test holds the table against the routes.

use serde_json::{Map, Value, json};

/// One operation, as the document tells it.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// Query parameters: name, and `*` before those that must be given.
    query: &'static [&'static str],
    /// The shape of the body, if there is one.
    body: Option<&'static str>,
    /// The shape of a good answer, and its status.
    answer: (&'static str, &'static str),
    who: Who,
}

/// Who may call it.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Anyone,
    /// A session or a bearer token, with a role that fits.
    SignedIn,
}

use Who::{Anyone, SignedIn};

const fn get(
    path: &'static str,
    summary: &'static str,
    query: &'static [&'static str],
    shape: &'static str,
    who: Who,
) -> Operation {
    Operation { method: "get", path, summary, query, body: None, answer: ("200", shape), who }
}

const fn send(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: &'static str,
    answer: (&'static str, &'static str),
) -> Operation {
    Operation { method, path, summary, query: &[], body: Some(body), answer, who: SignedIn }
}

const fn without_body(
    path: &'static str,
    summary: &'static str,
    answer: (&'static str, &'static str),
) -> Operation {
    Operation { method: "delete", path, summary, query: &[], body: None, answer, who: SignedIn }
}

const fn put_binding(path: &'static str) -> Operation {
    let summary = "Put a binding in force; If-Match is required, and 202 tells that others must agree first";
    Operation { query: &["reason"], ..send("put", path, summary, "Binding", ("200", "Changed")) }
}

const fn transition(path: &'static str) -> Operation {
    let summary = "Go forward, stay or go back; If-Match is required, and 409 names the guards that refused";
    send("post", path, summary, "Transition", ("200", "Changed"))
}

const ITINERARIES: &[&str] = &[
    "*from", "*to", "*date", "max_legs", "set", "circuity", "adults", "children", "infants", "cabin", "sort",
    "limit", "after",
];
const LIST: &[&str] = &["order", "pad", "trip", "limit", "after"];

const OPERATIONS: &[Operation] = &[
    get("/itineraries", "Itineraries that leave on one local day", ITINERARIES, "Itineraries", Anyone),
    get("/airports", "Airports and cities for autocomplete", &["*q", "limit"], "Airports", Anyone),
    get("/flights/{designator}/{date}", "Schedule and live state of one dated flight", &[], "Flight", Anyone),
    get("/flights/{designator}/{date}/live", "Its changes, as Server-Sent Events", &[], "Stream", Anyone),
    get("/airports/{iata}/departures", "A board of departures", &["date", "after", "limit"], "Board", Anyone),
    get("/airports/{iata}/arrivals", "A board of arrivals", &["date", "after", "limit"], "Board", Anyone),
    get("/airports/{iata}/live", "Changes at an airport, as Server-Sent Events", &[], "Stream", Anyone),
    get("/openapi.json", "This document", &[], "Document", Anyone),
    get("/notes", "One's notes", LIST, "Notes", SignedIn),
    send("post", "/notes", "Write a note", "NoteDraft", ("201", "Note")),
    get("/notes/{id}", "One note, with its ETag", &[], "Note", SignedIn),
    send("put", "/notes/{id}", "Change a note; If-Match is required", "NoteDraft", ("200", "Note")),
    without_body("/notes/{id}", "Delete a note; If-Match is required", ("204", "")),
    get("/pads", "One's pads", &[], "Pads", SignedIn),
    send("post", "/pads", "Make a pad", "PadDraft", ("201", "Pad")),
    get("/pads/{id}", "One pad", &[], "Pad", SignedIn),
    send("put", "/pads/{id}", "Rename a pad", "PadDraft", ("200", "Pad")),
    without_body("/pads/{id}", "Delete a pad and the notes in it", ("204", "")),
    get("/switch/modules", "Where everything goes; the ETag is the epoch", &[], "SwitchModules", SignedIn),
    get("/switch/modules/{module}", "Where one module's calls go", &[], "SwitchModule", SignedIn),
    get("/switch/modules/{module}/binding", "A binding, as it is written in files", &[], "Binding", SignedIn),
    put_binding("/switch/modules/{module}/binding"),
    transition("/switch/modules/{module}/transitions"),
    get("/switch/modules/{module}/gates", "What a plan asks to be proven", &[], "Gates", SignedIn),
    get("/switch/modules/{module}/series", "The last ten minutes of every side", &[], "Series", SignedIn),
    get("/switch/modules/{module}/{group}", "Where one group of routes goes", &[], "SwitchModule", SignedIn),
    get("/switch/modules/{module}/{group}/binding", "A group's binding", &[], "Binding", SignedIn),
    put_binding("/switch/modules/{module}/{group}/binding"),
    Operation {
        query: &["reason"],
        ..without_body(
            "/switch/modules/{module}/{group}/binding",
            "Drop a group whose routes are where they began; If-Match is required",
            ("200", "Changed"),
        )
    },
    transition("/switch/modules/{module}/{group}/transitions"),
    get("/switch/modules/{module}/{group}/gates", "What a group's plan asks for", &[], "Gates", SignedIn),
    get(
        "/switch/modules/{module}/{group}/series",
        "The last ten minutes of a group",
        &[],
        "Series",
        SignedIn,
    ),
    get("/switch/changes", "Changes that wait for somebody to agree", &[], "Changes", SignedIn),
    Operation {
        query: &["*reason"],
        ..without_body("/switch/changes/{id}", "Turn a waiting change down", ("204", ""))
    },
    send(
        "post",
        "/switch/changes/{id}/approvals",
        "Agree to somebody else's change; 202 while more must agree",
        "Nothing",
        ("200", "Changed"),
    ),
    send(
        "post",
        "/switch/kills",
        "Send a module, or all, back at once and freeze it; needs no If-Match",
        "Kill",
        ("200", "Killed"),
    ),
    get("/switch/overrides", "Who is shown another side", &[], "Overrides", SignedIn),
    send(
        "post",
        "/switch/overrides",
        "Show another side to a subject for a while",
        "OverrideAsk",
        ("201", "Override"),
    ),
    without_body("/switch/overrides/{id}", "End an override", ("200", "Epoch")),
    send(
        "post",
        "/switch/simulations",
        "Who would move: under a binding, or between two",
        "SimulationAsk",
        ("200", "Simulated"),
    ),
    send(
        "post",
        "/switch/explanations",
        "Where one subject goes, and why",
        "ExplainAsk",
        ("200", "Explanation"),
    ),
    get("/switch/audit", "Who changed what, newest first", &["after", "limit", "order"], "Audit", SignedIn),
    get("/switch/audit/verification", "Whether the chain of changes is whole", &[], "Verification", SignedIn),
    get("/switch/events", "Changes of the table, as Server-Sent Events", &[], "Stream", SignedIn),
    get("/feeds", "How far every reader of every log is", &[], "Feeds", SignedIn),
    send(
        "post",
        "/feeds/{reader}/replays",
        "Rebuild a reader from the beginning",
        "Reason",
        ("202", "Replaying"),
    ),
];

/// The document, as it is served and printed.
pub fn openapi_json() -> String {
    format!("{:#}", document())
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let item = paths.entry(format!("/api/v1{}", operation.path)).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(operation.method.to_owned(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Banyan",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The JSON API of the Banyan passenger portal. Times are RFC 3339 in UTC, local times carry no offset, money is a decimal string. Lists page by opaque `after` tokens. Errors are RFC 9457 problem documents.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "A machine token, made by `banyan account token`" },
                "session": { "type": "apiKey", "in": "cookie", "name": "__Host-sid" },
            },
            "schemas": shapes(),
        },
    })
}

fn described(operation: &Operation) -> Value {
    let (status, shape) = operation.answer;
    let good = match shape {
        "" => json!({ "description": "Done" }),
        "Stream" => {
            json!({ "description": "`event: snapshot`, then `event: change`; `Last-Event-ID` resumes", "content": { "text/event-stream": {} } })
        }
        shape => json!({ "description": operation.summary, "content": content("application/json", shape) }),
    };
    let mut described = json!({
        "operationId": operation_id(operation),
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": {
            status: good,
            "default": { "description": "What went wrong, and under which request id", "content": content("application/problem+json", "Problem") },
        },
    });
    if let Some(object) = described.as_object_mut() {
        if let Some(body) = operation.body {
            object.insert(
                "requestBody".into(),
                json!({ "required": true, "content": content("application/json", body) }),
            );
        }
        if operation.who == SignedIn {
            object.insert("security".into(), json!([{ "bearer": [] }, { "session": [] }]));
        }
    }
    described
}

fn content(kind: &str, shape: &str) -> Value {
    json!({ kind: { "schema": { "$ref": format!("#/components/schemas/{shape}") } } })
}

/// `get /notes/{id}` is `getNotesId`.
fn operation_id(operation: &Operation) -> String {
    let words = operation.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(operation.method.to_owned(), |id, word| {
        let (first, rest) = word.split_at(1);
        format!("{id}{}{rest}", first.to_ascii_uppercase())
    })
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let path = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let query = operation.query.iter().map(|name| {
        let required = name.starts_with('*');
        let name = name.trim_start_matches('*');
        let kind = if matches!(name, "limit" | "max_legs" | "adults" | "children" | "infants") {
            "integer"
        } else {
            "string"
        };
        json!({ "name": name, "in": "query", "required": required, "schema": { "type": kind } })
    });
    path.chain(query).collect()
}

fn shapes() -> Value {
    serde_json::from_str(include_str!("openapi.json")).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_shape_that_is_named_is_there_and_used() {
        let text = openapi_json();
        let shapes = shapes();
        let shapes = shapes.as_object().expect("the shapes are JSON");
        for operation in OPERATIONS {
            for shape in [Some(operation.answer.1), operation.body].into_iter().flatten() {
                assert!(shape.is_empty() || shape == "Stream" || shapes.contains_key(shape), "{shape}");
            }
        }
        for shape in shapes.keys() {
            assert!(text.contains(&format!("schemas/{shape}\"")), "{shape} is used by nobody");
        }
    }

    #[test]
    fn operation_ids_are_unique() {
        let ids: BTreeSet<_> = OPERATIONS.iter().map(operation_id).collect();
        assert_eq!(ids.len(), OPERATIONS.len());
    }

    /// Every address in the rooms of this folder is in the table, and the other way round.
    #[test]
    fn the_table_is_the_router() {
        let rooms = [
            ("", include_str!("itineraries.rs")),
            ("", include_str!("flights.rs")),
            ("", include_str!("live.rs")),
            ("", include_str!("notes.rs")),
            ("", include_str!("feeds.rs")),
            ("", include_str!("mod.rs")),
            ("/switch", include_str!("switch/audit.rs")),
            ("/switch", include_str!("switch/changes.rs")),
            ("/switch", include_str!("switch/events.rs")),
            ("/switch", include_str!("switch/explanations.rs")),
            ("/switch", include_str!("switch/kills.rs")),
            ("/switch", include_str!("switch/modules.rs")),
            ("/switch", include_str!("switch/overrides.rs")),
            ("/switch", include_str!("switch/simulations.rs")),
        ];
        let mut routed = BTreeSet::new();
        for (scope, room) in rooms {
            for (at, _) in room.match_indices("route(\"").chain(room.match_indices("resource(\"")) {
                let address = room[at..].split('"').nth(1).unwrap();
                routed.insert(format!("{scope}{address}"));
            }
        }
        let told: BTreeSet<_> = OPERATIONS.iter().map(|operation| operation.path.to_owned()).collect();
        assert_eq!(routed, told);
    }
}
