//! Booking: the core that stays whole. It owns the schedule, fares, inventory, orders, payments and tickets; it calls
//! nobody, and what it did flows out of its feed. Each room hangs its face (`impl Schedule for Booking` and the
//! like) beside its own code.

mod csv;
mod disruption;
mod failed;
mod fares;
mod imports;
mod inventory;
#[cfg(test)]
#[path = "../tests/suite/kit.rs"]
#[allow(dead_code, reason = "the suite needs more of it")]
mod kit;
#[cfg(test)]
mod life_tests;
mod mail;
mod mail_letters;
mod orders;
mod payments;
mod schedule;
mod shop;
mod tickets;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use booking_api::QuoteKey;
use kernel::Outside;
use store::{Db, DbError, Migrations, embed_migrations};

use payments::provider::{Provider, Sandbox};
use schedule::{places::Places, timetable::Timetable};

pub use orders::sweep::{Swept, sweep, sweep_until};

/// What booking needs from the house.
pub struct Parts {
    pub db: Db,
    pub outside: Outside,
    /// What search seals quotes with.
    pub quote_key: QuoteKey,
}

/// The module, as all its faces share it.
pub struct Booking {
    pub(crate) db: Db,
    pub(crate) outside: Outside,
    pub(crate) quote_key: QuoteKey,
    pub(crate) places: Arc<Places>,
    pub(crate) timetable: Timetable,
    pub(crate) provider: Arc<dyn Provider>,
}

/// The module's tables, for `Db::open` and `banyan migrate`.
pub fn migrations() -> Migrations {
    const EMBEDDED: Migrations = Migrations {
        sqlite: embed_migrations!("../../migrations/booking/sqlite"),
        postgres: embed_migrations!("../../migrations/booking/postgres"),
    };
    EMBEDDED
}

/// Starts booking: loads the schedule, then follows changes that other processes make to it for as long as the answer lives.
pub async fn start(parts: Parts) -> Result<Arc<Booking>, DbError> {
    let booking = Arc::new(Booking {
        db: parts.db,
        outside: parts.outside,
        quote_key: parts.quote_key,
        places: Arc::new(Places::read()),
        timetable: Timetable::default(),
        provider: Arc::new(Sandbox),
    });
    booking.refresh_schedule().await?;
    tokio::spawn(follow(Arc::downgrade(&booking)));
    Ok(booking)
}

const POLL: Duration = Duration::from_millis(250);

/// Ends with the last other holder of the module.
async fn follow(booking: Weak<Booking>) {
    loop {
        tokio::time::sleep(POLL).await;
        let Some(booking) = booking.upgrade() else { return };
        if let Err(error) = booking.refresh_schedule().await {
            tracing::warn!("the schedule could not be refreshed and stays as it was: {error}");
        }
    }
}
