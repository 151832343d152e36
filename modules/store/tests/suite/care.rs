//! Copies under load, and what a restore must do to the log.

use kernel::Outside;
use store::{Db, DbError, DbOptions, testing::Folder};

use crate::world::{MIGRATIONS, append, databases, event_count};

#[tokio::test]
async fn a_copy_under_load_is_whole() {
    let folder = Folder::new("backup");
    for (engine, db) in databases() {
        let path = folder.path().join("copy.db");
        let writing = db.clone();
        let load = tokio::spawn(async move {
            for n in 0..200 {
                append(&writing, &format!("order/{}", n % 5), "order.changed").await.unwrap();
            }
        });
        let mut commits = db.watch();
        commits.wait_for(|seq| *seq >= 20).await.unwrap();
        let copied = db.backup_to(&path).await;
        load.await.unwrap();
        if engine == "postgres" {
            assert!(matches!(copied, Err(DbError::NotHere { .. })));
            continue;
        }
        copied.unwrap();
        assert!(db.backup_to(&path).await.is_err(), "a backup replaces nothing");
        let url = path.display().to_string();
        let copy =
            Db::open(DbOptions { url, module: "probe", readers: 1, outside: Outside::system() }, &MIGRATIONS)
                .unwrap();
        assert_eq!(copy.check().await.unwrap(), []);
        let head = copy.head().await.unwrap();
        assert!((20..=200).contains(&head.seq));
        assert_eq!(event_count(&copy).await, head.seq);
        copy.new_history().await.unwrap();
        assert_ne!(copy.head().await.unwrap().log_id, head.log_id);
        assert_eq!(copy.head().await.unwrap().seq, head.seq);
    }
}
