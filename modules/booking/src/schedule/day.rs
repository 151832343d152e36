//! Flights of one day: the published schedule, with what became of a leg and how full it is.

use std::collections::BTreeMap;

use booking_api::{
    BookingError, DatedFlight, DatedFlightOf, DatedLeg, FlightRow, FlightsAsk, LegInventory, LegKey,
    events::SeasonFlight,
};
use kernel::{Cursor, Iata, Page};

use super::ScheduledLeg;
use crate::{
    Booking,
    disruption::news::{self, ByLeg},
    inventory::{self, Levels},
    orders,
};

pub(super) async fn flight(
    booking: &Booking,
    of: DatedFlightOf,
) -> Result<Option<DatedFlight>, BookingError> {
    let legs = booking.timetable.dated(of.designator, of.date);
    if legs.is_empty() {
        return Ok(None);
    }
    let news = news_of(booking, &legs).await?;
    let legs = legs.iter().map(|leg| shown(booking, leg, &news)).collect();
    Ok(Some(DatedFlight { designator: of.designator, date: of.date, legs }))
}

/// By departure; the cursor is the last one's place in that order.
pub(super) async fn flights(booking: &Booking, ask: FlightsAsk) -> Result<Page<FlightRow>, BookingError> {
    let wanted = ask.text.trim().to_ascii_uppercase().replace(' ', "");
    let mut legs = booking.timetable.on(ask.date, |flight| matches(flight, &wanted));
    legs.sort_by_cached_key(place);
    let after = ask.page.after.as_ref().map(|cursor| cursor.0.as_str());
    let start = after.map_or(0, |after| legs.partition_point(|leg| place(leg).as_str() <= after));
    let limit = usize::try_from(ask.page.bounded()).unwrap_or(25);
    let page: Vec<ScheduledLeg> = legs.iter().skip(start).take(limit).cloned().collect();
    let more = legs.len() > start.saturating_add(page.len());
    let next = page.last().filter(|_| more).map(|last| Cursor(place(last)));
    Ok(Page { items: rows(booking, &page).await?, next })
}

pub(super) async fn inventory(booking: &Booking, of: LegKey) -> Result<LegInventory, BookingError> {
    let leg = booking.timetable.leg(&of).ok_or(BookingError::NotFound)?;
    let levels = Levels::of(&leg.leg);
    let asked = booking.db.ask::<_, BookingError>(move |conn| {
        Ok((
            inventory::counters(conn, &of, &levels)?,
            orders::count_on(conn, &of)?,
            news::of_legs(conn, &[of])?,
        ))
    });
    let ((cabins, classes), orders, news) = asked.await?;
    Ok(LegInventory { leg: shown(booking, &leg, &news), cabins, classes, orders })
}

async fn rows(booking: &Booking, legs: &[ScheduledLeg]) -> Result<Vec<FlightRow>, BookingError> {
    let keys: Vec<LegKey> = legs.iter().map(|leg| leg.key).collect();
    let asked = booking.db.ask::<_, BookingError>(move |conn| {
        Ok((inventory::totals(conn, &keys)?, news::of_legs(conn, &keys)?))
    });
    let (totals, news): (BTreeMap<LegKey, (u32, u32)>, ByLeg) = asked.await?;
    let row = |leg: &ScheduledLeg| {
        let (sold, held) = totals.get(&leg.key).copied().unwrap_or_default();
        FlightRow {
            leg: shown(booking, leg, &news),
            seats: leg.leg.seats.iter().map(|(_, n)| n).sum(),
            sold,
            held,
        }
    };
    Ok(legs.iter().map(row).collect())
}

async fn news_of(booking: &Booking, legs: &[ScheduledLeg]) -> Result<ByLeg, BookingError> {
    let keys: Vec<LegKey> = legs.iter().map(|leg| leg.key).collect();
    booking.db.ask(move |conn| news::of_legs(conn, &keys)).await
}

/// At its new times, if it was moved.
fn shown(booking: &Booking, leg: &ScheduledLeg, news: &ByLeg) -> DatedLeg {
    let news = news.get(&leg.key).copied().unwrap_or_default();
    let moved = ScheduledLeg {
        departs: news.departs.unwrap_or(leg.departs),
        arrives: news.arrives.unwrap_or(leg.arrives),
        ..leg.clone()
    };
    moved.shown(&booking.places, news.cancelled)
}

fn matches(flight: &SeasonFlight, wanted: &str) -> bool {
    let touches = |at: Iata| flight.legs.iter().any(|leg| leg.from == at || leg.to == at);
    wanted.is_empty()
        || flight.designator.to_string().contains(wanted)
        || wanted.parse().is_ok_and(touches)
        || wanted.parse().is_ok_and(|designator| flight.designator == designator)
}

/// Where a leg stands in the day's list; texts compare as the list is ordered.
fn place(leg: &ScheduledLeg) -> String {
    let LegKey { designator, from, to, .. } = leg.key;
    format!("{:012}.{designator}.{from}.{to}", leg.departs.as_second())
}
