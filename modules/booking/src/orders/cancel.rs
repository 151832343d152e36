//! Cancelling: quoted first, then done at the quoted terms, in one transaction.

use booking_api::{BookingError, CancellationQuote, OrderState};
use jiff::{SignedDuration, Timestamp};
use kernel::{Locator, Money};
use store::{Conn, DbError, Tx};

use super::{
    record::Open,
    rows::OrderRow,
    rules::{Happening, state_of},
    terms::{self, Refusal, Standing, Terms},
};
use crate::{
    failed::Failed,
    inventory::{self, Taken},
    mail_letters as letters,
    payments::settle,
    tickets,
};

const QUOTE_HOLDS: SignedDuration = SignedDuration::from_mins(15);

/// The inner error is an answer: why this order cannot be cancelled.
pub(crate) fn quote(
    conn: &mut Conn,
    order: &OrderRow,
    now: Timestamp,
) -> Result<Result<CancellationQuote, Failed>, DbError> {
    let terms = match terms(conn, order, now)? {
        Ok(terms) => terms,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    Ok(Ok(CancellationQuote {
        locator: order.locator.0,
        paid: order.money(order.paid),
        fee: terms.fee,
        refund: terms.refund,
        because: terms.because,
        expires_at: now.checked_add(QUOTE_HOLDS).unwrap_or(now),
    }))
}

pub(crate) fn cancel(tx: &mut Tx<'_>, locator: Locator, agreed: Money) -> Result<(), Failed> {
    let mut order = Open::find(tx.conn(), locator)?.ok_or(BookingError::NotFound)?;
    let now = tx.now();
    let Terms { refund, because, .. } = terms(tx.conn(), &order.row, now)??;
    if refund != agreed {
        return Err(BookingError::PriceChanged(refund).into());
    }
    let taken = match order.state() {
        OrderState::PendingPayment | OrderState::Held => Taken::Held,
        _ => Taken::Sold,
    };
    if taken == Taken::Held && !settle::cancel_intent(tx, &order)? {
        return Err(Failed::not_now("the payment is being processed; try again in a moment"));
    }
    let wants = unused(&order, tx, now)?;
    order.step(Happening::Cancelled)?;
    order.row.hold_until = None;
    order.record(tx, "order.cancelled", format!("Cancelled. {because}"))?;
    if refund.minor > 0 {
        settle::give_back(tx, &mut order, refund, &because)?;
    }
    tickets::end_coupons(tx.conn(), order.row.id.0, refund.minor > 0)?;
    inventory::release(tx, &wants, taken)?;
    let row = order.close(tx.conn())?;
    letters::cancelled(tx, &row, &because)?;
    Ok(())
}

/// Seats that somebody else can still use.
fn unused(order: &Open, tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<inventory::Want>, DbError> {
    let flown = tickets::flown(tx.conn(), order.row.id.0)?;
    let mut first = 0;
    let mut slices = Vec::new();
    for slice in order.slices() {
        let count = slice.slice.segments.len();
        let left = slice.slice.segments.first().is_some_and(|segment| segment.departs <= now);
        if !left && flown.range(first..first + count).next().is_none() {
            slices.push(slice.clone());
        }
        first += count;
    }
    Ok(super::sold::wants(&slices, order.row.seats))
}

fn terms(conn: &mut Conn, order: &OrderRow, now: Timestamp) -> Result<Result<Terms, Refusal>, DbError> {
    let flown = tickets::flown(conn, order.id.0)?;
    let standing = Standing {
        state: state_of(&order.state).unwrap_or(OrderState::Cancelled),
        slices: &order.slices.0,
        flown: &flown,
        created_at: order.created_at.0,
        seats: order.seats,
        paid: order.money(order.paid),
        refunded: order.money(order.refunded),
    };
    Ok(terms::terms(&standing, now))
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotNow(why) => Self::not_now(why),
            Refusal::Money(error) => error.into(),
        }
    }
}
