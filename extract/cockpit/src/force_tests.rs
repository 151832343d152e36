//! A kill that the store has not taken stays on top of whatever comes, and the file of an earlier release is read.

use kernel::{Outside, Target};
use switch::{Binding, Hop, Ranges, State as Stage};

use super::*;

fn remote() -> Target {
    Target::Remote("notes".into())
}

fn at_remote(force: &Force) -> u32 {
    force.table().bindings["notes"].ranges.share(&remote())
}

/// Everything of notes at its remote.
fn moved(epoch: u64) -> Table {
    let hop = Hop { from: Target::Here, to: remote() };
    let binding = Binding { ranges: Ranges::all(remote()), hop, ..Binding::here() };
    Table { epoch, ..Table::here(&["notes"]).with("notes", binding) }
}

fn force(path: PathBuf) -> Force {
    let outside = Outside::system();
    let switch = Arc::new(Switch::new(Table::here(&["notes"]), outside.clock.clone()));
    Force::open(switch, Arc::new(Traffic::new(outside.entropy.clone())), path, &outside)
}

fn kill(id: &str) -> Kill {
    Kill {
        id: id.to_owned(),
        module: Some("notes".to_owned()),
        at: jiff::Timestamp::UNIX_EPOCH,
        by: "machine/ada".to_owned(),
        reason: "it burns".to_owned(),
        request_id: "r-1".to_owned(),
    }
}

fn unaware(table: Table) -> Stored {
    Stored { table, known: Vec::new() }
}

#[test]
fn a_kill_stays_on_top_until_a_stored_table_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last-good.json");
    let force = self::force(path.clone());
    force.put(unaware(moved(5)));
    assert_eq!((force.table().epoch, at_remote(&force)), (5, 100_000));
    assert!(force.kill(kill("k")).1 && !force.kill(kill("l")).1, "one begins to store");
    for (stored, in_force) in [(5, 7), (4, 7), (6, 8), (20, 22)] {
        force.put(unaware(moved(stored)));
        assert_eq!((force.table().epoch, at_remote(&force)), (in_force, 0), "stored {stored}");
    }
    let restarted = self::force(path.clone());
    assert_eq!((restarted.table().epoch, restarted.unstored().len()), (22, 2));
    assert!(restarted.must_store());

    // The store took the first on top of 20; then somebody freed the module, knowing of it; the second is left.
    force.put(Stored { table: moved(23), known: vec!["k".to_owned()] });
    assert_eq!((force.table().epoch, at_remote(&force), force.unstored().len()), (24, 0, 1));
    force.put(Stored { table: moved(25), known: vec!["l".to_owned()] });
    assert_eq!((force.table().epoch, at_remote(&force)), (25, 100_000), "freed by somebody who knew both");
    assert!(force.next_to_store().is_none());
    assert_eq!(self::force(path).unstored().len(), 0);
}

#[test]
fn the_last_good_file_of_the_previous_release_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last-good.json");
    std::fs::write(&path, EARLIER).unwrap();
    let force = self::force(path.clone());
    let table = force.table();
    assert_eq!((table.epoch, at_remote(&force)), (7, 25_000));
    assert_eq!(table.bindings["notes"].rules.len(), 1);
    assert_eq!(table.bindings["booking"].state, Stage::Halted);
    std::fs::write(&path, "{ half a fi").unwrap();
    assert_eq!(self::force(path).table().epoch, 0, "a damaged file is passed over");
}

/// As the release before this one wrote tables, to the file and to the store.
pub(crate) const EARLIER: &str = r#"{
  "epoch": 7,
  "bindings": {
    "booking": { "ranges": { "here": 100000 }, "rules": [],
                 "hop": { "from": "here", "to": "remote:booking" }, "state": "halted" },
    "notes": { "ranges": { "remote:notes": 25000, "here": 75000 },
               "rules": [ { "when": { "role": "migrator" }, "target": "remote:notes", "until": "2027-01-31T00:00:00Z" } ],
               "hop": { "from": "here", "to": "remote:notes" }, "state": "moving" }
  }
}"#;
