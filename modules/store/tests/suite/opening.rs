//! Opening a database: made when it is missing, refused and left alone when it is damaged, newer or behind.

use std::{collections::BTreeSet, path::Path};

use diesel::{connection::SimpleConnection, prelude::*};
use kernel::Outside;
use store::{Db, DbError, DbOptions, both, testing::Folder};

use crate::world::{MIGRATIONS, append, databases, event_count};

fn open(path: &Path) -> Result<Db, DbError> {
    let url = path.display().to_string();
    Db::open(DbOptions { url, module: "probe", readers: 2, outside: Outside::system() }, &MIGRATIONS)
}

/// A file with enough in it that every page matters; closed, so that all of it is in the one file.
async fn filled(path: &Path) {
    let db = open(path).unwrap();
    for n in 0..50 {
        append(&db, &format!("order/{n}"), "order.changed").await.unwrap();
    }
}

#[tokio::test]
async fn a_missing_file_is_made_with_its_folder() {
    let folder = Folder::new("opening");
    let path = folder.path().join("deep/down/probe.db");
    let url = path.display().to_string();
    assert_eq!(Db::pending(&url, "probe", &MIGRATIONS).unwrap().len(), 2);
    assert!(!path.exists(), "looking makes nothing");
    append(&open(&path).unwrap(), "a", "a").await.unwrap();
    assert_eq!(Db::pending(&url, "probe", &MIGRATIONS).unwrap(), [""; 0]);
    assert_eq!(Db::applied(&url, "probe").unwrap(), ["00000000000001", "20261120000001"]);
    assert_eq!(open(&path).unwrap().head().await.unwrap().seq, 1, "a second start keeps everything");
}

type Harm = fn(&mut Vec<u8>);

#[tokio::test]
async fn a_damaged_file_is_refused_and_kept() {
    let folder = Folder::new("damage");
    let harm: [(&str, Harm); 4] = [
        ("no database", |bytes| *bytes = b"hello, this is a letter and no database at all".repeat(100)),
        ("header", |bytes| bytes[..100].fill(0xAA)),
        ("cut", |bytes| bytes.truncate(bytes.len() / 2)),
        ("pages", |bytes| bytes[4096..].fill(0x5A)),
    ];
    for (name, harm) in harm {
        let path = folder.path().join(format!("{}.db", name.replace(' ', "-")));
        filled(&path).await;
        let mut bytes = std::fs::read(&path).unwrap();
        harm(&mut bytes);
        std::fs::write(&path, &bytes).unwrap();
        let Err(refused) = open(&path) else { panic!("{name}: opened") };
        let text = refused.to_string();
        assert!(matches!(refused, DbError::Corrupt { .. }), "{name}: {text}");
        for part in [path.to_str().unwrap(), "banyan doctor", "banyan restore"] {
            assert!(text.contains(part), "{name}: {text}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}: changed");
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    for (engine, db) in databases() {
        db.write(&crate::world::ctx(), |tx| {
            let newer = (done::version.eq("99990101000000"),);
            Ok::<_, DbError>(diesel::insert_into(done::table).values(newer).execute(tx.conn())?)
        })
        .await
        .unwrap();
        let options = || DbOptions {
            url: db.url().to_owned(),
            module: "probe",
            readers: 1,
            outside: Outside::system(),
        };
        let refused = Db::open(options(), &MIGRATIONS).map(|_| ());
        assert!(
            matches!(&refused, Err(DbError::Newer { versions, .. }) if versions == &["99990101000000"]),
            "{engine}: {refused:?}"
        );
        assert!(Db::migrate_up(db.url(), "probe", &MIGRATIONS).is_err(), "{engine}");
    }
}

#[tokio::test]
async fn postgres_goes_up_only_when_told() {
    for (engine, db) in databases().into_iter().filter(|(engine, _)| *engine == "postgres") {
        let options =
            DbOptions { url: db.url().to_owned(), module: "other", readers: 1, outside: Outside::system() };
        let refused = Db::open(options, &MIGRATIONS).map(|_| ());
        assert!(
            matches!(&refused, Err(DbError::NotMigrated { pending, .. }) if pending.len() == 2),
            "{refused:?}"
        );
        assert!(refused.unwrap_err().to_string().contains("banyan migrate up"));
        let ran: BTreeSet<_> = Db::migrate_up(db.url(), "other", &MIGRATIONS).unwrap().into_iter().collect();
        assert_eq!(ran, ["00000000000001_store", "2026-11-20-000001_things"].map(str::to_owned).into());
        assert_eq!(Db::migrate_up(db.url(), "other", &MIGRATIONS).unwrap(), [""; 0]);
        append(&db, "a", "a").await.unwrap();
        let options =
            DbOptions { url: db.url().to_owned(), module: "other", readers: 1, outside: Outside::system() };
        let other = Db::open(options, &MIGRATIONS).unwrap();
        assert_eq!(
            (event_count(&db).await, event_count(&other).await),
            (1, 0),
            "{engine}: modules are apart"
        );
    }
}

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    done (version) {
        version -> Text,
    }
}

#[tokio::test]
async fn a_module_reaches_its_own_tables_only() {
    for (_, db) in databases().into_iter().filter(|(engine, _)| *engine == "postgres") {
        if !db.url().contains("user=postgres") {
            println!("not proven here: rights of a module's role (the given server may ask for passwords)");
            continue;
        }
        Db::migrate_up(db.url(), "other", &MIGRATIONS).unwrap();
        db.write(&crate::world::ctx(), |tx| {
            Ok::<_, DbError>(both!(tx.conn(), c => c.batch_execute("ALTER ROLE banyan_probe LOGIN"))?)
        })
        .await
        .unwrap();
        let url = db.url().replace("user=postgres", "user=banyan_probe");
        let options = |module| DbOptions { url: url.clone(), module, readers: 1, outside: Outside::system() };
        let own = Db::open(options("probe"), &MIGRATIONS).unwrap();
        append(&own, "a", "a").await.unwrap();
        assert_eq!(event_count(&own).await, 1);
        assert!(Db::open(options("other"), &MIGRATIONS).is_err());
    }
}
