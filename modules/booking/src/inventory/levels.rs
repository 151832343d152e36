//! What a leg can sell and has sold, whether it has rows or not.

use std::collections::BTreeMap;

use booking_api::{CabinCounters, ClassCounters, LegKey};
use store::{Conn, DbError};

use super::{Levels, leg_id, rows};

/// Seats that can be sold on a leg now, highest class first.
pub(crate) fn open_seats(
    conn: &mut Conn,
    leg: &LegKey,
    levels: &Levels,
) -> Result<Vec<(char, u32)>, DbError> {
    Ok(rows::open(conn, leg)?.unwrap_or_else(|| levels.open()))
}

/// The counters of one leg, for staff.
pub(crate) fn counters(
    conn: &mut Conn,
    leg: &LegKey,
    levels: &Levels,
) -> Result<(Vec<CabinCounters>, Vec<ClassCounters>), DbError> {
    let id = [leg_id(leg)];
    let (mut cabins, mut classes) = (rows::cabins(conn, &id)?, rows::classes(conn, &id)?);
    if classes.is_empty() {
        (cabins, classes) = rows::rows_of(leg, levels);
    }
    let open = rows::open_of(&classes);
    let counted = classes.iter().zip(open).map(|(row, (class, available))| ClassCounters {
        cabin: rows::letter(&row.cabin),
        class,
        rank: count(row.rank),
        authorised: count(row.au),
        sold: count(row.sold),
        held: count(row.held),
        available,
    });
    let cabins = cabins.iter().map(|row| CabinCounters {
        cabin: rows::letter(&row.cabin),
        seats: count(row.seats),
        authorised: count(row.authorised),
    });
    Ok((cabins.collect(), counted.collect()))
}

/// (sold, held) over all cabins, for those legs that have rows.
pub(crate) fn totals(conn: &mut Conn, legs: &[LegKey]) -> Result<BTreeMap<LegKey, (u32, u32)>, DbError> {
    let by_id: BTreeMap<String, LegKey> = legs.iter().map(|leg| (leg_id(leg), *leg)).collect();
    let ids: Vec<String> = by_id.keys().cloned().collect();
    let mut totals = BTreeMap::new();
    for row in rows::cabins(conn, &ids)? {
        if let Some(leg) = by_id.get(&row.leg) {
            let total: &mut (u32, u32) = totals.entry(*leg).or_default();
            *total = (total.0 + count(row.sold), total.1 + count(row.held));
        }
    }
    Ok(totals)
}

fn count(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}
