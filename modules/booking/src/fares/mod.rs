//! What a trip costs: published fares by origin and destination, taxes by country, and connecting times.

mod conditions;
pub(crate) mod connecting;
mod file;
pub(crate) mod import;
pub(crate) mod rows;
mod schema;
pub(crate) mod taxes;
