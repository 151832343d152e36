//! Every query of inventory. Seats move by one guarded UPDATE per leg: it changes the wanted class and all above it, or
//! the whole hold is rolled back.

use std::collections::BTreeMap;

use booking_api::LegKey;
use diesel::prelude::*;
use store::{Conn, DbError, both};

use super::{
    Levels, Taken, Want, leg_id,
    rules::{ClassLevel, as_level, availability},
    schema::{group_block, leg_cabin, leg_class},
};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = leg_cabin)]
pub(crate) struct CabinRow {
    pub(crate) leg: String,
    pub(crate) cabin: String,
    pub(crate) seats: i32,
    pub(crate) authorised: i32,
    pub(crate) sold: i32,
    pub(crate) held: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = leg_class)]
pub(crate) struct ClassRow {
    pub(crate) leg: String,
    pub(crate) cabin: String,
    pub(crate) rank: i32,
    pub(crate) class: String,
    pub(crate) au: i32,
    pub(crate) sold: i32,
    pub(crate) held: i32,
    pub(crate) nested: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = group_block)]
pub(crate) struct BlockRow {
    pub(crate) leg: String,
    pub(crate) class: String,
    pub(crate) seats: i32,
}

/// Rows in one statement, well under what either engine binds.
pub(crate) const CHUNK: usize = 500;

/// A savepoint that stays only if the work says `true`.
pub(crate) fn all_or_nothing(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<bool, DbError>,
) -> Result<bool, DbError> {
    let done = conn.transaction(|conn| match work(conn) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Undone::Unwanted),
        Err(error) => Err(Undone::Failed(error)),
    });
    match done {
        Ok(()) => Ok(true),
        Err(Undone::Unwanted) => Ok(false),
        Err(Undone::Failed(error)) => Err(error),
    }
}

enum Undone {
    Unwanted,
    Failed(DbError),
}

