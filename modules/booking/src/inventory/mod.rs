//! Inventory: seats by dated leg and class. A leg gets rows when somebody first holds a seat on it; until then its
//! availability follows from its configuration.

pub(crate) mod blocks;
mod levels;
pub(crate) mod rows;
pub(crate) mod rules;
pub(crate) mod schema;

pub(crate) use blocks::GroupBlock;
pub(crate) use levels::{counters, open_seats, totals};
pub(crate) use rules::Levels;

use booking_api::{LegKey, events::InventoryChanged};
use kernel::NewEvent;
use store::{DbError, Expected, Tx};

/// Seats of one class on one dated leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Want {
    pub(crate) leg: LegKey,
    pub(crate) class: char,
    pub(crate) seats: i32,
}

/// Whether seats wait for money or are paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Held,
    Sold,
}

/// Holds all wanted seats or none, and tells the new availability. `false`: something was sold out, and nothing happened.
pub(crate) fn hold(tx: &mut Tx<'_>, wants: &[Want]) -> Result<bool, DbError> {
    let wants = in_order(wants);
    let held = rows::all_or_nothing(tx.conn(), |conn| rows::hold(conn, &wants))?;
    if held {
        tell(tx, &wants)?;
    }
    Ok(held)
}

/// Held seats are paid for. Availability does not change.
pub(crate) fn sell(tx: &mut Tx<'_>, wants: &[Want]) -> Result<(), DbError> {
    in_order(wants).iter().try_for_each(|want| rows::sell(tx.conn(), want))
}

/// Gives seats back and tells the new availability.
pub(crate) fn release(tx: &mut Tx<'_>, wants: &[Want], from: Taken) -> Result<(), DbError> {
    let wants = in_order(wants);
    for want in &wants {
        rows::release(tx.conn(), want, from)?;
    }
    tell(tx, &wants)
}

/// A leg's name in tables and streams.
pub(crate) fn leg_id(leg: &LegKey) -> String {
    format!("{}/{}/{}-{}", leg.designator, leg.date, leg.from, leg.to)
}

/// Always the same order, so that two buyers cannot wait for each other.
fn in_order(wants: &[Want]) -> Vec<Want> {
    let mut sorted = wants.to_vec();
    sorted.sort_by_key(|want| leg_id(&want.leg));
    sorted
}

fn tell(tx: &mut Tx<'_>, wants: &[Want]) -> Result<(), DbError> {
    let mut legs: Vec<LegKey> = wants.iter().map(|want| want.leg).collect();
    legs.dedup();
    for leg in legs {
        let open = rows::open(tx.conn(), &leg)?.unwrap_or_default();
        announce(tx, InventoryChanged { leg, open })?;
    }
    Ok(())
}

fn announce(tx: &mut Tx<'_>, changed: InventoryChanged) -> Result<(), DbError> {
    let stream = format!("leg/{}", leg_id(&changed.leg));
    let event = NewEvent::new("inventory.changed", tx.now(), &changed);
    tx.append(&stream, Expected::Any, event).map(drop)
}
