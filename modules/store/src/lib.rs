//! store
mod columns;
mod conn;
pub use columns::{AsText, DateText, Json, JsonText, LocalText, Micros, UuidText};
pub use conn::{Conn, Engine};
