//! What the airline's changes do to the orders on a leg.

use booking_api::LegKey;
use jiff::{Timestamp, civil};
use kernel::Locale;
use store::{Conn, DbError, Micros, Tx};

use crate::{
    failed::Failed,
    mail_letters as letters,
    orders::{
        live_words,
        record::Open,
        rows::{self, OrderRow},
        rules::{Happening, next},
        sold::{SoldSlice, segments},
    },
    schedule::{ScheduledLeg, places::Places},
};

/// What the clocks on the wall say at both ends of a leg, as offsets of the schedule's own times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks {
    departs: jiff::tz::Offset,
    arrives: jiff::tz::Offset,
}

impl Clocks {
    pub(crate) fn of(places: &Places, leg: &ScheduledLeg) -> Self {
        let offset = |minutes: Option<i32>, file: i32| {
            let seconds = minutes.unwrap_or(file).saturating_mul(60);
            jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC)
        };
        Self {
            departs: offset(places.offset(leg.key.from, leg.departs), leg.leg.departs_offset),
            arrives: offset(places.offset(leg.key.to, leg.arrives), leg.leg.arrives_offset),
        }
    }

    fn local(self, departs: Timestamp, arrives: Timestamp) -> (civil::DateTime, civil::DateTime) {
        (self.departs.to_datetime(departs), self.arrives.to_datetime(arrives))
    }
}

/// Orders on a leg whose travellers still mean to go.
pub(crate) fn live_on(conn: &mut Conn, leg: &LegKey) -> Result<Vec<OrderRow>, DbError> {
    let live = live_words();
    let mut orders = rows::on_leg(conn, leg)?;
    orders.retain(|order| live.contains(&order.state.as_str()));
    Ok(orders)
}

/// The leg does not fly: paid orders ask for action, and their travellers are written to.
pub(crate) fn strand(tx: &mut Tx<'_>, leg: &LegKey, reason: &str) -> Result<(), Failed> {
    change(tx, leg, |tx, order| {
        mark(order, leg, true);
        let why = if reason.is_empty() { "The airline" } else { reason };
        let text = format!("{} on {} was cancelled: {why}", leg.designator, Locale::default().date(leg.date));
        if next(order.state(), Happening::Disrupted).is_some() {
            order.step(Happening::Disrupted)?;
            letters::flight_cancelled(tx, &order.row, &leg.designator.to_string(), reason)?;
        }
        Ok(("order.changed", text))
    })
}

/// The leg flies after all.
pub(crate) fn restore(tx: &mut Tx<'_>, leg: &LegKey) -> Result<(), Failed> {
    change(tx, leg, |_, order| {
        mark(order, leg, false);
        let whole = !segments(order.slices()).any(|segment| segment.cancelled);
        if whole && next(order.state(), Happening::Restored).is_some() {
            order.step(Happening::Restored)?;
        }
        Ok(("order.changed", format!("{} flies after all", leg.designator)))
    })
}

/// The leg flies at another time: the segments that begin or end with it show that.
pub(crate) fn retime(
    tx: &mut Tx<'_>,
    leg: &LegKey,
    (departs, arrives): (Timestamp, Timestamp),
    clocks: Clocks,
) -> Result<(), Failed> {
    let (departs_local, arrives_local) = clocks.local(departs, arrives);
    change(tx, leg, |_, order| {
        for segment in order.row.slices.0.iter_mut().flat_map(|slice: &mut SoldSlice| slice.segments_on(leg))
        {
            if segment.from == leg.from {
                (segment.departs, segment.departs_local) = (departs, departs_local);
            }
            if segment.to == leg.to {
                (segment.arrives, segment.arrives_local) = (arrives, arrives_local);
            }
        }
        if let Some(first) = segments(&order.row.slices.0).next() {
            order.row.departs = Micros(first.departs);
        }
        let time = Locale::default().time(departs_local.time());
        Ok(("order.changed", format!("{} now leaves {} at {time}", leg.designator, leg.from)))
    })
}

fn mark(order: &mut Open, leg: &LegKey, cancelled: bool) {
    let slices = order.row.slices.0.iter_mut();
    slices.flat_map(|slice| slice.segments_on(leg)).for_each(|segment| segment.cancelled = cancelled);
}

/// Changes every live order on a leg, each with one event in its history.
fn change(
    tx: &mut Tx<'_>,
    leg: &LegKey,
    alter: impl Fn(&mut Tx<'_>, &mut Open) -> Result<(&'static str, String), Failed>,
) -> Result<(), Failed> {
    for row in live_on(tx.conn(), leg)? {
        let Some(mut order) = Open::find(tx.conn(), row.locator.0)? else { continue };
        let (kind, text) = alter(tx, &mut order)?;
        order.record(tx, kind, text)?;
        order.close(tx.conn())?;
    }
    Ok(())
}
