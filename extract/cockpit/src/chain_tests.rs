//! Any edited byte is found, and ten thousand entries are checked in a second.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kernel::Ctx;
use store::{DbError, both, testing};

use super::*;
use crate::{
    audit::{Detail, change},
    rows,
};

fn chain(length: i64, padding: usize) -> Vec<ChangeRow> {
    let mut rows: Vec<ChangeRow> = Vec::new();
    for n in 1..=length {
        let change = Change {
            actor: format!("machine/{n}"),
            action: "switch.applied".into(),
            subject: "notes".into(),
            reason: "because".into(),
            request_id: "r-1".into(),
            detail: format!("{{\"changes\":[],\"note\":\"{}\"}}", "-".repeat(padding)),
        };
        let at = Timestamp::from_second(n).unwrap().into();
        let previous = rows.last().map_or_else(String::new, |row| row.hash.clone());
        rows.push(link(n, n * 2, at, change, previous));
    }
    rows
}

fn broken(rows: Vec<ChangeRow>) -> Option<i64> {
    Walk::default().broken(rows)
}

type Field = fn(&mut ChangeRow) -> &mut String;

#[test]
fn any_edited_byte_is_found() {
    let rows = chain(5, 3);
    assert_eq!(broken(rows.clone()), None);
    let fields: [Field; 8] = [
        |row| &mut row.actor,
        |row| &mut row.action,
        |row| &mut row.subject,
        |row| &mut row.reason,
        |row| &mut row.request_id,
        |row| &mut row.detail,
        |row| &mut row.previous,
        |row| &mut row.hash,
    ];
    for at in 0..rows.len() {
        for field in fields {
            for place in 0..field(&mut rows[at].clone()).len() {
                let mut edited = rows.clone();
                let text = field(&mut edited[at]);
                let other = if text.as_bytes()[place] == b'x' { "y" } else { "x" };
                text.replace_range(place..=place, other);
                assert_eq!(broken(edited), Some(rows[at].n), "byte {place} of row {at}");
            }
        }
    }
}

#[test]
fn numbers_instants_order_and_holes_are_found() {
    let rows = chain(5, 3);
    let edits: [fn(&mut Vec<ChangeRow>); 8] = [
        |rows| rows[2].n += 1,
        |rows| rows[2].epoch += 1,
        |rows| rows[2].at = Timestamp::from_second(99).unwrap().into(),
        |rows| drop(rows.remove(2)),
        |rows| rows.swap(2, 3),
        |rows| rows.insert(2, rows[1].clone()),
        // A word moved over the border between two fields.
        |rows| {
            rows[2].actor.push_str("switch");
            rows[2].action = rows[2].action.replace("switch", "");
        },
        // Consistent in itself, but not with what follows.
        |rows| {
            rows[2].reason.clear();
            rows[2].hash = hash(&rows[2]);
            rows[2].n = 3;
        },
    ];
    for (which, edit) in edits.into_iter().enumerate() {
        let mut edited = rows.clone();
        edit(&mut edited);
        let expected = if which == 7 { 4 } else { 3 };
        assert_eq!(broken(edited), Some(expected), "edit {which}");
    }
}

#[tokio::test]
async fn ten_thousand_entries_in_a_second_and_a_cut_end_is_found() {
    const ENTRIES: i64 = 10_000;
    for (engine, db) in testing::databases("switch", &crate::migrations()) {
        let ctx = Ctx::system("test");
        let rows = chain(ENTRIES - 1, 600);
        db.write(&ctx, move |tx| {
            for rows in rows.chunks(1_000) {
                both!(tx.conn(), c => diesel::insert_into(change_log::table).values(rows).execute(c))?;
            }
            let table = switch::Table { epoch: 30_000, ..switch::Table::here(&["notes"]) };
            let last = change(tx.ctx(), "switch.applied", "notes", "the last", &Detail::default());
            rows::insert(tx.conn(), &table, last, Timestamp::UNIX_EPOCH.into())
        })
        .await
        .unwrap();
        let begun = Instant::now();
        assert_eq!(db.read(rows::first_broken).await.unwrap(), None, "{engine}");
        let took = begun.elapsed();
        println!("{engine}: {ENTRIES} audit entries verified in {:.0} ms", took.as_secs_f64() * 1e3);
        // The bar is for a release build; a build without optimisation only must not be far off.
        let bar = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });
        assert!(took < bar, "{engine}: {took:?}");
        db.write(&ctx, |tx| {
            diesel::delete(change_log::table.find(ENTRIES)).execute(tx.conn())?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
        assert_eq!(db.read(rows::first_broken).await.unwrap(), Some(ENTRIES), "{engine}");
    }
}
