//! The log: numbers without a gap in the order of commits, and readers that can rely on it.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use kernel::{FeedAfter, FeedBatch};
use store::{Db, DbError, Expected, testing};

use crate::world::{MIGRATIONS, append, ctx, databases, event};

fn after(after: i64, wait_ms: u64) -> FeedAfter {
    FeedAfter { after, limit: 7, wait_ms }
}

/// Reads until `total` events came, and fails at the first that is out of line.
async fn read_in_order(db: Db, total: i64) -> i64 {
    let mut at = 0;
    while at < total {
        let FeedBatch { events, next, head, .. } = db.feed(after(at, 1_000)).await.unwrap();
        for event in &events {
            assert_eq!(event.seq, at + 1);
            at += 1;
        }
        assert_eq!(next, at);
        assert!(head >= next);
    }
    at
}

#[tokio::test]
async fn sixteen_writers_and_a_reader() {
    for (engine, db) in databases() {
        let other = testing::once_more(&db, &MIGRATIONS);
        let reader = tokio::spawn(read_in_order(testing::once_more(&db, &MIGRATIONS), 16 * 12));
        let writers: Vec<_> = (0..16)
            .map(|n| {
                let db = if n % 2 == 0 { db.clone() } else { other.clone() };
                tokio::spawn(async move {
                    for _ in 0..12 {
                        append(&db, &format!("order/{n}"), "order.changed").await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(reader.await.unwrap(), 16 * 12, "{engine}");
        assert_eq!(db.check().await.unwrap(), [], "{engine}");
    }
}

#[tokio::test]
async fn an_event_tells_who_and_when() {
    for (engine, db) in databases() {
        append(&db, "order/A", "order.held").await.unwrap();
        let batch = db.feed(FeedAfter::start()).await.unwrap();
        let event = &batch.events[0];
        assert_eq!((event.seq, event.stream_version, event.kind.as_str()), (1, 1, "order.held"), "{engine}");
        assert_eq!(
            (event.actor.as_str(), event.request_id.as_str()),
            ("system/test", "job-test"),
            "{engine}"
        );
        assert_eq!(event.payload, serde_json::json!({ "kind": "order.held" }), "{engine}");
        assert_eq!(batch.log_id, db.head().await.unwrap().log_id, "{engine}");
    }
}

#[tokio::test]
async fn a_rollback_returns_its_numbers() {
    for (engine, db) in databases() {
        append(&db, "a", "one").await.unwrap();
        let refused = db
            .write(&ctx(), |tx| {
                let new = event(tx, "lost");
                tx.append("a", Expected::Any, new)?;
                Err::<(), _>(DbError::KeyReused)
            })
            .await;
        assert!(refused.is_err(), "{engine}");
        append(&db, "a", "two").await.unwrap();
        let kinds: Vec<_> =
            db.feed(FeedAfter::start()).await.unwrap().events.into_iter().map(|e| (e.seq, e.kind)).collect();
        assert_eq!(kinds, [(1, "one".to_owned()), (2, "two".to_owned())], "{engine}");
    }
}

#[tokio::test]
async fn a_waiting_feed_wakes_up() {
    for (engine, db) in databases() {
        for writer in [db.clone(), testing::once_more(&db, &MIGRATIONS)] {
            let at = db.head().await.unwrap().seq;
            let reader = db.clone();
            let waiting = tokio::spawn(async move {
                let started = Instant::now();
                (reader.feed(after(at, 20_000)).await.unwrap(), started.elapsed())
            });
            tokio::task::yield_now().await;
            append(&writer, "a", "a").await.unwrap();
            let (batch, took) = waiting.await.unwrap();
            assert_eq!(batch.events.len(), 1, "{engine}");
            assert!(took < Duration::from_secs(10), "{engine}: {took:?}");
        }
        let empty = db.feed(after(2, 20)).await.unwrap();
        assert_eq!((empty.events.len(), empty.next, empty.head), (0, 2, 2), "{engine}");
        let beyond = db.feed(after(i64::MAX - 1, 0)).await.unwrap();
        assert_eq!((beyond.events.len(), beyond.head), (0, 2), "{engine}: a head is the log's own");
    }
}

#[tokio::test]
async fn a_gap_is_a_fault_with_a_number() {
    for (engine, db) in databases() {
        for _ in 0..3 {
            append(&db, "a", "a").await.unwrap();
        }
        db.write(&ctx(), |tx| {
            Ok::<_, DbError>(diesel::delete(event_rows::table.find(2)).execute(tx.conn())?)
        })
        .await
        .unwrap();
        let refused = db.feed(FeedAfter::start()).await;
        assert!(matches!(refused, Err(DbError::Gap { after: 1, .. })), "{engine}");
        assert_eq!(db.check().await.unwrap().len(), 1, "{engine}");
    }
}

diesel::table! {
    #[sql_name = "event"]
    event_rows (seq) {
        seq -> BigInt,
    }
}
