//! The faces of the switch: its API, its command line and OFREP, on a server of its own. Every action leaves the same
//! audit row whichever face it was done by.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "faces/house.rs"]
mod house;

#[path = "faces/api.rs"]
mod api;
#[path = "faces/command_line.rs"]
mod command_line;
#[path = "faces/events.rs"]
mod events;
#[path = "faces/ofrep.rs"]
mod ofrep;
#[path = "faces/parity.rs"]
mod parity;
