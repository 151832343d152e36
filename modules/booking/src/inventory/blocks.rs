//! Seats that were sold elsewhere: by orders that are taken over, and in group blocks without names. They count, even
//! above the levels; many thousand legs are opened in a few statements.

use std::collections::{BTreeMap, BTreeSet};

use booking_api::LegKey;
use store::{DbError, Tx};

use booking_api::events::InventoryChanged;

use super::{
    Levels, Want, leg_id,
    rows::{self, BlockRow, CabinRow, ClassRow},
    rules::as_level,
};

/// A number of seats sold on one leg and class besides all orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupBlock {
    pub(crate) leg: LegKey,
    pub(crate) class: char,
    pub(crate) seats: u32,
}

/// Takes over group blocks and answers how many were new; a (leg, class) that is known adds nothing.
pub(crate) fn take_over(
    tx: &mut Tx<'_>,
    blocks: &[GroupBlock],
    levels: &BTreeMap<LegKey, Levels>,
) -> Result<u32, DbError> {
    let ids: BTreeSet<String> = blocks.iter().map(|block| leg_id(&block.leg)).collect();
    let ids: Vec<String> = ids.into_iter().collect();
    let mut known = rows::blocks(tx.conn(), &ids)?;
    let mut fresh = Vec::new();
    let mut wants = Vec::new();
    for block in blocks {
        let seats = as_level(block.seats);
        let key = (leg_id(&block.leg), block.class.to_string());
        if known.insert(key.clone(), seats).is_none() {
            fresh.push(BlockRow { leg: key.0, class: key.1, seats });
            wants.push(Want { leg: block.leg, class: block.class, seats });
        }
    }
    rows::insert_blocks(tx.conn(), &fresh)?;
    add_sold(tx, &wants, levels)?;
    Ok(u32::try_from(fresh.len()).unwrap_or(u32::MAX))
}

/// Adds sold seats to legs, opening those that have no rows, and tells each leg's availability once.
pub(crate) fn add_sold(
    tx: &mut Tx<'_>,
    wants: &[Want],
    levels: &BTreeMap<LegKey, Levels>,
) -> Result<(), DbError> {
    let mut by_leg: BTreeMap<LegKey, Vec<Want>> = BTreeMap::new();
    for want in wants {
        by_leg.entry(want.leg).or_default().push(*want);
    }
    let ids: Vec<String> = by_leg.keys().map(leg_id).collect();
    let opened: BTreeSet<String> = rows::cabins(tx.conn(), &ids)?.into_iter().map(|row| row.leg).collect();
    let mut new = Opened::default();
    let mut touched = Vec::new();
    for (leg, wants) in &by_leg {
        if let Some(levels) = levels.get(leg).filter(|_| !opened.contains(&leg_id(leg))) {
            new.add(leg, levels, wants);
        } else {
            wants.iter().try_for_each(|want| rows::add_sold(tx.conn(), want))?;
            touched.push(*leg);
        }
    }
    rows::insert(tx.conn(), &new.cabins, &new.classes)?;
    for leg in touched {
        let open = rows::open(tx.conn(), &leg)?.unwrap_or_default();
        new.changes.push(InventoryChanged { leg, open });
    }
    new.changes.into_iter().try_for_each(|change| super::announce(tx, change))
}

/// Rows and news of legs that had no rows before.
#[derive(Default)]
struct Opened {
    cabins: Vec<CabinRow>,
    classes: Vec<ClassRow>,
    changes: Vec<InventoryChanged>,
}

impl Opened {
    fn add(&mut self, leg: &LegKey, levels: &Levels, wants: &[Want]) {
        let (mut cabins, mut classes) = rows::rows_of(leg, levels);
        for want in wants {
            count(&mut cabins, &mut classes, want);
        }
        self.changes.push(InventoryChanged { leg: *leg, open: rows::open_of(&classes) });
        self.cabins.extend(cabins);
        self.classes.extend(classes);
    }
}

fn count(cabins: &mut [CabinRow], classes: &mut [ClassRow], want: &Want) {
    let letter = want.class.to_string();
    let Some((cabin, rank)) =
        classes.iter().find(|row| row.class == letter).map(|row| (row.cabin.clone(), row.rank))
    else {
        return;
    };
    for row in cabins.iter_mut().filter(|row| row.cabin == cabin) {
        row.sold += want.seats;
    }
    for row in classes.iter_mut().filter(|row| row.cabin == cabin && row.rank <= rank) {
        row.nested += want.seats;
        row.sold += if row.rank == rank { want.seats } else { 0 };
    }
}
