//! Disruption: a dated leg that was sold is cancelled, moved or restored, and everybody on it is told.

pub(crate) mod news;
mod schema;
mod upset;

use async_trait::async_trait;
use booking_api::{
    Affected, BookingError, CancelLeg, Disruption, FlightNews, LegKey, News, OnLeg, OrderSummary,
    events::{LegCancelled, LegRetimed},
};
use kernel::{Ctx, NewEvent, Page, Role};
use store::{DbError, Expected, Tx};

use crate::{
    Booking,
    failed::{Failed, told},
    inventory::leg_id,
    orders::{
        self, audit,
        paging::{self, Place},
        rows::OrderRow,
        view,
    },
};

use news::LegNews;
use upset::Clocks;

#[async_trait]
impl Disruption for Booking {
    async fn cancel_leg(&self, ctx: &Ctx, ask: CancelLeg) -> Result<Affected, BookingError> {
        if !ctx.actor.may(&[Role::Ops]) {
            return Err(BookingError::Forbidden);
        }
        let reason = orders::reason(&ask.reason)?;
        if self.timetable.leg(&ask.leg).is_none() {
            return Err(BookingError::NotFound);
        }
        let work = self.db.write::<_, Failed>(ctx, move |tx| {
            tx.once("disruption.cancel_leg", &ask, |tx| {
                let affected = cancel(tx, &ask.leg, &reason)?;
                audit::write(tx, "leg.cancelled", format!("leg/{}", leg_id(&ask.leg)), &reason)?;
                Ok(affected)
            })
        });
        Ok(work.await?)
    }

    async fn hear(&self, ctx: &Ctx, news: FlightNews) -> Result<(), BookingError> {
        if !ctx.actor.may(&[Role::Ops]) {
            return Err(BookingError::Forbidden);
        }
        // Status hears of flights that we do not sell: that is no fault.
        let Some(leg) = self.timetable.leg(&news.leg) else { return Ok(()) };
        let clocks = Clocks::of(&self.places, &leg);
        let work = self.db.write::<_, Failed>(ctx, move |tx| {
            tx.once("disruption.hear", &news, |tx| heard(tx, &news, clocks))
        });
        Ok(work.await?)
    }

    async fn on_leg(&self, ctx: &Ctx, ask: OnLeg) -> Result<Page<OrderSummary>, BookingError> {
        orders::desk_only(ctx)?;
        let mut rows = self.db.read(move |conn| orders::rows::on_leg(conn, &ask.leg)).await.map_err(told)?;
        if let Some(Place { at, id }) = ask.page.after.as_ref().and_then(Place::read) {
            rows.retain(|row| (row.created_at.0, row.id.0.to_string()) > (at, id.clone()));
        }
        let place = |row: &OrderRow| (row.created_at.0, row.id.0.to_string());
        let next = paging::cut(&mut rows, ask.page.bounded(), place);
        Ok(Page { items: rows.into_iter().filter_map(view::summary).collect(), next })
    }
}

fn heard(tx: &mut Tx<'_>, news: &FlightNews, clocks: Clocks) -> Result<(), Failed> {
    let leg = &news.leg;
    let known = known(tx, leg)?;
    match &news.what {
        News::Cancelled { reason } => cancel(tx, leg, reason).map(drop),
        News::Reinstated => reinstate(tx, leg, known),
        News::Retimed { departure: departs, arrival: arrives } => {
            let moved = LegNews { departs: Some(*departs), arrives: Some(*arrives), ..known };
            if moved == known {
                return Ok(());
            }
            put(tx, leg, moved, "")?;
            let fact = LegRetimed { leg: *leg, departs: *departs, arrives: *arrives };
            tell(tx, leg, "flight.schedule_changed", &fact)?;
            upset::retime(tx, leg, (*departs, *arrives), clocks)
        }
        News::Estimated { departure, arrival } => {
            let expected = LegNews {
                estimated_departure: departure.or(known.estimated_departure),
                estimated_arrival: arrival.or(known.estimated_arrival),
                ..known
            };
            Ok(put(tx, leg, expected, "")?)
        }
    }
}

/// Cancelling twice is cancelling once.
fn cancel(tx: &mut Tx<'_>, leg: &LegKey, reason: &str) -> Result<Affected, Failed> {
    let known = known(tx, leg)?;
    if !known.cancelled {
        put(tx, leg, LegNews { cancelled: true, ..known }, reason)?;
        let fact = LegCancelled { leg: *leg, reason: reason.to_owned() };
        tell(tx, leg, "flight.cancelled", &fact)?;
        upset::strand(tx, leg, reason)?;
    }
    let on_it = upset::live_on(tx.conn(), leg)?;
    let passengers = on_it.iter().map(|order: &OrderRow| u32::try_from(order.people).unwrap_or(0)).sum();
    Ok(Affected { leg: *leg, orders: u32::try_from(on_it.len()).unwrap_or(u32::MAX), passengers })
}

fn reinstate(tx: &mut Tx<'_>, leg: &LegKey, known: LegNews) -> Result<(), Failed> {
    if !known.cancelled {
        return Ok(());
    }
    put(tx, leg, LegNews { cancelled: false, ..known }, "")?;
    tell(tx, leg, "flight.reinstated", &LegCancelled { leg: *leg, reason: String::new() })?;
    upset::restore(tx, leg)
}

fn known(tx: &mut Tx<'_>, leg: &LegKey) -> Result<LegNews, DbError> {
    Ok(news::of_legs(tx.conn(), &[*leg])?.get(leg).copied().unwrap_or_default())
}

fn tell(
    tx: &mut Tx<'_>,
    leg: &LegKey,
    kind: &'static str,
    fact: &impl serde::Serialize,
) -> Result<(), DbError> {
    let event = NewEvent::new(kind, tx.now(), fact);
    tx.append(&format!("leg/{}", leg_id(leg)), Expected::Any, event).map(drop)
}

fn put(tx: &mut Tx<'_>, leg: &LegKey, news: LegNews, reason: &str) -> Result<(), DbError> {
    let now = tx.now();
    news::put(tx.conn(), leg, news, reason, now)
}
