//! House rules that no lint knows: how files open, how long they are, and under which licences we ship.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand, Package, PackageId};

/// A file beyond this holds two ideas. Tables of cases in tests may be long.
const LONGEST: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let hidden =
        |path: &Path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.') || n == "target");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !hidden(path))
        .flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|e| e == ending))
        .collect()
}

#[test]
fn every_file_says_why_it_is_there() {
    let silent: Vec<_> = files(root(), "rs")
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .collect();
    assert_eq!(silent, Vec::<PathBuf>::new());
}

#[test]
fn no_file_holds_two_ideas() {
    let is_test = |path: &Path| path.to_string_lossy().contains("test");
    let long: Vec<_> = files(root(), "rs")
        .into_iter()
        .filter(|path| !is_test(path.strip_prefix(root()).unwrap()))
        .filter(|path| fs::read_to_string(path).unwrap().lines().count() > LONGEST)
        .collect();
    assert_eq!(long, Vec::<PathBuf>::new());
}

/// Templates come with no styles or handlers of their own: the content policy would refuse them, in silence.
#[test]
fn templates_obey_the_content_policy() {
    let mut wrong = Vec::new();
    for path in files(&root().join("templates"), "html") {
        let text = fs::read_to_string(&path).unwrap();
        for banned in [" style=\"", " onclick=", " onchange=", " onsubmit=", "javascript:", "|safe"] {
            if text.contains(banned) {
                wrong.push(format!("{}: {banned}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// The same list as `deny.toml`, checked where cargo-deny is not installed.
#[test]
fn every_licence_is_on_the_list() {
    let allowed = listed_in_deny();
    assert!(allowed.contains("MIT") && !allowed.iter().any(|licence| licence.contains("GPL")));
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options([
            "--locked".to_owned(),
            "--filter-platform".to_owned(),
            "x86_64-unknown-linux-gnu".to_owned(),
        ])
        .exec()
        .expect("cargo metadata");
    let shipped = shipped(&metadata);
    assert!(shipped.len() > 100, "the whole tree is looked at: {}", shipped.len());
    let refused: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_some() && shipped.contains(&package.id))
        .filter(|package| !is_allowed(package, &allowed))
        .map(|package| format!("{} {}: {:?}", package.name, package.version, package.license))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

fn listed_in_deny() -> BTreeSet<String> {
    let deny: toml::Value = toml::from_str(&fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap();
    let list =
        deny.get("licenses").and_then(|l| l.get("allow")).and_then(toml::Value::as_array).expect("a list");
    list.iter().filter_map(|licence| licence.as_str().map(str::to_owned)).collect()
}

/// What the binary is made of: everything that `banyan` reaches but by dev-dependencies.
fn shipped(metadata: &cargo_metadata::Metadata) -> HashSet<PackageId> {
    let resolve = metadata.resolve.as_ref().expect("a resolved graph");
    let nodes: HashMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut open: Vec<&PackageId> = metadata
        .packages
        .iter()
        .filter(|package| *package.name == "banyan")
        .map(|package| &package.id)
        .collect();
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let node = nodes.get(id).expect("every package is a node");
        let normal =
            node.deps.iter().filter(|d| d.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development));
        open.extend(normal.map(|dependency| &dependency.pkg));
    }
    seen
}

/// SPDX, as far as crates use it: alternatives of conjunctions.
fn is_allowed(package: &Package, allowed: &BTreeSet<String>) -> bool {
    let text = package.license.clone().unwrap_or_default().replace('/', " OR ");
    let plain = text.replace(['(', ')'], "");
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(|part| allowed.contains(part.trim())))
}
