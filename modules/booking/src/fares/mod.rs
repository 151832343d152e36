//! What a trip costs: published fares by origin and destination, taxes by country, and connecting times.

mod conditions;
pub(crate) mod connecting;
mod file;
pub(crate) mod import;
pub(crate) mod rows;
mod schema;
pub(crate) mod taxes;
#[cfg(test)]
mod tests;

use booking_api::{
    BookingError,
    events::{Fare, TaxesChanged},
};
use kernel::Iata;

use crate::Booking;

impl Booking {
    /// The published fares of one direction, in the order of their file.
    pub(crate) async fn fares_between(&self, from: Iata, to: Iata) -> Result<Vec<Fare>, BookingError> {
        self.db.ask(move |conn| rows::of_pair(conn, from, to)).await
    }

    pub(crate) async fn taxes(&self) -> Result<TaxesChanged, BookingError> {
        self.db.ask(rows::taxes).await
    }
}
