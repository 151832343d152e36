//! How booking behaves, wherever it is: from a quote to a ticket, and back. Knows the interfaces only. Each case has a
//! carrier of its own, so that one database serves them all; the module must open quotes with [`QUOTE_KEY`].
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod buying;
mod cancelling;
mod disrupting;
pub(crate) mod kit;
mod looking;
mod paying;

use std::sync::Arc;

use booking_api::{Disruption, Orders, Payments, Schedule, Shop};

pub(crate) use kit::{Airline, Faces, QUOTE_KEY};

/// Every case.
pub(crate) async fn all(
    schedule: Arc<dyn Schedule>,
    shop: Arc<dyn Shop>,
    orders: Arc<dyn Orders>,
    payments: Arc<dyn Payments>,
    disruption: Arc<dyn Disruption>,
) {
    let faces = Faces { schedule, shop, orders, payments, disruption };
    buying::all(&faces).await;
    paying::all(&faces).await;
    looking::all(&faces).await;
    cancelling::all(&faces).await;
    disrupting::all(&faces).await;
}
