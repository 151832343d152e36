//! The form and the file: untouched they are the same, and each mistake is told at its field.

use ::switch::Known;
use jiff::Timestamp;

use super::*;

const FILE: &str = r#"
module = "notes/view"
rules = [ { when = { role = "migrator" }, target = "remote:notes", until = "2027-01-31T00:00:00Z" },
      { when = { header = "X-Beta: 1" }, target = "remote:notes", until = "2027-01-31T00:00:00Z" } ]
hop = { from = "here", to = "remote:notes" }
ranges = { "remote:notes" = 5000, here = 75000, "legacy:old" = 20000 }
routes = [ { match = "GET /notes/{id}", kind = "query" },
       { match = "POST /notes/{id}", kind = "command", key = "Idempotency-Key" } ]
ramp = { steps = [0.1, 5, 100], hold = "30m", min_subjects = 20, freeze = ["Fri 16:00-Mon 08:00"] }
gates = [ { metric = "error", max = "1%", alpha = 0.01, beta = 0.05 } ]
breaker = { consecutive = 3, fallback = "here" }
approve = { from_state = "READ_RAMP", people = 2 }
"#;

fn binding() -> Binding {
    let known = Known {
        modules: vec!["notes".to_owned()],
        upstreams: vec!["notes".to_owned(), "old".to_owned()],
        sites: Vec::new(),
    };
    BindingFile::parse(FILE).unwrap().binding(&known, Timestamp::UNIX_EPOCH).unwrap()
}

fn sent(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn an_untouched_form_means_the_same_binding() {
    let binding = binding();
    let file = Fields::of(&binding).file("notes/view", &binding).unwrap();
    assert_eq!(file, BindingFile::of("notes/view", &binding));
}

#[test]
fn what_is_left_out_stays() {
    let binding = binding();
    let fields = Fields::of(&binding).with(&sent(&[("percent", "10"), ("reason", "on")]));
    let file = fields.file("notes/view", &binding).unwrap();
    let share = |target: &str| file.ranges.get(&target.parse::<Target>().unwrap()).copied();
    assert_eq!(
        (share("remote:notes"), share("here"), share("legacy:old")),
        (Some(10_000), Some(70_000), Some(20_000))
    );
    assert_eq!((file.rules.len(), file.routes.len(), file.gates.len()), (2, 2, 1));
}

#[test]
fn rows_of_rules_come_and_go() {
    let binding = binding();
    let rows = sent(&[
        ("rule_kind", "person"),
        ("rule_value", "s-1"),
        ("rule_target", "remote:notes"),
        ("rule_until", "2027-01-31"),
        ("rule_kind", "role"),
        ("rule_value", ""),
        ("rule_target", "here"),
        ("rule_until", ""),
    ]);
    let fields = Fields::of(&binding).with(&rows);
    let file = fields.file("notes/view", &binding).unwrap();
    assert_eq!(file.rules.iter().map(|r| r.when.to_string()).collect::<Vec<_>>(), ["person s-1"]);
}

#[test]
fn each_mistake_is_told_at_its_field() {
    let binding = binding();
    for (name, text) in [
        ("from", "there"),
        ("target", "remote:"),
        ("percent", "x"),
        ("percent", "90"),
        ("third_percent", "-1"),
        ("third", "here"),
        ("steps", "1, x"),
        ("hold", "soon"),
        ("freeze", "Friday"),
        ("routes", "GET notes"),
        ("routes", "GET /notes readonly"),
        ("people", "two"),
        ("from_state", "SOON"),
        ("ratio", "half"),
        ("fallback", "nowhere"),
    ] {
        let fields = Fields::of(&binding).with(&sent(&[(name, text)]));
        let wrong = fields.file("notes/view", &binding).unwrap_err();
        assert_ne!(wrong.of(name), "", "{name} = {text}");
        assert_eq!(fields.get(name), text, "what was typed stays");
    }
}
