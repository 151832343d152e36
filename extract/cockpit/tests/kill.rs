//! KILL on both engines while the store answers: one step back for everything that hops, told to live replicas, never
//! undone by a table that was made without knowing it, and remembered over a restart.

mod house;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cockpit::{CockpitError, Database};
use house::{actions, ada, at_remote, epoch, file, moved, open, open_on, person, soon, waits};
use kernel::{Actor, Ctx, Role, Target};
use store::{DbError, testing};
use switch::{State, To};
use tokio::sync::watch;

const SOON: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn every_live_replica_takes_it() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (open(&db, folder.path(), "one").await, open(&db, folder.path(), "two").await);
        let (_stop, stopping) = watch::channel(false);
        tokio::spawn(two.clone().follow(stopping));
        epoch(one.apply(&ada(), &moved("notes", 70_000), None, "").await);
        soon(SOON, "two is known to be there", async || one.replicas().await.unwrap().len() == 2).await;

        let killed = one.kill(&ada(), Some("notes"), "it burns").await.unwrap();
        assert_eq!(
            (killed.epoch, killed.moves[0].buckets, at_remote(&one, "notes")),
            (2, 70_000, 0),
            "{engine}"
        );
        assert!(killed.effective_ms < 50.0, "{engine}: {killed:?}");
        if killed.stored {
            let at: Vec<_> = killed.replicas.iter().map(|one| (&*one.name, one.epoch)).collect();
            assert_eq!(at, [("one", 2), ("two", 2)], "{engine}");
        } else {
            println!("{engine}: the store took longer than the answer");
        }
        soon(SOON, "two follows", async || at_remote(&two, "notes") == 0).await;
        assert_eq!(one.table().bindings["notes"].state, State::Halted, "{engine}");
        assert_eq!(actions(&one).await, ["switch.applied", "switch.killed"], "{engine}");
        let row = one.audit_after(1, 1).await.unwrap().items.remove(0);
        assert_eq!(
            (&*row.actor, &*row.reason, &*row.subject),
            ("machine/ada", "it burns", "notes"),
            "{engine}"
        );
        assert_eq!(row.detail.changes[0].state_after, Some(State::Halted), "{engine}");
    }
}

#[tokio::test]
async fn it_is_for_migrators_with_a_reason_and_needs_no_approval() {
    let db = testing::sqlite("switch", &cockpit::migrations(), &kernel::Outside::system());
    let folder = tempfile::tempdir().unwrap();
    let cockpit = open(&db, folder.path(), "one").await;
    for nobody in [Actor::Anonymous, Actor::Machine { name: "m".into(), role: Role::Ops }] {
        let refused = cockpit.kill(&Ctx::new(nobody, "r"), None, "x").await;
        assert!(matches!(refused, Err(CockpitError::Forbidden)));
    }
    assert!(matches!(cockpit.kill(&ada(), None, " ").await, Err(CockpitError::NoReason)));
    assert!(matches!(cockpit.kill(&ada(), Some("nots"), "x").await, Err(CockpitError::NoBinding(..))));

    let strict = "module = \"notes\"\nhop = { from = \"here\", to = \"remote:notes\" }\nranges = { here = 100000 }\n\
                  approve = { from_state = \"READ_RAMP\", people = 2 }";
    epoch(cockpit.apply(&ada(), &file(strict), None, "").await);
    let (id, _) = waits(cockpit.transition(&ada(), "notes", To::Next, None, "go").await);
    epoch(cockpit.approve(&person("bob"), &id).await);
    let (id, _) = waits(cockpit.transition(&ada(), "notes", To::Next, None, "on").await);
    let killed = cockpit.kill(&ada(), None, "it burns").await.unwrap();
    assert_eq!(at_remote(&cockpit, "notes"), 0);
    assert!(killed.left.is_empty());
    assert!(matches!(cockpit.approve(&person("bob"), &id).await, Err(CockpitError::Conflict(3))));
    assert_eq!(cockpit.table().bindings["booking"].state, State::Bounded, "what does not hop is left alone");
}

