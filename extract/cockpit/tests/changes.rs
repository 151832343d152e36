//! Changes on both engines: in force here, there and after a restart; refused when they rest on an old epoch or a guard;
//! waiting for other people's approval; and told in one audit row each.

mod house;

use std::{sync::Arc, time::Duration};

use cockpit::{CockpitError, OverrideAsk};
use house::{REMOTE, actions, ada, at_remote, epoch, file, moved, open, person, soon, waits};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Ctx, FixedClock, Kind, Op, Outcome, Outside, Role, Target, Watch};
use store::testing;
use switch::{State, To};
use tokio::sync::watch;

static LIST: Op = Op { module: "notes", name: "list", kind: Kind::Query };

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_force_here_there_and_after_a_restart() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (open(&db, folder.path(), "one").await, open(&db, folder.path(), "two").await);
        let (stop, stopping) = watch::channel(false);
        let following = [&one, &two].map(|c| tokio::spawn(Arc::clone(c).follow(stopping.clone())));

        let mut epochs = two.changes();
        assert_eq!(
            epoch(one.apply(&ada(), &moved("notes", 100_000), Some(0), "move notes").await),
            1,
            "{engine}"
        );
        assert_eq!(at_remote(&one, "notes"), 100_000, "{engine}");
        tokio::time::timeout(Duration::from_secs(1), epochs.changed())
            .await
            .expect("within a second")
            .unwrap();
        assert_eq!((*epochs.borrow(), at_remote(&two, "notes")), (1, 100_000), "{engine}");

        let stale = two.apply(&ada(), &moved("notes", 5), Some(0), "again").await;
        assert!(matches!(stale, Err(CockpitError::Conflict(1))), "{engine}: {stale:?}");
        assert_eq!(epoch(two.transition(&ada(), "notes", To::Back, Some(1), "enough").await), 2, "{engine}");
        soon(Duration::from_secs(1), "one follows", async || at_remote(&one, "notes") == 0).await;

        soon(Duration::from_secs(4), "both are seen at epoch 2", async || {
            let all = one.replicas().await.unwrap();
            all.iter().map(|r| (&*r.name, r.epoch)).eq([("one", 2), ("two", 2)])
        })
        .await;
        stop.send(true).unwrap();
        for task in following {
            task.await.unwrap();
        }
        assert_eq!(open(&db, folder.path(), "three").await.table().epoch, 2, "{engine}");

        let entries = one.audit_after(0, 10).await.unwrap().items;
        assert_eq!(entries.iter().map(|e| &*e.action).collect::<Vec<_>>(), ["switch.applied", "switch.back"]);
        let [first, second] = [0, 1].map(|n| entries[n].detail.changes[0].clone());
        assert_eq!(first.after.as_ref().map(|file| file.ranges[&REMOTE.parse().unwrap()]), Some(100_000));
        assert_eq!((first.state_before, first.state_after), (Some(State::Bounded), Some(State::ReadRamp)));
        assert_eq!(second.before, first.after, "{engine}");
        let last = one.table().bindings["notes"].last.clone().unwrap();
        assert_eq!(
            (&*last.by, &*last.action, &*last.reason, last.epoch),
            ("machine/ada", "switch.back", "enough", 2)
        );
        assert_eq!(one.verify().await.unwrap(), None, "{engine}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_each_epoch_has_one() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let other = testing::once_more(&db, &cockpit::migrations());
        let (one, two) = (open(&db, folder.path(), "one").await, open(&other, folder.path(), "two").await);
        // On the same epoch exactly one wins; without one both are done, one after the other.
        let (notes, booking) = (moved("notes", 1), moved("booking", 1));
        let (ada, bob) = (ada(), person("bob"));
        let both =
            tokio::join!(one.apply(&ada, &notes, Some(0), "a"), two.apply(&bob, &booking, Some(0), "b"));
        let won = [&both.0, &both.1].into_iter().filter(|done| done.is_ok()).count();
        assert_eq!(won, 1, "{engine}: {both:?}");
        let (a, b) = tokio::join!(one.apply(&ada, &notes, None, "a"), two.apply(&bob, &booking, None, "b"));
        let mut epochs = [epoch(a), epoch(b)];
        epochs.sort_unstable();
        assert_eq!(epochs, [2, 3], "{engine}");
        assert_eq!(
            open(&db, folder.path(), "three").await.table().bindings["booking"].ranges.shares().count(),
            2
        );
        assert_eq!(one.verify().await.unwrap(), None, "{engine}");
    }
}

