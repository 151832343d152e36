//! Time zones by IANA name, from the tables that are compiled in: the machine's own may be older, newer or missing, and
//! two processes must agree on what a local day is.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The zone of that name; `None` for one that nobody knows.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}
