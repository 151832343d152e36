//! The proxy's rules, one file to a row of the specification's table: a raw client, the proxy, and an upstream that
//! writes down the bytes it gets.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod caching;
mod client;
mod cookies;
mod door;
mod exhaustion;
mod forwarded;
mod framing;
mod head;
mod hop_by_hop;
mod identity;
mod loops;
mod path;
mod reader;
mod splitting;
mod ssrf;
mod stale;
mod transparent;
mod upgrade;
mod upstream;