#[tokio::test]
async fn guards_refuse_and_nothing_changes() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let clock = FixedClock::at(now);
    let outside = Outside { clock: clock.clone(), ..Outside::system() };
    for (engine, db) in testing::databases_in("switch", &cockpit::migrations(), &outside) {
        clock.set(now);
        let folder = tempfile::tempdir().unwrap();
        let cockpit = open(&db, folder.path(), "one").await;
        let plan = format!(
            "module = \"notes\"\nhop = {{ from = \"here\", to = \"{REMOTE}\" }}\nranges = {{ here = 100000 }}\n\
             ramp = {{ steps = [1, 50, 100], hold = \"30m\" }}"
        );
        epoch(cockpit.apply(&ada(), &file(&plan), None, "").await);
        let next = |reason: &'static str| {
            let cockpit = cockpit.clone();
            async move { cockpit.transition(&ada(), "notes", To::Next, None, reason).await }
        };
        assert!(
            matches!(next(" ").await, Err(CockpitError::Guards(g)) if g[0].guard == "reason"),
            "{engine}"
        );
        assert_eq!(cockpit.preview_transition("notes", To::Next, "look").unwrap().moves[0].buckets, 1_000);
        assert_eq!(epoch(next("go").await), 2);
        assert!(matches!(next("go").await, Err(CockpitError::Guards(g)) if g[0].guard == "hold"), "{engine}");
        // Whoever edits the plan around the same share does not begin the step anew.
        clock.advance(SignedDuration::from_mins(31));
        let file = switch::BindingFile::of("notes", &cockpit.table().bindings["notes"]);
        epoch(cockpit.apply(&ada(), &file, Some(2), "wording").await);
        assert_eq!(epoch(next("go").await), 4, "{engine}");
        assert_eq!(at_remote(&cockpit, "notes"), 50_000);
        assert_eq!(cockpit.table().epoch, 4, "{engine}");
        clock.advance(SignedDuration::from_mins(31));
        let remote = REMOTE.parse().unwrap();
        for _ in 0..5 {
            cockpit.traffic().admit(&LIST, &remote).unwrap();
            cockpit.traffic().done(&LIST, &remote, Outcome::Unavailable, Duration::ZERO);
        }
        assert!(
            matches!(next("go").await, Err(CockpitError::Guards(g)) if g[0].guard == "breaker"),
            "{engine}"
        );
        let unknown = cockpit.transition(&ada(), "nots", To::Next, None, "x").await;
        assert!(matches!(unknown, Err(CockpitError::NoBinding(..))), "{engine}: {unknown:?}");
        let nobody = Ctx::new(Actor::Anonymous, "r");
        assert!(matches!(cockpit.apply(&nobody, &file, None, "x").await, Err(CockpitError::Forbidden)));
        let agent = Ctx::new(Actor::Machine { name: "a".into(), role: Role::Agent }, "r");
        assert!(matches!(cockpit.apply(&agent, &file, None, "x").await, Err(CockpitError::Forbidden)));
        assert_eq!(actions(&cockpit).await.len(), 4, "{engine}: refusals leave no row");
    }
}

