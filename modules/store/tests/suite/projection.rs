//! Durable projections: every event takes effect once, whoever runs, and poison stops only its own stream.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use diesel::prelude::*;
use kernel::{Event, ReaderState};
use store::{Db, DbError, Projection, Projector, Tx, testing};
use tokio::sync::watch;

use crate::world::{MIGRATIONS, append, databases, seen_v1};

/// Writes down what it sees; chokes on `poison` while it is told to.
#[derive(Default)]
struct Seen {
    chokes: AtomicBool,
    panics: AtomicBool,
}

impl Projection for Seen {
    fn name(&self) -> &'static str {
        "probe.seen"
    }
    fn version(&self) -> i32 {
        1
    }
    fn wants(&self, kind: &str) -> bool {
        kind != "noise"
    }
    fn apply(&self, tx: &mut Tx<'_>, event: &Event) -> Result<(), DbError> {
        let values =
            (seen_v1::seq.eq(event.seq), seen_v1::stream.eq(&event.stream), seen_v1::kind.eq(&event.kind));
        diesel::insert_into(seen_v1::table).values(values).execute(tx.conn())?;
        let is_poison = event.kind == "poison";
        assert!(!(is_poison && self.panics.load(Ordering::Relaxed)), "on purpose");
        if is_poison && self.chokes.load(Ordering::Relaxed) {
            return Err(DbError::Encoding("cannot be swallowed".to_owned()));
        }
        Ok(())
    }
    fn clear(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        diesel::delete(seen_v1::table).execute(tx.conn())?;
        Ok(())
    }
}

fn projector(db: &Db, seen: &Arc<Seen>) -> Projector {
    Projector::new(db.clone(), Arc::new(db.clone()), seen.clone())
}

