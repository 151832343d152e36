//! Orders: what was bought, what became of it, and who may look. Every change is an event of the order's own stream.

pub(crate) mod audit;
mod cancel;
pub(crate) mod paging;
pub(crate) mod record;
pub(crate) mod rows;
pub(crate) mod rules;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod schema;
mod search;
pub(crate) mod sold;
pub(crate) mod sweep;
pub(crate) mod terms;
pub(crate) mod view;

use async_trait::async_trait;
use booking_api::{
    BookingError, Cancel, CancellationQuote, LegKey, Order, OrderId, OrderOf, OrderSearch, OrderState,
    OrderSummary, Orders, Refund,
};
use kernel::{AuditRow, Ctx, FieldErrors, Locator, MailDue, MailOutcome, Page, PageAsk, Role, TakeMail};
use store::{Conn, DbError};
use uuid::Uuid;

use crate::{
    Booking,
    failed::{Failed, told},
    mail,
    payments::settle,
};

use record::Open;
use rows::OrderRow;
use rules::{Asker, is_desk, word};

/// Longer than any honest reason, shorter than a flood.
const LONGEST_REASON: usize = 500;

#[async_trait]
impl Orders for Booking {
    async fn find(&self, ctx: &Ctx, of: OrderOf) -> Result<Order, BookingError> {
        let ctx = ctx.clone();
        let found = self.db.read(move |conn| match seen(conn, &ctx, &of)? {
            Some(row) => view::whole(conn, row).map(Some),
            None => Ok(None),
        });
        found.await.map_err(told)?.ok_or(BookingError::NotFound)
    }

