//! The arrows of the architecture, checked against what cargo says the workspace is. Modules are found on disk; planted
//! edges prove that the check can fail. The README's diagram is drawn from the same data.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Crate to the crates it depends on: ours, and those that only some may have.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// What only some crates may depend on directly.
const WATCHED: [&str; 5] = ["diesel", "actix-web", "reqwest", "askama", "r2d2"];

/// Which module may ask which. Booking calls nobody.
const BETWEEN: [(&str, &str); 3] = [("notes", "booking"), ("search", "booking"), ("status", "booking")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folders of `modules/` that have an interface beside them.
fn modules() -> BTreeSet<String> {
    fs::read_dir(root().join("modules"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("api/Cargo.toml").exists())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect()
}

fn graph() -> Graph {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let ours: BTreeSet<_> = metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let kept = |name: &str| ours.contains(name) || WATCHED.contains(&name);
    metadata
        .packages
        .iter()
        .map(|package| {
            let normal = package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal);
            (package.name.to_string(), normal.map(|d| d.name.clone()).filter(|name| kept(name)).collect())
        })
        .collect()
}

/// Every edge that the architecture does not have, in words.
fn violations(graph: &Graph, modules: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (from, edges) in graph {
        let allowed = allowed(from, modules);
        for to in edges.iter().filter(|to| !allowed(to.as_str())) {
            found.push(format!("{from} may not depend on {to}"));
        }
    }
    found
}

fn allowed<'a>(from: &'a str, modules: &'a BTreeSet<String>) -> Box<dyn Fn(&str) -> bool + 'a> {
    let is_api = |name: &str| name.strip_suffix("-api").is_some_and(|module| modules.contains(module));
    match from {
        "banyan" => Box::new(|to| to != "diesel" && to != "r2d2"),
        "banyan-bench" => Box::new(|_| true),
        "kernel" => Box::new(|_| false),
        "store" => Box::new(|to| matches!(to, "kernel" | "diesel" | "r2d2")),
        "switch" => Box::new(|to| to == "kernel"),
        "proxy" => Box::new(|to| matches!(to, "kernel" | "switch" | "actix-web")),
        "cockpit" => Box::new(|to| matches!(to, "kernel" | "switch" | "store" | "diesel")),
        "shims" => {
            Box::new(move |to| is_api(to) || matches!(to, "kernel" | "switch" | "reqwest" | "actix-web"))
        }
        api if is_api(api) => Box::new(|to| to == "kernel"),
        module if modules.contains(module) => Box::new(move |to| {
            let own = to.strip_suffix("-api") == Some(module);
            let asks = BETWEEN.iter().any(|(a, b)| *a == module && to.strip_suffix("-api") == Some(*b));
            own || asks || matches!(to, "kernel" | "store" | "diesel")
        }),
        _ => Box::new(|_| false),
    }
}

#[test]
fn arrows_point_where_the_architecture_says() {
    assert_eq!(violations(&graph(), &modules()), Vec::<String>::new());
}

#[test]
fn the_five_modules_are_there() {
    let modules = modules();
    let names: Vec<_> = modules.iter().map(String::as_str).collect();
    assert_eq!(names, ["accounts", "booking", "notes", "search", "status"]);
}

#[test]
fn planted_edges_are_found() {
    for (from, to) in [
        ("notes", "booking"),
        ("booking", "notes-api"),
        ("booking", "search-api"),
        ("accounts", "actix-web"),
        ("notes-api", "diesel"),
        ("booking-api", "reqwest"),
        ("search-api", "booking-api"),
        ("kernel", "diesel"),
        ("store", "notes-api"),
        ("switch", "cockpit"),
        ("shims", "notes"),
        ("shims", "diesel"),
        ("cockpit", "notes-api"),
        ("banyan", "diesel"),
        ("status", "askama"),
    ] {
        let mut graph = graph();
        graph.get_mut(from).unwrap_or_else(|| panic!("{from} is a crate")).insert(to.to_owned());
        let found = violations(&graph, &modules());
        assert_eq!(found, [format!("{from} may not depend on {to}")]);
    }
}

/// With an interface and its module as one, nothing goes round.
#[test]
fn there_is_no_cycle() {
    let merged = |name: &str| name.strip_suffix("-api").unwrap_or(name).to_owned();
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in graph() {
        let from = merged(&from);
        let to = to.iter().map(|name| merged(name)).filter(|name| *name != from);
        edges.entry(from.clone()).or_default().extend(to.collect::<Vec<_>>());
    }
    while !edges.is_empty() {
        let leaf = edges
            .iter()
            .find(|(_, to)| to.iter().all(|name| !edges.contains_key(name)))
            .map(|(name, _)| name.clone());
        edges.remove(&leaf.expect("what is left goes round in a cycle"));
    }
}

/// Implementations and shims are named in one file of the portal.
#[test]
fn only_wire_names_implementations() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")).into_iter().filter(|path| !path.ends_with("src/wire.rs")) {
        let text = fs::read_to_string(&path).unwrap();
        for name in modules().into_iter().chain(["shims".to_owned()]) {
            if text.contains(&format!("mod {name};")) {
                continue;
            }
            let crate_paths = [
                format!("use {name}::"),
                format!("= {name}::start"),
                format!(" {name}::migrations"),
                format!("::{name}::start"),
            ];
            let named = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if named.clone().any(|line| {
                crate_paths.iter().any(|p| line.contains(p.as_str())) && !is_own_room(line, &name)
            }) {
                wrong.push(format!("{} names {name}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The portal has rooms of the same names (`crate::pages::notes`); those are not the modules.
fn is_own_room(line: &str, name: &str) -> bool {
    [format!("crate::{name}"), format!("super::{name}"), format!("pages::{name}"), format!("self::{name}")]
        .iter()
        .any(|room| line.contains(room.as_str()))
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// The diagram in the README is this one; when the arrows change, copy it from the failure.
#[test]
fn readme_shows_the_arrows() {
    let graph = graph();
    let mut lines = vec!["```mermaid".to_owned(), "graph LR".to_owned()];
    for (from, to) in &graph {
        for to in to.iter().filter(|to| {
            graph.contains_key(*to) && *to != "kernel" && from != "banyan-bench" && from != "banyan"
        }) {
            lines.push(format!("  {from} --> {to}"));
        }
    }
    lines.push("```".to_owned());
    let diagram = lines.join("\n");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains(&diagram), "the README's diagram should be:\n{diagram}");
    assert_eq!(graph["notes"].contains("booking-api"), diagram.contains("notes --> booking-api"));
}
