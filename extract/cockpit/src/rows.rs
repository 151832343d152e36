//! Every query of the cockpit about tables and the chain of changes that led to them.

use diesel::prelude::*;
use store::{Conn, DbError, JsonText, Micros};
use switch::Table;

use crate::{
    chain::{self, Change, ChangeRow},
    force::Stored,
    schema::{change_log, decision_table, kill_taken},
};

/// The table with the highest epoch above one, if any was ever stored, with the kills that it knows and the other did
/// not.
pub(crate) fn newer_than(conn: &mut Conn, epoch: u64) -> Result<Option<Stored>, DbError> {
    let found: Option<JsonText<Table>> = decision_table::table
        .select(decision_table::tables)
        .filter(decision_table::epoch.gt(signed(epoch)))
        .order(decision_table::epoch.desc())
        .first(conn)
        .optional()?;
    let Some(JsonText(table)) = found else { return Ok(None) };
    let known = kills_between(conn, epoch, table.epoch)?;
    Ok(Some(Stored { table, known }))
}

/// The kills that were stored after one epoch, up to another.
pub(crate) fn kills_between(conn: &mut Conn, after: u64, until: u64) -> Result<Vec<String>, DbError> {
    Ok(kill_taken::table
        .select(kill_taken::id)
        .filter(kill_taken::epoch.gt(signed(after)))
        .filter(kill_taken::epoch.le(signed(until)))
        .load(conn)?)
}

pub(crate) fn is_kill_taken(conn: &mut Conn, id: &str) -> Result<bool, DbError> {
    Ok(diesel::select(diesel::dsl::exists(kill_taken::table.find(id))).get_result(conn)?)
}

pub(crate) fn take_kill(conn: &mut Conn, id: &str, epoch: u64) -> Result<(), DbError> {
    diesel::insert_into(kill_taken::table)
        .values((kill_taken::id.eq(id), kill_taken::epoch.eq(signed(epoch))))
        .execute(conn)?;
    Ok(())
}

/// Stores a table and the change that made it. The epoch is the key: of two writers, one fails.
pub(crate) fn insert(conn: &mut Conn, table: &Table, change: Change, at: Micros) -> Result<(), DbError> {
    diesel::insert_into(decision_table::table)
        .values((
            decision_table::epoch.eq(signed(table.epoch)),
            decision_table::tables.eq(JsonText(table.clone())),
            decision_table::at.eq(at),
        ))
        .execute(conn)?;
    record(conn, table.epoch, change, at)
}

/// Adds one act to the chain.
pub(crate) fn record(conn: &mut Conn, epoch: u64, change: Change, at: Micros) -> Result<(), DbError> {
    let last: Option<(i64, String)> = change_log::table
        .select((change_log::n, change_log::hash))
        .order(change_log::n.desc())
        .first(conn)
        .optional()?;
    let (n, previous) = last.unwrap_or_default();
    let row = chain::link(n + 1, signed(epoch), at, change, previous);
    diesel::insert_into(change_log::table).values(row).execute(conn)?;
    Ok(())
}

/// Changes below a number, newest first.
pub(crate) fn changes_below(conn: &mut Conn, below: i64, limit: i64) -> Result<Vec<ChangeRow>, DbError> {
    Ok(change_log::table
        .select(ChangeRow::as_select())
        .filter(change_log::n.lt(below))
        .order(change_log::n.desc())
        .limit(limit)
        .load(conn)?)
}

/// Changes above a number, oldest first.
pub(crate) fn changes_above(conn: &mut Conn, above: i64, limit: i64) -> Result<Vec<ChangeRow>, DbError> {
    Ok(change_log::table
        .select(ChangeRow::as_select())
        .filter(change_log::n.gt(above))
        .order(change_log::n.asc())
        .limit(limit)
        .load(conn)?)
}

/// The number of the first change that was tampered with, or of the one that a stored table lacks at the end.
pub(crate) fn first_broken(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    const PIECE: i64 = 2_000;
    let last: Option<i64> =
        decision_table::table.select(diesel::dsl::max(decision_table::epoch)).first(conn)?;
    let mut walk = chain::Walk::default();
    loop {
        let rows = changes_above(conn, walk.n, PIECE)?;
        if rows.is_empty() {
            break;
        }
        if let Some(broken) = walk.broken(rows) {
            return Ok(Some(broken));
        }
    }
    Ok(last.filter(|last| walk.epoch < *last).map(|_| walk.n + 1))
}

pub(crate) fn signed(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use kernel::Ctx;
    use store::testing;

    use super::*;

    #[tokio::test]
    async fn a_table_that_the_previous_release_stored_is_read() {
        for (engine, db) in testing::databases("switch", &crate::migrations()) {
            db.write(&Ctx::system("test"), |tx| {
                let values = (
                    decision_table::epoch.eq(7),
                    decision_table::tables.eq(crate::force::tests::EARLIER),
                    decision_table::at.eq(0),
                );
                diesel::insert_into(decision_table::table).values(values).execute(tx.conn())?;
                Ok::<_, DbError>(())
            })
            .await
            .unwrap();
            let stored = db.read(|conn| newer_than(conn, 0)).await.unwrap().expect("a table");
            assert_eq!(stored.table.bindings["notes"].state, switch::State::Bounded, "{engine}");
            assert_eq!(stored.table.bindings["notes"].ranges.shares().count(), 2, "{engine}");
            assert!(stored.table.overrides.is_empty() && stored.known.is_empty(), "{engine}");
            assert!(db.read(|conn| newer_than(conn, 7)).await.unwrap().is_none(), "{engine}");
        }
    }
}
