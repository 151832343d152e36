//! When the other side is slow, full or gone: a clear no in time, and no work lost or done twice.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use kernel::{Fault, Outside};
use store::{Conn, Db, DbError, DbOptions, both};

use crate::world::{MIGRATIONS, append, ctx, databases};

fn on_postgres() -> impl Iterator<Item = Db> {
    databases().into_iter().filter(|(engine, _)| *engine == "postgres").map(|(_, db)| db)
}

#[tokio::test]
async fn a_job_survives_its_connection() {
    for db in on_postgres() {
        append(&db, "a", "before").await.unwrap();
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        db.write(&ctx(), move |tx| {
            let new = crate::world::event(tx, "once");
            tx.append("a", store::Expected::Any, new)?;
            if counted.fetch_add(1, Ordering::Relaxed) == 0 {
                both!(tx.conn(), c => c.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())"))?;
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        assert_eq!(db.head().await.unwrap().seq, 2);
        assert_eq!(db.check().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_head_row_that_stays_locked_is_busy_in_time() {
    for db in on_postgres() {
        let mut other = PgConnection::establish(db.url()).unwrap();
        other
            .batch_execute("SET search_path TO banyan_probe; BEGIN; UPDATE log_head SET seq = seq + 1")
            .unwrap();
        let started = Instant::now();
        let refused = append(&db, "a", "a").await;
        assert!(matches!(&refused, Err(DbError::Busy(_))), "{refused:?}");
        assert!(matches!(Fault::from(refused.unwrap_err()), Fault::Unavailable(_)));
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        other.batch_execute("ROLLBACK").unwrap();
        append(&db, "a", "a").await.unwrap();
        assert_eq!(db.head().await.unwrap().seq, 1, "the number was given back");
    }
}

#[tokio::test]
async fn two_that_wait_for_each_other_both_succeed() {
    for db in on_postgres() {
        let other = store::testing::once_more(&db, &MIGRATIONS);
        for name in ["one", "two"] {
            take(&db, name).await;
        }
        let barrier = Arc::new(std::sync::Barrier::new(2));
        let jobs = [(&db, ["one", "two"]), (&other, ["two", "one"])].map(|(db, order)| {
            let (db, barrier) = (db.clone(), barrier.clone());
            let met = Arc::new(AtomicU32::new(0));
            tokio::spawn(async move {
                db.write(&ctx(), move |tx| {
                    touch(tx.conn(), order[0])?;
                    if met.fetch_add(1, Ordering::Relaxed) == 0 {
                        barrier.wait();
                    }
                    touch(tx.conn(), order[1])
                })
                .await
            })
        });
        for job in jobs {
            job.await.unwrap().unwrap();
        }
    }
}

async fn take(db: &Db, name: &'static str) {
    store::Lease::take(db, name, "me", jiff::SignedDuration::from_secs(9)).await.unwrap().unwrap();
}

fn touch(conn: &mut Conn, name: &str) -> Result<(), DbError> {
    Ok(
        both!(conn, c => c.batch_execute(&format!("UPDATE lease SET epoch = epoch + 1 WHERE name = '{name}'")))?,
    )
}

#[tokio::test]
async fn readers_beyond_the_pool_are_told_so() {
    for (engine, db) in databases() {
        let options =
            DbOptions { url: db.url().to_owned(), module: "probe", readers: 1, outside: Outside::system() };
        let small = Db::open(options, &MIGRATIONS).unwrap();
        let (go, wait) = mpsc::channel::<()>();
        let (started, running) = tokio::sync::oneshot::channel();
        let slow = small.clone();
        let slow = tokio::spawn(async move {
            slow.read(move |_| {
                started.send(()).unwrap();
                wait.recv().unwrap();
                Ok(())
            })
            .await
        });
        running.await.unwrap();
        let refused = small.head().await;
        assert!(matches!(refused, Err(DbError::Busy(_))), "{engine}: {refused:?}");
        go.send(()).unwrap();
        slow.await.unwrap().unwrap();
        small.head().await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_changes_hands_when_it_runs_out() {
    let clock = kernel::FixedClock::at(jiff::Timestamp::from_second(1_000_000).unwrap());
    let outside = Outside { clock: clock.clone(), entropy: Outside::system().entropy };
    for (engine, db) in store::testing::databases_in("probe", &MIGRATIONS, &outside) {
        let time = jiff::SignedDuration::from_secs(10);
        let take =
            async |who: &str| store::Lease::take(&db, "job", who, time).await.unwrap().map(|l| l.epoch);
        assert_eq!(take("a").await, Some(1), "{engine}");
        assert_eq!(take("b").await, None, "{engine}");
        assert_eq!(take("a").await, Some(1), "{engine}: prolonged");
        clock.advance(time);
        assert_eq!(take("b").await, Some(2), "{engine}: run out");
        assert_eq!(take("a").await, None, "{engine}");
    }
}
