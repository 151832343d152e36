//! What each event of booking's feed does to the timetable, and which windows it leaves wrong.

use std::sync::Arc;

use booking_api::{
    LegKey,
    events::{
        ConnectingTimes, FaresChanged, InventoryChanged, LegCancelled, LegRetimed, SeasonFlight,
        SeasonFlightWithdrawn, TaxesChanged,
    },
};
use kernel::Event;
use serde::de::DeserializeOwned;

use crate::{
    days::{Day, minute},
    timetable::Timetable,
};

/// What was touched since the view was last published.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) legs: Vec<LegKey>,
    /// Base dates, first and last, of flights that came or went.
    pub(crate) periods: Vec<(Day, Day)>,
    /// Connecting times, which every window holds.
    pub(crate) everywhere: bool,
    pub(crate) any: bool,
}

/// Applies one event; types that mean nothing here are passed over.
pub(crate) fn apply(
    timetable: &mut Timetable,
    event: &Event,
    changes: &mut Changes,
) -> Result<(), serde_json::Error> {
    let leg = match event.kind.as_str() {
        "schedule.loaded" => {
            changes.periods.extend(timetable.load(&read::<SeasonFlight>(event)?));
            None
        }
        "schedule.withdrawn" => {
            changes.periods.extend(timetable.withdraw(&read::<SeasonFlightWithdrawn>(event)?.key));
            None
        }
        "fares.changed" => {
            Arc::make_mut(&mut timetable.prices).change_fares(read::<FaresChanged>(event)?);
            None
        }
        "taxes.changed" => {
            Arc::make_mut(&mut timetable.prices).change_taxes(read::<TaxesChanged>(event)?);
            None
        }
        "connecting_times.changed" => {
            timetable.times = read::<ConnectingTimes>(event)?;
            changes.everywhere = true;
            None
        }
        "inventory.changed" => Some(sell(timetable, &read(event)?)),
        "flight.cancelled" => Some(cancel(timetable, &read(event)?, true)),
        "flight.reinstated" => Some(cancel(timetable, &read(event)?, false)),
        "flight.schedule_changed" => Some(retime(timetable, &read(event)?)),
        _ => return Ok(()),
    };
    changes.legs.extend(leg);
    changes.any = true;
    Ok(())
}

fn sell(timetable: &mut Timetable, change: &InventoryChanged) -> LegKey {
    let open = timetable.copies.classes(&change.open);
    timetable.dated_mut(&change.leg).open = Some(open);
    change.leg
}

fn cancel(timetable: &mut Timetable, change: &LegCancelled, cancelled: bool) -> LegKey {
    timetable.dated_mut(&change.leg).cancelled = cancelled;
    change.leg
}

fn retime(timetable: &mut Timetable, change: &LegRetimed) -> LegKey {
    timetable.dated_mut(&change.leg).times = Some((minute(change.departs), minute(change.arrives)));
    change.leg
}

fn read<T: DeserializeOwned>(event: &Event) -> Result<T, serde_json::Error> {
    T::deserialize(&event.payload)
}
