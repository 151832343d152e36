//! The schedule: read from season files, kept as periods, and answered by day from memory.

mod aircraft;
pub(crate) mod dates;
mod day;
mod face;
pub(crate) mod import;
#[cfg(test)]
mod import_tests;
pub(crate) mod levels;
pub(crate) mod places;
mod replace;
pub(crate) mod rows;
mod schema;
pub(crate) mod ssim;
pub(crate) mod timetable;

use store::DbError;

use crate::Booking;

pub(crate) use timetable::ScheduledLeg;

impl Booking {
    /// Loads what changed in the schedule since the last look, in this process or another.
    pub(crate) async fn refresh_schedule(&self) -> Result<(), DbError> {
        let seen = self.timetable.version();
        let news = self.db.read(move |conn| rows::newer_than(conn, seen)).await?;
        if let Some(news) = news {
            self.timetable.apply(news);
        }
        Ok(())
    }
}