#[tokio::test]
async fn a_hop_that_is_over_has_no_way_back() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let cockpit = open(&db, folder.path(), "one").await;
        epoch(cockpit.apply(&ada(), &moved("notes", 100_000), None, "").await);
        epoch(cockpit.transition(&ada(), "notes", To::State(State::Primary), None, "all").await);
        let (id, _) = waits(cockpit.transition(&ada(), "notes", To::Next, None, "over").await);
        epoch(cockpit.approve(&person("bob"), &id).await);
        epoch(cockpit.apply(&ada(), &moved("booking", 10_000), None, "").await);
        let kill = cockpit.kill(&ada(), Some("notes"), "x").await;
        assert!(matches!(kill, Err(CockpitError::NoWayBack(_))), "{engine}: {kill:?}");
        assert!(matches!(
            cockpit.apply(&ada(), &moved("notes", 5), None, "x").await,
            Err(CockpitError::NoWayBack(_))
        ));
        let all = cockpit.kill(&ada(), None, "everything").await.unwrap();
        assert_eq!(
            (all.left.as_slice(), at_remote(&cockpit, "booking")),
            (["notes".to_owned()].as_slice(), 0)
        );
        assert_eq!(at_remote(&cockpit, "notes"), 100_000, "{engine}");
    }
}

/// A process that cannot reach the store kills; others go on changing the table meanwhile, without knowing.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_is_never_lost_and_never_undone_by_who_did_not_know() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        epoch(
            open(&db, folder.path(), "cut-off").await.apply(&ada(), &moved("notes", 100_000), None, "").await,
        );

        let reachable = Arc::new(AtomicBool::new(false));
        let start = async |db: &store::Db| {
            let (db, reachable, outside) = (db.clone(), reachable.clone(), db.outside().clone());
            let found = move || {
                let away = || DbError::Unreachable("cut off".to_owned());
                reachable.load(Ordering::SeqCst).then(|| db.clone()).ok_or_else(away)
            };
            let database = Database::open(outside.clone(), found).await.unwrap();
            open_on(database, &outside, folder.path(), "cut-off").await
        };
        let cut_off = start(&db).await;
        assert_eq!(at_remote(&cut_off, "notes"), 100_000, "{engine}: the last good table serves");
        let refused = cut_off.apply(&ada(), &moved("notes", 5), None, "x").await;
        assert!(matches!(refused, Err(CockpitError::Store(_))), "{engine}: {refused:?}");
        let killed = cut_off.kill(&ada(), Some("notes"), "it burns").await.unwrap();
        assert_eq!((killed.stored, killed.epoch, killed.replicas.len()), (false, 2, 1), "{engine}");
        assert_eq!(at_remote(&cut_off, "notes"), 0, "{engine}");

        // It ends without having stored anything, and comes back: the kill is in the file.
        drop(cut_off);
        let cut_off = start(&db).await;
        assert_eq!(at_remote(&cut_off, "notes"), 0, "{engine}");

        let other = open(&db, folder.path(), "other").await;
        epoch(other.apply(&person("bob"), &moved("notes", 40_000), Some(1), "unaware").await);
        epoch(other.apply(&person("bob"), &moved("booking", 30_000), Some(2), "unaware").await);
        let (_stop, stopping) = watch::channel(false);
        tokio::spawn(other.clone().follow(stopping.clone()));
        tokio::spawn(cut_off.clone().follow(stopping));
        let mut seen = cut_off.changes();
        let watching = cut_off.clone();
        let never_back = tokio::spawn(async move {
            while seen.changed().await.is_ok() {
                if at_remote(&watching, "notes") > 0 {
                    return false;
                }
                if *seen.borrow() >= 4 && at_remote(&watching, "booking") == 30_000 {
                    return true;
                }
            }
            false
        });
        reachable.store(true, Ordering::SeqCst);
        soon(SOON, "the other one is killed too", async || at_remote(&other, "notes") == 0).await;
        assert!(never_back.await.unwrap(), "{engine}: a killed share was back for a moment");
        soon(SOON, "both agree", async || other.table() == cut_off.table()).await;
        assert_eq!(other.table().bindings["notes"].state, State::Halted, "{engine}");
        assert_eq!(at_remote(&cut_off, "booking"), 30_000, "{engine}: what others changed stays");
        let told = ["switch.applied", "switch.applied", "switch.applied", "switch.killed"];
        assert_eq!(actions(&other).await, told, "{engine}: and it is stored once");
        // Freed by a person's hand, it stays free.
        epoch(cut_off.transition(&ada(), "notes", To::Back, None, "mended").await);
        assert_eq!(cut_off.table().bindings["notes"].state, State::Connected, "{engine}");
        assert_eq!(cut_off.table().bindings["notes"].ranges.share(&Target::Here), 100_000);
        assert_eq!(cut_off.verify().await.unwrap(), None, "{engine}");
    }
}