#[tokio::test]
async fn a_group_of_routes_comes_and_goes() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let cockpit = open(&db, folder.path(), "one").await;
        let group = |name: &str, share: u32| {
            file(&format!(
                "module = \"{name}\"\nhop = {{ from = \"legacy:old\", to = \"here\" }}\n\
                 ranges = {{ \"legacy:old\" = {}, here = {share} }}\n\
                 routes = [ {{ match = \"GET /ledger/{{id}}\", kind = \"query\" }} ]",
                100_000 - share
            ))
        };
        epoch(cockpit.apply(&ada(), &group("ledger/all", 10), None, "take it").await);
        let taken = cockpit.apply(&ada(), &group("ledger/some", 0), None, "twice").await;
        assert!(matches!(taken, Err(CockpitError::File(_))), "{engine}: {taken:?}");
        let early = cockpit.remove(&ada(), "ledger/all", None, "done").await;
        assert!(matches!(early, Err(CockpitError::Guards(_))), "{engine}: {early:?}");
        assert!(matches!(cockpit.remove(&ada(), "notes", None, "x").await, Err(CockpitError::Guards(_))));
        epoch(cockpit.transition(&ada(), "ledger/all", To::Back, None, "first").await);
        assert_eq!(epoch(cockpit.remove(&ada(), "ledger/all", Some(2), "done").await), 3, "{engine}");
        assert!(!cockpit.table().bindings.contains_key("ledger/all"));
        let gone = cockpit.audit_after(2, 1).await.unwrap().items.remove(0);
        assert_eq!((gone.action.as_str(), gone.detail.changes[0].after.is_none()), ("switch.removed", true));
    }
}

#[tokio::test]
async fn somebody_else_has_to_agree() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let cockpit = open(&db, folder.path(), "one").await;
        let plan = |people: u32| {
            file(&format!(
                "module = \"notes\"\nhop = {{ from = \"here\", to = \"{REMOTE}\" }}\nranges = {{ here = 100000 }}\n\
                 approve = {{ from_state = \"READ_RAMP\", people = {people} }}"
            ))
        };
        epoch(cockpit.apply(&ada(), &plan(3), None, "plan").await);
        assert_eq!(cockpit.preview_transition("notes", To::Next, "look").unwrap().needs_people, 3);
        let (id, needs) = waits(cockpit.transition(&ada(), "notes", To::Next, Some(1), "go").await);
        assert_eq!((needs, cockpit.table().epoch), (2, 1), "{engine}: nothing has changed");
        assert!(matches!(cockpit.approve(&ada(), &id).await, Err(CockpitError::OwnChange)), "{engine}");
        let agent = Ctx::new(Actor::Machine { name: "x".into(), role: Role::Ops }, "r");
        assert!(matches!(cockpit.approve(&agent, &id).await, Err(CockpitError::Forbidden)), "{engine}");
        assert_eq!(waits(cockpit.approve(&person("bob"), &id).await), (id.clone(), 1), "{engine}");
        assert_eq!(waits(cockpit.approve(&person("bob"), &id).await).1, 1, "{engine}: once is once");
        let list = cockpit.waiting().await.unwrap();
        assert_eq!(list[0].approved_by, ["machine/bob"], "{engine}");
        assert_eq!(
            (&*list[0].author, &*list[0].what, list[0].is_stale),
            ("machine/ada", "go to next", false)
        );
        assert_eq!(epoch(cockpit.approve(&Ctx::system("command-line"), &id).await), 2, "{engine}");
        assert_eq!(at_remote(&cockpit, "notes"), 100, "{engine}");
        assert!(cockpit.waiting().await.unwrap().is_empty());
        assert!(matches!(cockpit.approve(&person("eve"), &id).await, Err(CockpitError::NoChange(_))));

        // Taking the second pair of eyes away needs it too, and a change in between makes an approval void.
        let (id, _) = waits(cockpit.apply(&ada(), &plan(1), None, "alone").await);
        epoch(cockpit.transition(&ada(), "notes", To::Back, None, "burns").await);
        assert!(cockpit.waiting().await.unwrap()[0].is_stale, "{engine}");
        assert!(
            matches!(cockpit.approve(&person("bob"), &id).await, Err(CockpitError::Conflict(3))),
            "{engine}"
        );
        assert!(matches!(cockpit.reject(&person("bob"), &id, " ").await, Err(CockpitError::NoReason)));
        cockpit.reject(&person("bob"), &id, "too late").await.unwrap();
        assert!(matches!(cockpit.reject(&ada(), &id, "x").await, Err(CockpitError::NoChange(_))));
        let told = [
            "switch.applied",
            "switch.asked",
            "switch.approved",
            "switch.approved",
            "switch.advanced",
            "switch.asked",
            "switch.back",
            "switch.rejected",
        ];
        assert_eq!(actions(&cockpit).await, told, "{engine}");
        let advanced = cockpit.audit_after(4, 1).await.unwrap().items.remove(0);
        assert_eq!(advanced.actor, "machine/ada", "{engine}");
        assert_eq!(advanced.detail.approved_by, ["machine/bob", "system/command-line"], "{engine}");
        assert_eq!(cockpit.verify().await.unwrap(), None, "{engine}");
    }
}

