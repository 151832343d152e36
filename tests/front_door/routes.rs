//! Every address that the portal's own source gives to the router, found by reading it.

use std::{collections::BTreeSet, fs, path::Path};

/// Patterns such as `/trips/{locator}`. The ops listener's are left out: they are on another port.
pub(crate) fn patterns() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    found
}

/// The same with something in each place.
pub(crate) fn filled(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| if part.starts_with('{') { "7Q4ZK2" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn collect(folder: &Path, outer: &str, found: &mut BTreeSet<String>) {
    let face = fs::read_to_string(folder.join("mod.rs")).unwrap_or_default();
    let scope = format!("{outer}{}", first_text(face.split("scope(\"").nth(1)));
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.ends_with("src/ofrep") {
            // On the ops listener too.
        } else if path.is_dir() {
            collect(&path, &scope, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") && !path.ends_with("src/serve.rs") {
            let source = fs::read_to_string(&path).unwrap();
            // A scope within the scope, in a file of its own.
            let own = if path.ends_with("mod.rs") { "" } else { first_text(source.split("scope(\"").nth(1)) };
            found.extend(texts(&source).into_iter().map(|text| format!("{scope}{own}{text}")));
        }
    }
}

fn first_text(rest: Option<&str>) -> &str {
    rest.and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

fn texts(source: &str) -> Vec<String> {
    let calls = ["resource(\"", "resource([\"", ".route(\""];
    let after = calls.into_iter().flat_map(|call| source.split(call).skip(1));
    let plain = after.map(|rest| first_text(Some(rest)).to_owned());
    plain.chain(shortened(source)).collect()
}

/// Where a file has a word of its own for its addresses: `let pads = |path: &str| resource([format!("/pads{path}"), …`.
fn shortened(source: &str) -> Vec<String> {
    let Some((before, after)) = source.split_once(" = |path: &str|") else { return Vec::new() };
    let word = before.rsplit(' ').next().unwrap_or_default();
    let body = after.split(';').next().unwrap_or_default();
    let prefix = first_text(body.split("format!(\"").nth(1)).split("{path}").next().unwrap_or_default();
    let call = format!("{word}(\"");
    let uses = source.split(&call).skip(1);
    uses.map(|rest| format!("{prefix}{}", first_text(Some(rest)))).collect()
}
