//! The cockpit on both engines: changes reach other processes, conflicts are seen, kills outlive the store, and an
//! edited audit row is found.
#![expect(clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{sync::Arc, time::Duration};

use cockpit::{Cockpit, CockpitError};
use diesel::RunQueryDsl;
use kernel::{Actor, Ctx, Outside, Role, Target};
use store::{Db, testing};
use switch::{BindingFile, Known, Switch, Table};
use tokio::sync::watch;

const FILE: &str = "module = \"notes\"\nranges = { \"remote:notes\" = 100000 }";

fn ctx() -> Ctx {
    Ctx::new(Actor::Machine { name: "test".into(), role: Role::Migrator }, "r-1")
}

async fn open(db: &Db, folder: &std::path::Path) -> Arc<Cockpit> {
    let switch = Switch::new(Table::here(&["notes", "booking"]), Outside::system().clock);
    let known = Known { modules: vec!["notes".into(), "booking".into()], upstreams: vec!["notes".into()] };
    Arc::new(Cockpit::open(db.clone(), Arc::new(switch), folder.join("last-good.json"), known).await)
}

fn remote(cockpit: &Cockpit) -> u32 {
    cockpit.table().bindings["notes"].ranges.share(&Target::Remote("notes".into()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_force_here_there_and_after_a_restart() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (open(&db, folder.path()).await, open(&db, folder.path()).await);
        let (stop, stopping) = watch::channel(false);
        let following = tokio::spawn(two.clone().follow(stopping));

        let file = BindingFile::parse(FILE).unwrap();
        let changed = one.apply(&ctx(), &file, Some(0), "move notes").await.unwrap();
        assert_eq!((changed.epoch, changed.moves[0].buckets), (1, 100_000), "{engine}");
        assert_eq!(remote(&one), 100_000, "{engine}");
        tokio::time::timeout(Duration::from_secs(1), async {
            while remote(&two) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await
        .expect("the other process follows within a second");

        let stale = one.apply(&ctx(), &file, Some(0), "again").await;
        assert!(matches!(stale, Err(CockpitError::Conflict(1))), "{engine}: {stale:?}");
        one.back(&ctx(), "notes", "enough").await.unwrap();
        assert_eq!(remote(&one), 0, "{engine}");
        assert_eq!(open(&db, folder.path()).await.table().epoch, 2, "{engine}");

        let audit = one.audit(kernel::PageAsk::default()).await.unwrap().items;
        let actions: Vec<_> = audit.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(actions, ["switch.back", "switch.applied"], "{engine}");
        assert_eq!(one.verify().await.unwrap(), None, "{engine}");
        db.write(&ctx(), |tx| {
            #[expect(clippy::disallowed_methods, reason = "the test tampers on purpose")]
            diesel::sql_query("UPDATE change_log SET reason = 'nothing' WHERE n = 1").execute(tx.conn())?;
            Ok::<_, store::DbError>(())
        })
        .await
        .unwrap();
        assert_eq!(one.verify().await.unwrap(), Some(1), "{engine}");
        stop.send(true).unwrap();
        following.await.unwrap();
    }
}

#[tokio::test]
async fn only_migrators_change_and_a_kill_needs_a_reason() {
    let db = testing::sqlite("switch", &cockpit::migrations(), &Outside::system());
    let folder = tempfile::tempdir().unwrap();
    let cockpit = open(&db, folder.path()).await;
    let nobody = Ctx::new(Actor::Anonymous, "r");
    assert!(matches!(cockpit.kill(&nobody, None, "x").await, Err(CockpitError::Forbidden)));
    assert!(matches!(cockpit.kill(&ctx(), None, " ").await, Err(CockpitError::NoReason)));
    assert!(matches!(cockpit.kill(&ctx(), Some("nots"), "x").await, Err(CockpitError::NoBinding(..))));
    let file = BindingFile::parse(FILE).unwrap();
    cockpit.apply(&ctx(), &file, None, "").await.unwrap();
    let killed = cockpit.kill(&ctx(), Some("notes"), "it burns").await.unwrap();
    assert!(killed.stored && remote(&cockpit) == 0);
    assert_eq!(cockpit.table().bindings["notes"].state, switch::State::Halted);
}
