//! Writes orders that were sold elsewhere: ticketed, paid, with their seats counted as sold, and told like any other.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use booking_api::{Item, ItemKind, LegKey, OrderId, OrderState, PassengerType, Remark};
use kernel::{Locator, NewEvent};
use store::{AsText, DbError, JsonText, Micros, Tx};

use super::taken::{TakenOrder, TakenTicket};
use crate::{
    inventory::{Levels, Want, blocks},
    orders::{
        record::Open,
        rows::{self as order_rows, NewRows, OrderRow},
        rules::word,
        sold::{segments, wants},
    },
    payments::ledger::{self, Entry},
    tickets::rows::{self as ticket_rows, CouponRow, TicketRow},
};

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) accepted: u32,
    pub(super) unchanged: u32,
    pub(super) refused: Vec<Remark>,
}

/// All rows of a batch, collected so that few statements write them.
#[derive(Default)]
struct Batch {
    orders: Vec<NewRows>,
    tickets: Vec<TicketRow>,
    coupons: Vec<CouponRow>,
    entries: Vec<Entry>,
    wants: Vec<Want>,
    levels: BTreeMap<LegKey, Levels>,
}

pub(super) fn put(tx: &mut Tx<'_>, taken: &[TakenOrder]) -> Result<Outcome, DbError> {
    let locators: Vec<Locator> = taken.iter().map(|order| order.locator).collect();
    let mut known: BTreeSet<Locator> = order_rows::used(tx.conn(), &locators)?.into_iter().collect();
    let mut numbers = HashSet::new();
    let mut outcome = Outcome::default();
    let mut batch = Batch::default();
    for order in taken {
        if !known.insert(order.locator) {
            outcome.unchanged += 1;
        } else if let Some(number) = used_number(tx, order, &mut numbers)? {
            let reason = format!("ticket {number} belongs to another order");
            outcome.refused.push(Remark { line: order.line, reason });
        } else {
            batch.add(tx, order)?;
            outcome.accepted += 1;
        }
    }
    batch.write(tx)?;
    Ok(outcome)
}

/// A ticket number of the order that is taken, here or earlier in the batch.
fn used_number(
    tx: &mut Tx<'_>,
    order: &TakenOrder,
    seen: &mut HashSet<String>,
) -> Result<Option<String>, DbError> {
    for ticket in &order.tickets {
        if !seen.insert(ticket.number.clone()) || ticket_rows::order_of(tx.conn(), &ticket.number)?.is_some()
        {
            return Ok(Some(ticket.number.clone()));
        }
    }
    Ok(None)
}

impl Batch {
    fn add(&mut self, tx: &mut Tx<'_>, taken: &TakenOrder) -> Result<(), DbError> {
        let Some(row) = order_row(tx, taken) else { return Ok(()) };
        let id = row.id.0;
        let seats = row.seats;
        let mut order = Open::new(row);
        for (kind, state, text) in history(taken) {
            word(state).clone_into(&mut order.row.state);
            let event = NewEvent::new(kind, taken.created_at, &order.event(text.to_owned()));
            order.append(tx, event)?;
        }
        let items = items(taken);
        self.entries.push(Entry {
            id: tx.outside().uuid(),
            order: id,
            at: taken.created_at,
            lines: ledger::sale(taken.total, &items),
        });
        self.wants.extend(wants(&taken.slices, seats));
        self.levels.extend(taken.levels.iter().cloned());
        self.orders.push(NewRows::of(order.row, &taken.passengers, &items));
        taken.tickets.iter().for_each(|ticket| self.ticket(id, ticket));
        Ok(())
    }

    fn ticket(&mut self, order: OrderId, ticket: &TakenTicket) {
        let number = |place: usize| i32::try_from(place).unwrap_or(i32::MAX);
        self.tickets.push(TicketRow {
            number: ticket.number.clone(),
            order_id: AsText(order),
            passenger: number(ticket.passenger),
        });
        self.coupons.extend((1..).zip(&ticket.coupons).map(|(nth, coupon)| CouponRow {
            ticket: ticket.number.clone(),
            number: nth,
            order_id: AsText(order),
            segment: number(coupon.segment),
            status: coupon.status.to_string(),
        }));
    }

    /// The contended rows come last.
    fn write(self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        order_rows::insert(tx.conn(), self.orders)?;
        ticket_rows::insert(tx.conn(), &self.tickets, &self.coupons)?;
        ledger::post(tx.conn(), self.entries)?;
        blocks::add_sold(tx, &self.wants, &self.levels)
    }
}

/// What happened elsewhere, as our own log would have told it.
fn history(taken: &TakenOrder) -> Vec<(&'static str, OrderState, &'static str)> {
    let mut history = vec![
        ("order.created", OrderState::PendingPayment, "Booked elsewhere and taken over"),
        ("order.confirmed", OrderState::Confirmed, "Confirmed"),
    ];
    if !taken.tickets.is_empty() {
        history.push(("order.ticketed", state_of(taken), "Ticketed"));
    }
    history
}

/// Over, once every coupon is flown, refunded or void.
fn state_of(taken: &TakenOrder) -> OrderState {
    let mut coupons = taken.tickets.iter().flat_map(|ticket| &ticket.coupons).peekable();
    let any = coupons.peek().is_some();
    if any && coupons.all(|coupon| matches!(coupon.status, 'F' | 'R' | 'V')) {
        OrderState::Completed
    } else {
        OrderState::Ticketed
    }
}

/// One line for each direction; they add up to the total.
fn items(taken: &TakenOrder) -> Vec<Item> {
    let lines = taken.slices.iter().filter_map(|sold| {
        let (first, last) = sold.slice.segments.first().zip(sold.slice.segments.last())?;
        let title = format!("Fare with taxes, {} to {}, {}", first.from, last.to, sold.slice.family);
        Some(Item { kind: ItemKind::Base, title, amount: sold.charged })
    });
    lines.collect()
}

/// `None` for an order without a segment, which the reader refuses.
fn order_row(tx: &Tx<'_>, taken: &TakenOrder) -> Option<OrderRow> {
    let departs = segments(&taken.slices).next()?.departs;
    let seated = taken.passengers.iter().filter(|who| who.kind != PassengerType::Infant).count();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    Some(OrderRow {
        id: AsText(OrderId::new(tx.outside())),
        locator: AsText(taken.locator),
        state: word(OrderState::PendingPayment).to_owned(),
        owner: taken.owner.map(AsText),
        email: AsText(taken.contact.email.clone()),
        phone: taken.contact.phone.clone(),
        created_at: Micros(taken.created_at),
        hold_until: None,
        intent: None,
        lead_name: taken.passengers.first().map(|lead| lead.family_name.clone()).unwrap_or_default(),
        people: count(taken.passengers.len()),
        seats: count(seated),
        departs: Micros(departs),
        slices: JsonText(taken.slices.clone()),
        currency: AsText(taken.total.currency),
        total: taken.total.minor,
        paid: taken.total.minor,
        refunded: 0,
        version: 0,
    })
}