    async fn mine(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<OrderSummary>, BookingError> {
        let person = ctx.actor.person().ok_or(BookingError::Forbidden)?;
        let now = self.outside.now();
        self.db.read(move |conn| search::of_person(conn, person, now, &page)).await.map_err(told)
    }

    async fn search(&self, ctx: &Ctx, ask: OrderSearch) -> Result<Page<OrderSummary>, BookingError> {
        desk_only(ctx)?;
        self.db.read(move |conn| search::find(conn, &ask)).await.map_err(told)
    }

    async fn quote_cancellation(&self, ctx: &Ctx, of: OrderOf) -> Result<CancellationQuote, BookingError> {
        let (ctx, now) = (ctx.clone(), self.outside.now());
        let found = self.db.read(move |conn| match seen(conn, &ctx, &of)? {
            Some(row) => cancel::quote(conn, &row, now).map(Some),
            None => Ok(None),
        });
        found.await.map_err(told)?.ok_or(BookingError::NotFound)?.map_err(BookingError::from)
    }

    async fn cancel(&self, ctx: &Ctx, ask: Cancel) -> Result<Order, BookingError> {
        let locator = ask.of.locator;
        self.db
            .write::<_, Failed>(ctx, move |tx| {
                tx.once("orders.cancel", &ask, |tx| {
                    let ctx = tx.ctx();
                    if seen(tx.conn(), ctx, &ask.of)?.is_none() {
                        return Err(BookingError::NotFound.into());
                    }
                    cancel::cancel(tx, locator, ask.agreed_refund)?;
                    if ctx.actor.role().is_some_and(Role::is_staff) {
                        audit::write(tx, "order.cancelled", format!("order/{locator}"), "")?;
                    }
                    Ok(())
                })
            })
            .await?;
        self.order_now(locator).await
    }

    async fn refund(&self, ctx: &Ctx, ask: Refund) -> Result<Order, BookingError> {
        if !ctx.actor.may(&[Role::Agent, Role::Ops]) {
            return Err(BookingError::Forbidden);
        }
        let reason = reason(&ask.reason)?;
        if ask.amount.minor <= 0 {
            return Err(BookingError::Invalid(FieldErrors::one("amount", "Give an amount above zero")));
        }
        let locator = ask.locator;
        self.db
            .write::<_, Failed>(ctx, move |tx| {
                tx.once("orders.refund", &ask, |tx| {
                    let mut order = Open::find(tx.conn(), locator)?.ok_or(BookingError::NotFound)?;
                    settle::give_back(tx, &mut order, ask.amount, &reason)?;
                    order.close(tx.conn())?;
                    audit::write(tx, "order.refunded", format!("order/{locator}"), &reason)?;
                    Ok(())
                })
            })
            .await?;
        self.order_now(locator).await
    }

    async fn take_mail(&self, ctx: &Ctx, ask: TakeMail) -> Result<Vec<MailDue>, BookingError> {
        house_only(ctx)?;
        Ok(self.db.write::<_, Failed>(ctx, move |tx| Ok(mail::take(tx, ask.limit)?)).await?)
    }

    async fn mail_done(&self, ctx: &Ctx, outcome: MailOutcome) -> Result<(), BookingError> {
        house_only(ctx)?;
        let known = self.db.write::<_, Failed>(ctx, move |tx| Ok(mail::done(tx, &outcome)?)).await?;
        if known { Ok(()) } else { Err(BookingError::NotFound) }
    }

    async fn audit(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<AuditRow>, BookingError> {
        if !ctx.actor.may(&[Role::Auditor]) {
            return Err(BookingError::Forbidden);
        }
        self.db.read(move |conn| audit::page(conn, &page)).await.map_err(told)
    }
}

impl Booking {
    /// An order for somebody who has just been let to change it.
    pub(crate) async fn order_now(&self, locator: Locator) -> Result<Order, BookingError> {
        let found = self.db.read(move |conn| match rows::by_locator(conn, locator)? {
            Some(row) => view::whole(conn, row).map(Some),
            None => Ok(None),
        });
        found.await.map_err(told)?.ok_or(BookingError::NotFound)
    }
}

/// How many live orders use a leg.
pub(crate) fn count_on(conn: &mut Conn, leg: &LegKey) -> Result<u32, DbError> {
    rows::count_on(conn, leg, &live_words())
}

/// States in which somebody means to travel.
pub(crate) fn live_words() -> Vec<&'static str> {
    use OrderState::{ActionRequired, Confirmed, Held, PendingPayment, Ticketed, TicketingFailed};
    [PendingPayment, Held, Confirmed, Ticketed, TicketingFailed, ActionRequired].map(word).to_vec()
}

/// The order, if the asker may see it. Missing and somebody else's take the same path.
fn seen(conn: &mut Conn, ctx: &Ctx, of: &OrderOf) -> Result<Option<OrderRow>, DbError> {
    let found = rows::by_locator(conn, of.locator)?;
    // Asked for in either case, so that the time it takes does not tell which locators exist.
    let id = found.as_ref().map_or(OrderId(Uuid::nil()), |row| row.id.0);
    let people = rows::passengers(conn, id)?;
    let keys: Vec<String> = people.into_iter().map(|who| who.family_key).collect();
    let asker = Asker { actor: &ctx.actor, says: of.family_name.as_deref() };
    Ok(found.filter(|row| asker.may_see(row.owner.map(|owner| owner.0), &keys)))
}

pub(crate) fn desk_only(ctx: &Ctx) -> Result<(), BookingError> {
    if is_desk(&ctx.actor) { Ok(()) } else { Err(BookingError::Forbidden) }
}

/// Banyan's own workers.
fn house_only(ctx: &Ctx) -> Result<(), BookingError> {
    if ctx.actor.may(&[]) { Ok(()) } else { Err(BookingError::Forbidden) }
}

/// A reason for the audit trail.
pub(crate) fn reason(typed: &str) -> Result<String, BookingError> {
    let reason: String = typed.trim().chars().take(LONGEST_REASON).collect();
    if reason.is_empty() {
        return Err(BookingError::Invalid(FieldErrors::one(
            "reason",
            "Say why; it goes into the audit trail",
        )));
    }
    Ok(reason)
}
