//! Group commit: jobs share a transaction and nothing else.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use diesel::prelude::*;
use kernel::{Actor, Ctx};
use store::{Db, DbError, Expected, Tx, TxError, testing};

use crate::world::{MIGRATIONS, append, ctx, databases, event, thing};

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, thiserror::Error)]
enum No {
    #[error("no")]
    No,
    #[error(transparent)]
    Fault(#[from] kernel::Fault),
}
kernel::interface_error!(No);

fn name_of_length(tx: &mut Tx<'_>, id: &str) -> Result<(), DbError> {
    let values = (
        thing::id.eq(id),
        thing::name.eq(id),
        thing::amount.eq(1),
        thing::made_at.eq(1),
        thing::day.eq("2026-01-01"),
        thing::local.eq(""),
        thing::facts.eq("{}"),
        thing::blob.eq(vec![1_u8]),
        thing::open.eq(false),
    );
    diesel::insert_into(thing::table).values(values).execute(tx.conn())?;
    Ok(())
}

async fn names(db: &Db) -> Vec<String> {
    db.read(|conn| Ok(thing::table.order(thing::id).select(thing::id).load(conn)?)).await.unwrap()
}

/// Holds the writer until many jobs wait, so that they surely meet in one commit.
async fn blocked(db: &Db) -> (tokio::sync::oneshot::Receiver<()>, std::sync::mpsc::Sender<()>) {
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (started, running) = tokio::sync::oneshot::channel();
    let (wait, started) = (std::sync::Mutex::new(wait), std::sync::Mutex::new(Some(started)));
    let (done, end) = tokio::sync::oneshot::channel();
    let db = db.clone();
    tokio::spawn(async move {
        db.write(&ctx(), move |_| {
            if let Some(started) = started.lock().unwrap().take() {
                started.send(()).unwrap();
                wait.lock().unwrap().recv().unwrap();
            }
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
        done.send(()).unwrap();
    });
    running.await.unwrap();
    (end, go)
}

#[tokio::test]
async fn a_failing_job_leaves_its_neighbours() {
    for (engine, db) in databases() {
        let (end, go) = blocked(&db).await;
        let jobs: Vec<_> = (0..20)
            .map(|n| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.change::<(), No>(&ctx(), move |tx| {
                        name_of_length(tx, &format!("{n:02}"))?;
                        let new = event(tx, "thing.made");
                        tx.append("thing/all", Expected::Any, new)?;
                        match n % 4 {
                            0 => Err(TxError::Own(No::No)),
                            1 if n > 10 => panic!("on purpose"),
                            2 => Ok(name_of_length(tx, &format!("{n:02}"))?),
                            _ => Ok(()),
                        }
                    })
                    .await
                })
            })
            .collect();
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        end.await.unwrap();
        let mut good = Vec::new();
        for (n, job) in jobs.into_iter().enumerate() {
            if job.await.unwrap().is_ok() {
                good.push(format!("{n:02}"));
            }
        }
        assert_eq!(good, ["01", "03", "05", "07", "09", "11", "15", "19"], "{engine}");
        assert_eq!(names(&db).await, good, "{engine}");
        assert_eq!(db.head().await.unwrap().seq, 8, "{engine}: what was rolled back gave its numbers back");
        assert_eq!(db.check().await.unwrap(), [], "{engine}");
    }
}

#[tokio::test]
async fn a_job_sees_its_own_numbers_and_conflicts() {
    for (engine, db) in databases() {
        let versions: Vec<i64> = db
            .write(&ctx(), |tx| {
                let mut versions = Vec::new();
                for expected in [Expected::New, Expected::Exactly(1), Expected::Any] {
                    let new = event(tx, "order.held");
                    versions.push(tx.append("order/A", expected, new)?);
                }
                Ok::<_, DbError>(versions)
            })
            .await
            .unwrap();
        assert_eq!(versions, [1, 2, 3], "{engine}");
        for wrong in [Expected::New, Expected::Exactly(2), Expected::Exactly(4)] {
            let refused = db
                .write(&ctx(), move |tx| {
                    let new = event(tx, "order.held");
                    tx.append("order/A", wrong, new)
                })
                .await;
            assert!(matches!(refused, Err(DbError::Version { stream }) if stream == "order/A"), "{engine}");
        }
        db.write(&ctx(), |tx| {
            let streams = ["order/A", "order/new", "order/A", "order/new"];
            let news = streams.map(|stream| (stream.to_owned(), event(tx, "order.held")));
            tx.append_all(news.into())?;
            assert_eq!((tx.stream_version("order/A")?, tx.stream_version("order/new")?), (5, 2));
            Err::<(), _>(DbError::KeyReused)
        })
        .await
        .unwrap_err();
        let large = db
            .write(&ctx(), |tx| {
                let new = kernel::NewEvent::new("x", tx.now(), &"x".repeat(300_000));
                tx.append("order/B", Expected::Any, new)
            })
            .await;
        assert!(matches!(large, Err(DbError::TooLarge { .. })), "{engine}");
        assert_eq!(db.head().await.unwrap().seq, 3, "{engine}");
    }
}

#[tokio::test]
async fn two_processes_race_on_one_stream() {
    for (engine, db) in databases() {
        let other = testing::once_more(&db, &MIGRATIONS);
        let jobs: Vec<_> = (0..40)
            .map(|n| {
                let db = if n % 2 == 0 { db.clone() } else { other.clone() };
                tokio::spawn(async move { append(&db, "order/one", "order.changed").await })
            })
            .collect();
        let mut versions = Vec::new();
        for job in jobs {
            versions.push(job.await.unwrap().unwrap());
        }
        versions.sort_unstable();
        assert_eq!(versions, (1..=40).collect::<Vec<_>>(), "{engine}");
        assert_eq!(db.check().await.unwrap(), [], "{engine}");
    }
}

#[tokio::test]
async fn nobody_waits_for_what_is_too_late() {
    for (engine, db) in databases() {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let late = Ctx::new(Actor::Anonymous, "late").with_time(std::time::Duration::ZERO);
        let refused = db
            .write(&late, move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                Ok::<_, DbError>(())
            })
            .await;
        assert!(matches!(refused, Err(DbError::Busy(_))), "{engine}");
        assert_eq!(runs.load(Ordering::Relaxed), 0, "{engine}");
    }
}

#[tokio::test]
async fn plain_threads_write_and_read() {
    for (engine, db) in databases() {
        let worker = db.clone();
        let names = std::thread::spawn(move || {
            worker.write_blocking(&ctx(), |tx| name_of_length(tx, "from a thread")).unwrap();
            worker.read_blocking(|conn| Ok(thing::table.select(thing::name).load::<String>(conn)?)).unwrap()
        });
        assert_eq!(names.join().unwrap(), ["from a thread"], "{engine}");
    }
}
