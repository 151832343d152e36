//! Small things that the tests of several rooms build on.

use booking_api::{LegKey, Segment, Slice};
use kernel::{Conditions, Money};

use super::sold::{SoldLeg, SoldSlice};

/// One direction of one flight, an hour long, leaving at `departs` (UTC).
pub(crate) fn slice(departs: &str, charged: Money) -> SoldSlice {
    let departs: jiff::Timestamp = departs.parse().unwrap();
    let local = jiff::tz::Offset::UTC.to_datetime(departs);
    let leg = LegKey {
        designator: "XI42".parse().unwrap(),
        date: local.date(),
        from: "AMS".parse().unwrap(),
        to: "LHR".parse().unwrap(),
    };
    let segment = Segment {
        designator: leg.designator,
        date: leg.date,
        from: leg.from,
        to: leg.to,
        departs,
        arrives: departs + jiff::SignedDuration::from_hours(1),
        departs_local: local,
        arrives_local: local + jiff::SignedDuration::from_hours(1),
        departs_zone: "UTC".to_owned(),
        arrives_zone: "UTC".to_owned(),
        from_city: "Amsterdam".to_owned(),
        to_city: "London".to_owned(),
        class: 'K',
        aircraft: "738".to_owned(),
        cancelled: false,
    };
    let slice = Slice {
        segments: vec![segment],
        family: "Standard".to_owned(),
        cabin: 'Y',
        conditions: Conditions::default(),
    };
    SoldSlice { slice, charged, legs: vec![SoldLeg { segment: 0, leg, class: 'K' }] }
}
