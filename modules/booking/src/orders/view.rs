//! An order as its owner, the airline and lists of orders see it.

use std::collections::BTreeMap;

use booking_api::{Contact, HistoryLine, Order, OrderPassenger, OrderState, OrderSummary, Segment, Ticket};
use kernel::Event;
use store::{Conn, DbError};

use super::{
    record::{OrderEvent, stream},
    rows::{self, OrderRow},
    rules::state_of,
    sold::segments,
};
use crate::tickets;

/// Everything about one order.
pub(crate) fn whole(conn: &mut Conn, row: OrderRow) -> Result<Order, DbError> {
    let id = row.id.0;
    let all: Vec<Segment> = segments(&row.slices.0).cloned().collect();
    let mut papers = tickets::of_order(conn, id, &all)?;
    let people = rows::passengers(conn, id)?;
    let items = rows::items(conn, id)?;
    let history = store::events_of(conn, &stream(row.locator.0))?;
    let state = state(&row);
    let waits = matches!(state, OrderState::PendingPayment | OrderState::Held);
    Ok(Order {
        id,
        locator: row.locator.0,
        state,
        owner: row.owner.map(|owner| owner.0),
        created_at: row.created_at.0,
        total: row.money(row.total),
        paid: row.money(row.paid),
        refunded: row.money(row.refunded),
        hold_until: row.hold_until.map(|until| until.0),
        payment: row.intent.filter(|_| waits).map(|intent| intent.0),
        passengers: people.into_iter().map(|who| traveller(who, &mut papers)).collect(),
        items: items.into_iter().map(|item| item.item(row.currency.0)).collect(),
        contact: Contact { email: row.email.0, phone: row.phone },
        slices: row.slices.0.into_iter().map(|sold| sold.slice).collect(),
        history: history.into_iter().map(line).collect(),
        version: row.version,
    })
}

fn traveller(who: rows::PassengerRow, papers: &mut BTreeMap<i32, Vec<Ticket>>) -> OrderPassenger {
    let tickets = papers.remove(&who.place).unwrap_or_default();
    OrderPassenger { person: who.person(), tickets }
}

fn line(event: Event) -> HistoryLine {
    let text = serde_json::from_value::<OrderEvent>(event.payload)
        .map_or_else(|_| String::new(), |known| known.text);
    HistoryLine { at: event.occurred_at, event: event.kind, text, actor: event.actor }
}

/// One row of a list; `None` for an order without a flight, which nobody can make.
pub(crate) fn summary(row: OrderRow) -> Option<OrderSummary> {
    let first = &row.slices.0.first()?.slice.segments;
    let (board, off) = (first.first()?, first.last()?);
    Some(OrderSummary {
        locator: row.locator.0,
        state: state(&row),
        name: row.lead_name.clone(),
        passengers: u32::try_from(row.people).unwrap_or(0),
        from: board.from,
        to: off.to,
        from_city: board.from_city.clone(),
        to_city: off.to_city.clone(),
        departs_local: board.departs_local,
        departs: row.departs.0,
        flights: segments(&row.slices.0).map(|segment| segment.designator.to_string()).collect(),
        total: row.money(row.total),
        created_at: row.created_at.0,
    })
}

fn state(row: &OrderRow) -> OrderState {
    state_of(&row.state).unwrap_or(OrderState::Cancelled)
}
