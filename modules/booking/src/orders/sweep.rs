//! The sweeper: ends holds that were not paid for and finishes payments that took their time. One process runs it at a
//! time, and every step is a transaction of its own that looks again.

use std::time::Duration;

use booking_api::{BookingError, IntentId, OrderId, OrderState};
use jiff::{SignedDuration, Timestamp};
use kernel::Ctx;
use store::{DbError, Lease, Micros};
use tokio::{sync::watch, time::Instant};

use super::{rows, rules::word};
use crate::{
    Booking,
    failed::{Failed, told},
    payments, shop,
};

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Holds that ended.
    pub expired: u32,
    /// Slow payments that were settled.
    pub settled: u32,
}

const ROUND: Duration = Duration::from_millis(500);
const LEASE: SignedDuration = SignedDuration::from_secs(10);
const RENEW: Duration = Duration::from_secs(3);
const TIDY: Duration = Duration::from_hours(1);
/// How long a basket that became nothing can still be looked at.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24);
const MOST: i64 = 200;
const JOB: &str = "booking.sweeper";

/// Sweeps until the stop sign (`true`, or a dropped sender), whenever this process holds the lease.
pub async fn sweep_until(booking: &Booking, mut stop: watch::Receiver<bool>) {
    let holder = booking.outside.uuid().to_string();
    let mut tidied: Option<Instant> = None;
    let mut held: Option<Instant> = None;
    while !stopped(&mut stop).await {
        if held.is_none_or(|since| since.elapsed() >= RENEW) {
            held = has_lease(booking, &holder).await.then(Instant::now);
        }
        if held.is_none() {
            continue;
        }
        if let Err(error) = sweep(booking).await {
            tracing::warn!("sweeping holds and payments failed and will be tried again: {error}");
        }
        if tidied.is_none_or(|last| last.elapsed() >= TIDY) {
            tidy(booking).await;
            tidied = Some(Instant::now());
        }
    }
}

async fn has_lease(booking: &Booking, holder: &str) -> bool {
    match Lease::take(&booking.db, JOB, holder, LEASE).await {
        Ok(lease) => lease.is_some(),
        Err(error) => {
            tracing::warn!("the sweeper's lease could not be asked for: {error}");
            false
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) -> bool {
    tokio::time::timeout(ROUND, stop.wait_for(|stop| *stop)).await.is_ok()
}

async fn tidy(booking: &Booking) {
    let before = booking.outside.now().checked_sub(FORGOTTEN).unwrap_or(Timestamp::MIN);
    let ctx = Ctx::system(JOB);
    let work = booking.db.write::<_, DbError>(&ctx, move |tx| shop::forget(tx.conn(), before));
    if let Err(error) = work.await {
        tracing::warn!("old baskets could not be cleared away: {error}");
    }
}

/// One round. Payments first: a payment that has just come in time keeps its seats. One order's trouble is not another's.
pub async fn sweep(booking: &Booking) -> Result<Swept, BookingError> {
    let now = Micros(booking.outside.now());
    let waiting = [word(OrderState::PendingPayment), word(OrderState::Held)];
    let due = booking.db.read(move |conn| payments::rows::due(conn, now, MOST)).await.map_err(told)?;
    let mut swept = Swept::default();
    for id in due {
        match settle(booking, id).await {
            Ok(()) => swept.settled += 1,
            Err(error) => tracing::warn!(intent = %id, "a slow payment could not be settled: {error}"),
        }
    }
    let lapsed = booking.db.read(move |conn| rows::lapsed(conn, &waiting, now, MOST)).await.map_err(told)?;
    for id in lapsed {
        match expire(booking, id).await {
            Ok(ended) => swept.expired += u32::from(ended),
            Err(error) => tracing::warn!(order = %id, "a hold could not be ended: {error}"),
        }
    }
    Ok(swept)
}

async fn settle(booking: &Booking, id: IntentId) -> Result<(), BookingError> {
    let verdict = booking.provider.outcome();
    let ctx = Ctx::system(JOB);
    let work = booking.db.write::<_, Failed>(&ctx, move |tx| payments::settle::apply(tx, id, &verdict));
    Ok(work.await?)
}

async fn expire(booking: &Booking, id: OrderId) -> Result<bool, BookingError> {
    let ctx = Ctx::system(JOB);
    let work = booking.db.write::<_, Failed>(&ctx, move |tx| {
        let Some(order) = rows::by_id(tx.conn(), id)? else { return Ok(false) };
        payments::settle::expire(tx, order.locator.0)
    });
    Ok(work.await?)
}
