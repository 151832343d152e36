//! A command with a key takes effect once, whatever its caller repeats.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use kernel::{Actor, Ctx};
use store::{Db, DbError, Expected, testing};

use crate::world::{MIGRATIONS, ctx, databases, event};

async fn add(db: &Db, ctx: &Ctx, runs: &Arc<AtomicU32>, question: &'static str) -> Result<u32, DbError> {
    let runs = runs.clone();
    db.write(ctx, move |tx| {
        tx.once("add", &question, |tx| {
            let new = event(tx, "added");
            tx.append("thing/1", Expected::Any, new)?;
            Ok(runs.fetch_add(1, Ordering::Relaxed))
        })
    })
    .await
}

#[tokio::test]
async fn repeats_get_the_stored_reply() {
    for (engine, db) in databases() {
        let runs = Arc::default();
        let keyed = ctx().with_key("k1".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(add(&db, &keyed, &runs, "a").await.unwrap(), 0, "{engine}");
        }
        let other = add(&db, &keyed, &runs, "b").await;
        assert!(matches!(other, Err(DbError::KeyReused)), "{engine}");
        let somebody = Ctx::new(Actor::Anonymous, "r").with_key("k1".parse().unwrap());
        assert_eq!(
            add(&db, &somebody, &runs, "b").await.unwrap(),
            1,
            "{engine}: keys belong to their askers"
        );
        assert_eq!(add(&db, &ctx(), &runs, "a").await.unwrap(), 2, "{engine}: no key, no memory");
        assert_eq!(db.head().await.unwrap().seq, 3, "{engine}");
        assert_eq!(db.forget_replies(jiff::Timestamp::MAX).await.unwrap(), 2, "{engine}");
        assert_eq!(add(&db, &keyed, &runs, "b").await.unwrap(), 3, "{engine}");
    }
}

#[tokio::test]
async fn a_failure_is_not_stored() {
    for (engine, db) in databases() {
        let keyed = ctx().with_key("k1".parse().unwrap());
        let first = db
            .write(&keyed, |tx| {
                tx.once("add", &"a", |_| Err::<u32, _>(DbError::Busy("for a moment".to_owned())))
            })
            .await;
        assert!(first.is_err(), "{engine}");
        assert_eq!(add(&db, &keyed, &Arc::default(), "a").await.unwrap(), 0, "{engine}");
    }
}

#[tokio::test]
async fn two_processes_with_one_key() {
    for (engine, db) in databases() {
        let other = testing::once_more(&db, &MIGRATIONS);
        for round in 0..10 {
            let before = db.head().await.unwrap().seq;
            let key: kernel::IdempotencyKey = format!("round-{round}").parse().unwrap();
            let jobs: Vec<_> = (0..8)
                .map(|n| {
                    let db = if n % 2 == 0 { db.clone() } else { other.clone() };
                    let keyed = ctx().with_key(key.clone());
                    tokio::spawn(async move { add(&db, &keyed, &Arc::default(), "same").await })
                })
                .collect();
            for job in jobs {
                assert_eq!(job.await.unwrap().unwrap(), 0, "{engine}");
            }
            assert_eq!(db.head().await.unwrap().seq, before + 1, "{engine}");
        }
    }
}
