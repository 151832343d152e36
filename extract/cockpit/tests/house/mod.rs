//! A cockpit on a throw-away database, people who change things, and waiting with a bound.
#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{future::Future, path::Path, sync::Arc, time::Duration};

use cockpit::{Cockpit, CockpitError, CockpitParts, Database, Done};
use kernel::{Actor, Ctx, Outside, Role, Target};
use store::Db;
use switch::{BindingFile, Known, Switch, Table, Traffic};

pub(crate) const REMOTE: &str = "remote:notes";

/// A process that has just started on a database.
pub(crate) async fn open(db: &Db, folder: &Path, name: &str) -> Arc<Cockpit> {
    open_on(db.clone().into(), db.outside(), folder, name).await
}

pub(crate) async fn open_on(
    database: Database,
    outside: &Outside,
    folder: &Path,
    name: &str,
) -> Arc<Cockpit> {
    let known = Known {
        modules: vec!["notes".into(), "booking".into()],
        upstreams: vec!["notes".into(), "booking".into(), "old".into()],
        ..Known::default()
    };
    let parts = CockpitParts {
        database,
        switch: Arc::new(Switch::new(Table::here(&["notes", "booking"]), outside.clock.clone())),
        traffic: Arc::new(Traffic::new(outside.entropy.clone())),
        last_good: folder.join(format!("{name}.json")),
        known,
        replica: name.to_owned(),
    };
    Arc::new(Cockpit::open(parts).await)
}

pub(crate) fn ada() -> Ctx {
    person("ada")
}

pub(crate) fn person(name: &str) -> Ctx {
    Ctx::new(Actor::Machine { name: name.to_owned(), role: Role::Migrator }, format!("request-of-{name}"))
}

pub(crate) fn file(text: &str) -> BindingFile {
    BindingFile::parse(text).unwrap()
}

/// A module with so many buckets at its remote.
pub(crate) fn moved(module: &str, buckets: u32) -> BindingFile {
    let here = 100_000 - buckets;
    file(&format!(
        "module = \"{module}\"\nhop = {{ from = \"here\", to = \"remote:{module}\" }}\n\
         ranges = {{ \"remote:{module}\" = {buckets}, here = {here} }}"
    ))
}

/// What `module` has at its remote in this process.
pub(crate) fn at_remote(cockpit: &Cockpit, module: &str) -> u32 {
    cockpit.table().bindings[module].ranges.share(&Target::Remote(module.into()))
}

/// The epoch of a change that must be in force.
pub(crate) fn epoch(done: Result<Done, CockpitError>) -> u64 {
    match done.unwrap() {
        Done::InForce(changed) => changed.epoch,
        waiting @ Done::Waiting { .. } => panic!("{waiting:?}"),
    }
}

/// The id of a change that must wait.
pub(crate) fn waits(done: Result<Done, CockpitError>) -> (String, u32) {
    match done.unwrap() {
        Done::Waiting { change_id, needs_approvals } => (change_id, needs_approvals),
        in_force @ Done::InForce(_) => panic!("{in_force:?}"),
    }
}

/// Looks again until it is so, for as long as it may take.
pub(crate) async fn soon<F: Future<Output = bool>>(
    within: Duration,
    what: &str,
    mut is_so: impl FnMut() -> F,
) {
    let looking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(within, looking).await.unwrap_or_else(|_| panic!("not within {within:?}: {what}"));
}

/// The audit's actions, oldest first.
pub(crate) async fn actions(cockpit: &Cockpit) -> Vec<String> {
    let page = cockpit.audit_after(0, 1_000).await.unwrap();
    page.items.into_iter().map(|entry| entry.action).collect()
}