async fn rows(db: &Db) -> Vec<(i64, String)> {
    db.read(|conn| {
        Ok(seen_v1::table.order(seen_v1::seq).select((seen_v1::seq, seen_v1::stream)).load(conn)?)
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn replay_equals_live() {
    for (engine, db) in databases() {
        let projector = projector(&db, &Arc::default());
        assert_eq!(projector.catch_up().await.unwrap(), 0, "{engine}: an empty log ends at its head");
        for n in 0..30 {
            append(&db, &format!("order/{}", n % 3), if n % 5 == 0 { "noise" } else { "order.changed" })
                .await
                .unwrap();
            if n % 7 == 0 {
                projector.catch_up().await.unwrap();
            }
        }
        assert_eq!(projector.catch_up().await.unwrap(), 30, "{engine}");
        let live = rows(&db).await;
        assert_eq!(live.len(), 24, "{engine}");
        assert_eq!(projector.replay().await.unwrap(), 30, "{engine}");
        assert_eq!(rows(&db).await, live, "{engine}");
        let status = projector.status().await;
        assert_eq!(
            (status.position, status.lag(), status.state),
            (30, Some(0), ReaderState::Following),
            "{engine}"
        );
        append(&db, "order/1", "noise").await.unwrap();
        assert_eq!(projector.status().await.lag(), Some(1), "{engine}");
        assert_eq!(
            projector.catch_up().await.unwrap(),
            31,
            "{engine}: the position moves over what is not wanted"
        );
    }
}

#[tokio::test]
async fn more_than_one_batch() {
    for (engine, db) in databases() {
        db.write(&crate::world::ctx(), |tx| {
            for n in 0..1_201 {
                let new = crate::world::event(tx, "order.changed");
                tx.append(&format!("order/{}", n % 10), store::Expected::Any, new)?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
        let projector = projector(&db, &Arc::default());
        assert_eq!(projector.catch_up().await.unwrap(), 1_201, "{engine}");
        assert_eq!(rows(&db).await.len(), 1_201, "{engine}");
        assert_eq!(projector.replay().await.unwrap(), 1_201, "{engine}");
        assert_eq!(rows(&db).await.len(), 1_201, "{engine}");
    }
}

#[tokio::test]
async fn two_that_race_apply_once() {
    for (engine, db) in databases() {
        let other = testing::once_more(&db, &MIGRATIONS);
        let writer = db.clone();
        let load = tokio::spawn(async move {
            for n in 0..120 {
                append(&writer, &format!("order/{}", n % 4), "order.changed").await.unwrap();
            }
        });
        let race = [db.clone(), other].map(|db| {
            tokio::spawn(async move {
                let projector = projector(&db, &Arc::default());
                loop {
                    // Losing a race is a fault like any other: look again.
                    if projector.catch_up().await.is_ok_and(|position| position == 120) {
                        break;
                    }
                }
            })
        });
        load.await.unwrap();
        for runner in race {
            runner.await.unwrap();
        }
        // A second application would have met the primary key; a lost one would be missing.
        assert_eq!(rows(&db).await.len(), 120, "{engine}");
        assert_eq!(db.dead_letters("probe.seen").await.unwrap(), [], "{engine}");
    }
}

#[tokio::test]
async fn poison_is_set_aside_with_its_stream() {
    for (engine, db) in databases() {
        for panics in [false, true] {
            let seen = Arc::new(Seen { chokes: true.into(), panics: panics.into() });
            let projector = projector(&db, &seen);
            let from = projector.catch_up().await.unwrap();
            empty(&db).await;
            let (bad, good) = (format!("bad/{panics}"), format!("good/{panics}"));
            for (stream, kind) in
                [(&good, "fine"), (&bad, "poison"), (&good, "fine"), (&bad, "fine"), (&bad, "noise")]
            {
                append(&db, stream, kind).await.unwrap();
            }
            assert_eq!(projector.catch_up().await.unwrap(), from + 5, "{engine}");
            assert_eq!(rows(&db).await, [(from + 1, good.clone()), (from + 3, good.clone())], "{engine}");
            let letters = db.dead_letters("probe.seen").await.unwrap();
            let summary: Vec<_> = letters.iter().map(|l| (l.event.seq, l.attempts, l.is_parked)).collect();
            assert_eq!(summary, [(from + 2, 5, false), (from + 4, 0, true)], "{engine}");
            seen.chokes.store(false, Ordering::Relaxed);
            seen.panics.store(false, Ordering::Relaxed);
            let head = projector.replay().await.unwrap();
            assert_eq!(
                i64::try_from(rows(&db).await.len()).unwrap(),
                head - 1 - i64::from(panics),
                "{engine}"
            );
            assert_eq!(db.dead_letters("probe.seen").await.unwrap(), [], "{engine}: a rebuild tries again");
        }
    }
}

async fn empty(db: &Db) {
    db.write(&crate::world::ctx(), |tx| Ok::<_, DbError>(diesel::delete(seen_v1::table).execute(tx.conn())?))
        .await
        .unwrap();
}

#[tokio::test]
async fn another_history_is_read_from_the_beginning() {
    for (engine, db) in databases() {
        let projector = projector(&db, &Arc::default());
        append(&db, "a", "a").await.unwrap();
        projector.catch_up().await.unwrap();
        db.new_history().await.unwrap();
        append(&db, "a", "b").await.unwrap();
        assert_eq!(projector.catch_up().await.unwrap(), 2, "{engine}");
        assert_eq!(rows(&db).await.len(), 2, "{engine}");
    }
}

#[tokio::test]
async fn one_of_two_runners_works_and_the_other_takes_over() {
    for (engine, db) in databases() {
        let other = testing::once_more(&db, &MIGRATIONS);
        let runners = [db.clone(), other].map(|db| {
            let projector = projector(&db, &Arc::default());
            let (stop, stopped) = watch::channel(false);
            let handle = projector.handle();
            (tokio::spawn(projector.run(stopped)), stop, handle)
        });
        append(&db, "a", "a").await.unwrap();
        let [(first, stop_first, one), (second, stop_second, two)] = runners;
        let wait = std::time::Duration::from_secs(20);
        tokio::select! {
            true = one.has_passed(1, wait) => {}
            true = two.has_passed(1, wait) => {}
        }
        stop_first.send(true).unwrap();
        first.await.unwrap();
        append(&db, "a", "b").await.unwrap();
        assert!(two.has_passed(2, wait).await, "{engine}: the second goes on");
        empty(&db).await;
        two.replay();
        tokio::time::timeout(wait, async { while rows(&db).await.len() < 2 {} }).await.unwrap();
        stop_second.send(true).unwrap();
        second.await.unwrap();
        assert_eq!(rows(&db).await.len(), 2, "{engine}");
    }
}
