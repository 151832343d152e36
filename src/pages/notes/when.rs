//! Dates as a person says them: "Today at 10:51" in the reader's own zone, where days are days of the calendar.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::edge::Visit;

/// The cookie in which a reader's browser tells its zone.
const ZONE: &str = "zone";

/// The reader's clock: what time it is, and where.
pub(crate) struct Here {
    now: Timestamp,
    zone: TimeZone,
}

impl Here {
    /// Without scripts nobody tells us the zone, and then it is UTC.
    pub(crate) fn of(visit: &Visit) -> Self {
        let told = visit.request().cookie(ZONE);
        let zone = told.and_then(|cookie| zone(cookie.value())).unwrap_or(TimeZone::UTC);
        Self { now: visit.portal.outside.now(), zone }
    }

    /// "Today at 10:51", "Yesterday at 10:51", "2 days ago" to "7 days ago", then "02 Feb 2013".
    pub(crate) fn say(&self, at: Timestamp) -> String {
        let then = at.to_zoned(self.zone.clone());
        let today = self.now.to_zoned(self.zone.clone()).date();
        match days_between(then.date(), today) {
            0 => then.strftime("Today at %H:%M").to_string(),
            1 => then.strftime("Yesterday at %H:%M").to_string(),
            days @ 2..=7 => format!("{days} days ago"),
            _ => then.strftime("%d %b %Y").to_string(),
        }
    }
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// A zone by its name, as browsers tell it; the slash may come escaped.
fn zone(told: &str) -> Option<TimeZone> {
    let name = told.replace("%2F", "/").replace("%2f", "/");
    let plain = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    if plain { kernel::zone(&name) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(now: &str, at: &str, zone: &str) -> String {
        Here { now: now.parse().unwrap(), zone: TimeZone::get(zone).unwrap() }.say(at.parse().unwrap())
    }

    #[test]
    fn days_are_days_of_the_readers_calendar() {
        let (utc, amsterdam, york) = ("UTC", "Europe/Amsterdam", "America/New_York");
        let table = [
            // An ordinary day, second by second across midnight.
            ("2013-02-10T12:00:00Z", "2013-02-10T10:51:00Z", utc, "Today at 10:51"),
            ("2013-02-10T12:00:00Z", "2013-02-10T00:00:00Z", utc, "Today at 00:00"),
            ("2013-02-10T12:00:00Z", "2013-02-09T23:59:59Z", utc, "Yesterday at 23:59"),
            ("2013-02-10T00:00:00Z", "2013-02-09T23:59:59Z", utc, "Yesterday at 23:59"),
            ("2013-02-10T12:00:00Z", "2013-02-09T00:00:00Z", utc, "Yesterday at 00:00"),
            ("2013-02-10T12:00:00Z", "2013-02-08T23:59:59Z", utc, "2 days ago"),
            ("2013-02-10T12:00:00Z", "2013-02-07T10:51:00Z", utc, "3 days ago"),
            ("2013-02-10T12:00:00Z", "2013-02-03T00:00:00Z", utc, "7 days ago"),
            ("2013-02-10T12:00:00Z", "2013-02-02T23:59:59Z", utc, "02 Feb 2013"),
            ("2013-03-01T12:00:00Z", "2013-02-27T12:00:00Z", utc, "2 days ago"),
            ("2013-01-01T00:30:00Z", "2012-12-31T23:30:00Z", utc, "Yesterday at 23:30"),
            // The same instant is another day elsewhere.
            ("2013-02-10T12:00:00Z", "2013-02-09T23:30:00Z", amsterdam, "Today at 00:30"),
            ("2013-02-10T03:00:00Z", "2013-02-10T01:00:00Z", york, "Today at 20:00"),
            ("2013-02-10T12:00:00Z", "2013-02-10T04:59:00Z", york, "Yesterday at 23:59"),
            // The clocks go forward on 31 March and back on 27 October 2013: days of 23 and 25 hours.
            ("2013-03-31T22:30:00Z", "2013-03-30T23:30:00Z", amsterdam, "Yesterday at 00:30"),
            ("2013-03-31T21:30:00Z", "2013-03-30T23:30:00Z", amsterdam, "Today at 00:30"),
            ("2013-03-31T12:00:00Z", "2013-03-31T01:30:00Z", amsterdam, "Today at 03:30"),
            ("2013-10-27T22:59:00Z", "2013-10-26T22:00:00Z", amsterdam, "Today at 00:00"),
            ("2013-10-27T23:00:00Z", "2013-10-26T22:00:00Z", amsterdam, "Yesterday at 00:00"),
            ("2013-11-03T22:30:00Z", "2013-10-27T00:30:00Z", amsterdam, "7 days ago"),
            ("2013-11-03T23:30:00Z", "2013-10-27T00:30:00Z", amsterdam, "27 Oct 2013"),
            // A clock that was ahead: never "0 days ago" or less.
            ("2013-02-10T12:00:00Z", "2013-02-10T12:00:01Z", utc, "Today at 12:00"),
            ("2013-02-10T12:00:00Z", "2013-02-12T12:00:00Z", utc, "12 Feb 2013"),
        ];
        for (now, at, zone, words) in table {
            assert_eq!(said(now, at, zone), words, "{at} seen at {now} in {zone}");
        }
    }

    #[test]
    fn a_zone_is_believed_only_if_it_exists() {
        assert!(zone("Europe/Amsterdam").is_some() && zone("Europe%2FAmsterdam").is_some());
        for odd in ["", "../../etc/passwd", "Mars/Base", "Europe/Amsterdam\"", &"x".repeat(99)] {
            assert!(zone(odd).is_none(), "{odd}");
        }
    }
}
