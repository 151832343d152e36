//! What a provider's word does to an order: one transaction for intent, ledger, seats, tickets, mail and events, so that
//! money and seats can never tell different stories.

use booking_api::{BookingError, IntentId, IntentState, OrderState};
use kernel::{Locale, Locator, Money};
use store::{DbError, Micros, Tx};

use super::{
    ledger::{self, Entry},
    provider::Verdict,
    rows::{self, IntentRow},
};
use crate::{
    failed::Failed,
    inventory::{self, Taken},
    mail_letters as letters,
    orders::{record::Open, rows as order_rows, rules::Happening, sold::segments},
    tickets,
};

const MOST_TRIES: i32 = 10;

/// Applies what the provider said about one try.
pub(crate) fn apply(tx: &mut Tx<'_>, id: IntentId, verdict: &Verdict) -> Result<(), Failed> {
    let (mut order, mut intent) = both_locked(tx, id)?;
    match (intent.state(), verdict) {
        (IntentState::Succeeded, _) => return Ok(()),
        (_, Verdict::Approved { means }) => return succeed(tx, order, intent, means),
        (IntentState::Canceled, _) => return Err(too_late()),
        (_, Verdict::Declined { why }) => {
            intent.is(IntentState::RequiresPaymentMethod);
            intent.tries += 1;
            intent.trouble = Some(why.clone());
            intent.settles_at = None;
            order.record(tx, "payment.failed", why.clone())?;
        }
        (_, Verdict::Asks) => {
            intent.is(IntentState::RequiresAction);
            intent.trouble = None;
        }
        (_, Verdict::Takes { until }) => {
            intent.is(IntentState::Processing);
            intent.trouble = None;
            intent.settles_at = Some(Micros(*until));
        }
    }
    rows::update(tx.conn(), &intent)?;
    order.close(tx.conn())?;
    Ok(())
}

/// Whether an intent can be tried now; else why not.
pub(crate) fn is_payable(intent: &IntentRow, now: jiff::Timestamp) -> Result<(), Failed> {
    match intent.state() {
        IntentState::Canceled => Err(too_late()),
        _ if intent.expires_at.0 <= now => Err(too_late()),
        _ if intent.tries >= MOST_TRIES => Err(Failed::not_now(
            "too many cards were declined; this payment is closed, and the seats go back on sale",
        )),
        _ => Ok(()),
    }
}

pub(crate) fn too_late() -> Failed {
    Failed::not_now("the time to pay is over and the seats are on sale again; nothing was charged")
}

/// Ends a hold that was not paid for. `false`: it was paid, or its payment is still being decided.
pub(crate) fn expire(tx: &mut Tx<'_>, locator: Locator) -> Result<bool, Failed> {
    let Some(mut order) = Open::find(tx.conn(), locator)? else { return Ok(false) };
    let waits = matches!(order.state(), OrderState::PendingPayment | OrderState::Held);
    let lapsed = order.row.hold_until.is_some_and(|until| until.0 <= tx.now());
    if !waits || !lapsed || !cancel_intent(tx, &order)? {
        return Ok(false);
    }
    order.step(Happening::Expired)?;
    order.row.hold_until = None;
    order.record(tx, "order.expired", "Not paid in time; the seats went back on sale")?;
    inventory::release(tx, &order.wants(), Taken::Held)?;
    order.close(tx.conn())?;
    Ok(true)
}

/// `false`: a provider is just deciding, and its word counts.
pub(crate) fn cancel_intent(tx: &mut Tx<'_>, order: &Open) -> Result<bool, DbError> {
    let Some(id) = order.row.intent else { return Ok(true) };
    let Some(mut intent) = rows::locked(tx.conn(), id.0)? else { return Ok(true) };
    if matches!(intent.state(), IntentState::Processing | IntentState::Succeeded) {
        return Ok(false);
    }
    intent.is(IntentState::Canceled);
    rows::update(tx.conn(), &intent)?;
    Ok(true)
}

/// Gives money back: the ledger, the order's sum and its history.
pub(crate) fn give_back(tx: &mut Tx<'_>, order: &mut Open, amount: Money, why: &str) -> Result<(), Failed> {
    let left = order.row.paid - order.row.refunded;
    if amount.minor <= 0 || amount.minor > left || amount.currency != order.row.currency.0 {
        return Err(Failed::not_now(format!("at most {} can be given back", order.row.money(left))));
    }
    post(tx, order, ledger::refund(amount))?;
    order.row.refunded += amount.minor;
    order.record(tx, "payment.refunded", format!("{} refunded: {why}", Locale::default().money(amount)))?;
    Ok(())
}

/// The order first, then its intent: always in this order, so that nobody waits in a circle.
fn both_locked(tx: &mut Tx<'_>, id: IntentId) -> Result<(Open, IntentRow), Failed> {
    let missing = || Failed::Answer(BookingError::NotFound);
    let intent = rows::find(tx.conn(), id)?.ok_or_else(missing)?;
    let order = Open::find(tx.conn(), intent.locator.0)?.ok_or_else(missing)?;
    let intent = rows::locked(tx.conn(), id)?.ok_or_else(missing)?;
    Ok((order, intent))
}

fn succeed(tx: &mut Tx<'_>, mut order: Open, mut intent: IntentRow, means: &str) -> Result<(), Failed> {
    let amount = intent.money();
    intent.is(IntentState::Succeeded);
    intent.trouble = None;
    intent.settles_at = None;
    rows::update(tx.conn(), &intent)?;
    let items = order_rows::items(tx.conn(), order.row.id.0)?;
    let items: Vec<_> = items.into_iter().map(|item| item.item(amount.currency)).collect();
    post(tx, &order, ledger::sale(amount, &items))?;
    order.row.paid += amount.minor;
    order.record(tx, "payment.succeeded", format!("{} paid by {means}", Locale::default().money(amount)))?;
    if has_seats(tx, &order)? {
        deliver(tx, order)
    } else {
        let why = "the payment came after the seats had gone back on sale";
        give_back(tx, &mut order, amount, why)?;
        order.close(tx.conn())?;
        Ok(())
    }
}

/// Seats that are still held, or could be had again after the hold had ended.
fn has_seats(tx: &mut Tx<'_>, order: &Open) -> Result<bool, DbError> {
    match order.state() {
        OrderState::PendingPayment | OrderState::Held => Ok(true),
        OrderState::Expired => inventory::hold(tx, &order.wants()),
        _ => Ok(false),
    }
}

fn deliver(tx: &mut Tx<'_>, mut order: Open) -> Result<(), Failed> {
    inventory::sell(tx, &order.wants())?;
    order.step(Happening::Paid)?;
    order.row.hold_until = None;
    order.record(tx, "order.confirmed", "Confirmed")?;
    let count = segments(order.slices()).count();
    let numbers = tickets::issue(tx, order.row.id.0, order.row.people, count)?;
    order.step(Happening::Ticketed)?;
    order.record(tx, "order.ticketed", format!("Tickets issued: {}", numbers.join(", ")))?;
    let row = order.close(tx.conn())?;
    letters::confirmed(tx, &row)?;
    Ok(())
}

fn post(tx: &mut Tx<'_>, order: &Open, lines: Vec<(String, Money)>) -> Result<(), DbError> {
    let entry = Entry { id: tx.outside().uuid(), order: order.row.id.0, at: tx.now(), lines };
    ledger::post(tx.conn(), vec![entry])
}