impl From<diesel::result::Error> for Undone {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Makes a leg's rows from its levels, unless it has them.
pub(crate) fn open_leg(conn: &mut Conn, leg: &LegKey, levels: &Levels) -> Result<(), DbError> {
    if !self::cabins(conn, &[leg_id(leg)])?.is_empty() {
        return Ok(());
    }
    let (cabins, classes) = rows_of(leg, levels);
    for row in cabins {
        both!(conn, c => diesel::insert_into(leg_cabin::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    for row in classes {
        both!(conn, c => diesel::insert_into(leg_class::table).values(row).on_conflict_do_nothing().execute(c))?;
    }
    Ok(())
}

/// Rows of legs that have none.
pub(crate) fn insert(conn: &mut Conn, cabins: &[CabinRow], classes: &[ClassRow]) -> Result<(), DbError> {
    for chunk in cabins.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(leg_cabin::table).values(chunk).execute(c))?;
    }
    for chunk in classes.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(leg_class::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// The rows of a leg that nobody has touched.
pub(crate) fn rows_of(leg: &LegKey, levels: &Levels) -> (Vec<CabinRow>, Vec<ClassRow>) {
    let id = leg_id(leg);
    let mut cabins = Vec::with_capacity(levels.cabins.len());
    let mut classes = Vec::new();
    for level in &levels.cabins {
        cabins.push(CabinRow {
            leg: id.clone(),
            cabin: level.cabin.to_string(),
            seats: as_level(level.seats),
            authorised: as_level(level.authorised),
            sold: 0,
            held: 0,
        });
        classes.extend((0..).zip(&level.classes).map(|(rank, (class, au))| ClassRow {
            leg: id.clone(),
            cabin: level.cabin.to_string(),
            rank,
            class: class.to_string(),
            au: as_level(*au),
            sold: 0,
            held: 0,
            nested: 0,
        }));
    }
    (cabins, classes)
}

/// `false` as soon as one leg has too few seats; the caller rolls back what went before.
pub(crate) fn hold(conn: &mut Conn, wants: &[Want]) -> Result<bool, DbError> {
    for want in wants {
        if !hold_one(conn, want)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn hold_one(conn: &mut Conn, want: &Want) -> Result<bool, DbError> {
    let Some(place) = place(conn, want)? else { return Ok(false) };
    // The cabin's row is the lock: whoever has it is alone with the classes below.
    diesel::update(leg_cabin::table.find((&place.leg, &place.cabin)))
        .set(leg_cabin::held.eq(leg_cabin::held + want.seats))
        .execute(conn)?;
    let at_or_above = leg_class::table
        .filter(leg_class::leg.eq(&place.leg))
        .filter(leg_class::cabin.eq(&place.cabin))
        .filter(leg_class::rank.le(place.rank));
    let moved = diesel::update(at_or_above.filter((leg_class::nested + want.seats).le(leg_class::au)))
        .set(leg_class::nested.eq(leg_class::nested + want.seats))
        .execute(conn)?;
    if usize::try_from(place.rank + 1) != Ok(moved) {
        return Ok(false);
    }
    diesel::update(leg_class::table.find((&place.leg, &place.cabin, place.rank)))
        .set(leg_class::held.eq(leg_class::held + want.seats))
        .execute(conn)?;
    Ok(true)
}

pub(crate) fn sell(conn: &mut Conn, want: &Want) -> Result<(), DbError> {
    let Some(place) = place(conn, want)? else { return Ok(()) };
    diesel::update(leg_cabin::table.find((&place.leg, &place.cabin)))
        .set((
            leg_cabin::held.eq(leg_cabin::held - want.seats),
            leg_cabin::sold.eq(leg_cabin::sold + want.seats),
        ))
        .execute(conn)?;
    diesel::update(leg_class::table.find((&place.leg, &place.cabin, place.rank)))
        .set((
            leg_class::held.eq(leg_class::held - want.seats),
            leg_class::sold.eq(leg_class::sold + want.seats),
        ))
        .execute(conn)?;
    Ok(())
}

pub(crate) fn release(conn: &mut Conn, want: &Want, from: Taken) -> Result<(), DbError> {
    let Some(place) = place(conn, want)? else { return Ok(()) };
    let (held, sold) = match from {
        Taken::Held => (want.seats, 0),
        Taken::Sold => (0, want.seats),
    };
    diesel::update(leg_cabin::table.find((&place.leg, &place.cabin)))
        .set((leg_cabin::held.eq(leg_cabin::held - held), leg_cabin::sold.eq(leg_cabin::sold - sold)))
        .execute(conn)?;
    let at_or_above = leg_class::table
        .filter(leg_class::leg.eq(&place.leg))
        .filter(leg_class::cabin.eq(&place.cabin))
        .filter(leg_class::rank.le(place.rank));
    diesel::update(at_or_above).set(leg_class::nested.eq(leg_class::nested - want.seats)).execute(conn)?;
    diesel::update(leg_class::table.find((&place.leg, &place.cabin, place.rank)))
        .set((leg_class::held.eq(leg_class::held - held), leg_class::sold.eq(leg_class::sold - sold)))
        .execute(conn)?;
    Ok(())
}

/// Where a class is on a leg.
struct Place {
    leg: String,
    cabin: String,
    rank: i32,
}

fn place(conn: &mut Conn, want: &Want) -> Result<Option<Place>, DbError> {
    let leg = leg_id(&want.leg);
    let found: Option<(String, i32)> = leg_class::table
        .filter(leg_class::leg.eq(&leg))
        .filter(leg_class::class.eq(want.class.to_string()))
        .select((leg_class::cabin, leg_class::rank))
        .first(conn)
        .optional()?;
    Ok(found.map(|(cabin, rank)| Place { leg, cabin, rank }))
}

/// Availability of a leg that has rows, highest class first.
pub(crate) fn open(conn: &mut Conn, leg: &LegKey) -> Result<Option<Vec<(char, u32)>>, DbError> {
    let rows = classes(conn, std::slice::from_ref(&leg_id(leg)))?;
    Ok((!rows.is_empty()).then(|| open_of(&rows)))
}

/// Availability from a leg's class rows in order.
pub(crate) fn open_of(rows: &[ClassRow]) -> Vec<(char, u32)> {
    rows.chunk_by(|a, b| a.cabin == b.cabin)
        .flat_map(|cabin| {
            let levels: Vec<ClassLevel> = cabin.iter().map(ClassRow::level).collect();
            availability(&levels)
        })
        .collect()
}

/// The class rows of some legs: by leg, then cabin and class from the highest.
pub(crate) fn classes(conn: &mut Conn, legs: &[String]) -> Result<Vec<ClassRow>, DbError> {
    let mut rows: Vec<ClassRow> = Vec::new();
    for chunk in legs.chunks(CHUNK) {
        rows.extend(leg_class::table.filter(leg_class::leg.eq_any(chunk)).load::<ClassRow>(conn)?);
    }
    rows.sort_by(|a, b| (&a.leg, cabin_rank(&a.cabin), a.rank).cmp(&(&b.leg, cabin_rank(&b.cabin), b.rank)));
    Ok(rows)
}

/// The cabin rows of some legs, highest cabin first within each.
pub(crate) fn cabins(conn: &mut Conn, legs: &[String]) -> Result<Vec<CabinRow>, DbError> {
    let mut rows: Vec<CabinRow> = Vec::new();
    for chunk in legs.chunks(CHUNK) {
        rows.extend(leg_cabin::table.filter(leg_cabin::leg.eq_any(chunk)).load::<CabinRow>(conn)?);
    }
    rows.sort_by(|a, b| (&a.leg, cabin_rank(&a.cabin)).cmp(&(&b.leg, cabin_rank(&b.cabin))));
    Ok(rows)
}

/// Adds sold seats without asking: what was sold elsewhere is a fact, whatever our levels say.
pub(crate) fn add_sold(conn: &mut Conn, want: &Want) -> Result<(), DbError> {
    let Some(place) = place(conn, want)? else { return Ok(()) };
    diesel::update(leg_cabin::table.find((&place.leg, &place.cabin)))
        .set(leg_cabin::sold.eq(leg_cabin::sold + want.seats))
        .execute(conn)?;
    let at_or_above = leg_class::table
        .filter(leg_class::leg.eq(&place.leg))
        .filter(leg_class::cabin.eq(&place.cabin))
        .filter(leg_class::rank.le(place.rank));
    diesel::update(at_or_above).set(leg_class::nested.eq(leg_class::nested + want.seats)).execute(conn)?;
    diesel::update(leg_class::table.find((&place.leg, &place.cabin, place.rank)))
        .set(leg_class::sold.eq(leg_class::sold + want.seats))
        .execute(conn)?;
    Ok(())
}

/// Group blocks that were taken over before, by leg and class.
pub(crate) fn blocks(conn: &mut Conn, legs: &[String]) -> Result<BTreeMap<(String, String), i32>, DbError> {
    let mut known = BTreeMap::new();
    for chunk in legs.chunks(CHUNK) {
        let rows: Vec<BlockRow> = group_block::table.filter(group_block::leg.eq_any(chunk)).load(conn)?;
        known.extend(rows.into_iter().map(|row| ((row.leg, row.class), row.seats)));
    }
    Ok(known)
}

pub(crate) fn insert_blocks(conn: &mut Conn, rows: &[BlockRow]) -> Result<(), DbError> {
    for chunk in rows.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(group_block::table).values(chunk).execute(c))?;
    }
    Ok(())
}

impl ClassRow {
    fn level(&self) -> ClassLevel {
        ClassLevel { class: letter(&self.class), au: self.au, nested: self.nested }
    }
}

/// The one letter in a column.
pub(crate) fn letter(text: &str) -> char {
    text.chars().next().unwrap_or('?')
}

fn cabin_rank(cabin: &str) -> usize {
    "FJWY".find(cabin).unwrap_or(usize::MAX)
}