#[tokio::test]
async fn an_override_shows_a_side_to_one_person_for_a_while() {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let clock = FixedClock::at(now);
    let outside = Outside { clock: clock.clone(), ..Outside::system() };
    for (engine, db) in testing::databases_in("switch", &cockpit::migrations(), &outside) {
        clock.set(now);
        let folder = tempfile::tempdir().unwrap();
        let cockpit = open(&db, folder.path(), "one").await;
        let ask = |target: &str, ttl: &str| OverrideAsk {
            subject: "s-1".to_owned(),
            module: "notes".to_owned(),
            target: target.parse().unwrap(),
            ttl: ttl.parse().unwrap(),
        };
        let target = || {
            let ctx = Ctx { subject: "s-1".into(), ..Ctx::new(Actor::Anonymous, "r") };
            cockpit.switch().explain("notes", &ctx).unwrap().target
        };
        for (wrong, why) in
            [(ask(REMOTE, "25h"), "24h"), (ask(REMOTE, "0s"), "above 0"), (ask("remote:x", "1h"), "x")]
        {
            let refused = cockpit.put_override(&ada(), wrong).await.unwrap_err().to_string();
            assert!(refused.contains(why), "{engine}: {refused}");
        }
        let (over, epoch) = cockpit.put_override(&ada(), ask(REMOTE, "1h")).await.unwrap();
        assert_eq!((epoch, target()), (1, Target::Remote("notes".into())), "{engine}");
        clock.advance(SignedDuration::from_hours(1));
        assert_eq!(target(), Target::Here, "{engine}: it has run out");
        let (again, _) = cockpit.put_override(&ada(), ask(REMOTE, "24h")).await.unwrap();
        assert_eq!(
            cockpit.table().overrides,
            std::slice::from_ref(&again),
            "{engine}: {} was left behind",
            over.id
        );
        assert_eq!(cockpit.end_override(&ada(), &again.id).await.unwrap(), 3, "{engine}");
        assert_eq!(target(), Target::Here);
        assert!(matches!(cockpit.end_override(&ada(), &again.id).await, Err(CockpitError::Override(_))));
        let told = ["switch.overridden", "switch.overridden", "switch.override_ended"];
        assert_eq!(actions(&cockpit).await, told, "{engine}");
    }
}

#[tokio::test]
async fn a_repeated_key_gets_the_same_answer() {
    for (engine, db) in testing::databases("switch", &cockpit::migrations()) {
        let folder = tempfile::tempdir().unwrap();
        let cockpit = open(&db, folder.path(), "one").await;
        let keyed = |key: &str| ada().with_key(key.parse().unwrap());
        let plan = moved("notes", 7);
        for _ in 0..2 {
            assert_eq!(epoch(cockpit.apply(&keyed("a"), &plan, Some(0), "once").await), 1, "{engine}");
        }
        let other = cockpit.apply(&keyed("a"), &moved("notes", 8), Some(0), "once").await;
        assert!(matches!(other, Err(CockpitError::Store(store::DbError::KeyReused))), "{engine}: {other:?}");
        let ask = OverrideAsk {
            subject: "s-1".to_owned(),
            module: "notes".to_owned(),
            target: Target::Here,
            ttl: "1h".parse().unwrap(),
        };
        let (first, _) = cockpit.put_override(&keyed("b"), ask.clone()).await.unwrap();
        assert_eq!(cockpit.put_override(&keyed("b"), ask).await.unwrap(), (first, 2), "{engine}");
        assert_eq!((cockpit.table().epoch, actions(&cockpit).await.len()), (2, 2), "{engine}");
    }
}
