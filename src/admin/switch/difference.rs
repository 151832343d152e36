//! What a change changed, key by key. Pure.

use ::switch::{BindingFile, State};
use cockpit::Difference;
use serde_json::Value;

use super::words::percent;

/// One key that is not what it was. Empty texts stand for "was not there".
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyChange {
    pub(super) key: String,
    pub(super) before: String,
    pub(super) after: String,
}

/// Over all bindings that a change touched; the binding stands before the key where there are several.
pub(super) fn keys(changes: &[Difference]) -> Vec<KeyChange> {
    let several = changes.len() > 1;
    let mut all = Vec::new();
    for change in changes {
        let before = flat(change.before.as_ref(), change.state_before);
        let after = flat(change.after.as_ref(), change.state_after);
        let was = |list: &[(String, String)], key: &str| {
            list.iter().find(|(own, _)| own == key).map_or_else(String::new, |(_, text)| text.clone())
        };
        let mut names: Vec<&String> = before.iter().chain(&after).map(|(key, _)| key).collect();
        names.sort();
        names.dedup();
        all.extend(names.into_iter().filter(|key| was(&before, key) != was(&after, key)).map(|key| {
            KeyChange {
                key: if several { format!("{}: {key}", change.module) } else { key.clone() },
                before: was(&before, key),
                after: was(&after, key),
            }
        }));
    }
    all
}

fn flat(file: Option<&BindingFile>, state: Option<State>) -> Vec<(String, String)> {
    let mut all: Vec<_> =
        state.map(|state| ("state".to_owned(), state.as_str().to_owned())).into_iter().collect();
    if let Some(Value::Object(fields)) = file.and_then(|file| serde_json::to_value(file).ok()) {
        for (name, value) in fields.iter().filter(|(name, _)| *name != "module") {
            flatten(name, value, &mut all);
        }
    }
    all
}

fn flatten(key: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{key} {name}"), value, into));
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, item)| into.push((format!("{key} {}", at + 1), line(item))));
        }
        Value::Array(items) => {
            into.push((key.to_owned(), items.iter().map(line).collect::<Vec<_>>().join(", ")));
        }
        Value::Number(buckets) if key.starts_with("ranges ") => {
            let buckets = buckets.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
            into.push((key.to_owned(), format!("{} %", percent(buckets))));
        }
        other => into.push((key.to_owned(), line(other))),
    }
}

fn line(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            let parts = fields.iter().map(|(name, value)| format!("{name} {}", line(value)));
            parts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> BindingFile {
        BindingFile::parse(text).unwrap()
    }

    #[test]
    fn key_by_key() {
        let change = Difference {
            module: "notes".to_owned(),
            before: Some(file("module = \"notes\"\nranges = { here = 100000 }")),
            after: Some(file(
                "module = \"notes\"\nranges = { here = 99000, \"remote:notes\" = 1000 }\nrules = [ { when = { role = \"admin\" }, target = \"here\", until = \"2027-01-31\" } ]",
            )),
            state_before: Some(State::Bounded),
            state_after: Some(State::ReadRamp),
        };
        let shown: Vec<_> =
            keys(&[change]).into_iter().map(|k| format!("{}: {} → {}", k.key, k.before, k.after)).collect();
        assert_eq!(
            shown,
            [
                "ranges here: 100 % → 99 %",
                "ranges remote:notes:  → 1 %",
                "rules 1:  → when role admin, target here, until 2027-01-31",
                "state: BOUNDED → READ_RAMP",
            ]
        );
    }
}
