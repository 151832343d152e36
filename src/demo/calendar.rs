//! Days and local clocks for the generator: a day is a number, an instant is a UTC minute, and each station's clock changes are
//! looked up once, because a season asks for hundreds of thousands of local times.

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

pub(super) const DAY: i64 = 1440;
const EPOCH: Date = jiff::civil::date(1970, 1, 1);

pub(super) fn day_of(date: Date) -> i64 {
    EPOCH.until(date).map_or(0, |span| i64::from(span.get_days()))
}

pub(super) fn date_of(day: i64) -> Date {
    EPOCH.checked_add(day.days()).unwrap_or(EPOCH)
}

/// 0 is Monday.
pub(super) fn weekday(day: i64) -> u32 {
    u32::try_from((day + 3).rem_euclid(7)).unwrap_or_default()
}

pub(super) fn ddmmmyy(day: i64) -> String {
    date_of(day).strftime("%d%b%y").to_string().to_uppercase()
}

pub(super) fn instant(minute: i64) -> Timestamp {
    Timestamp::from_second(minute * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A moment as the station's clock shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local {
    pub(super) day: i64,
    pub(super) minute: i64,
    pub(super) variation: i64,
}

impl Local {
    pub(super) fn hhmm(self) -> String {
        format!("{:02}{:02}", self.minute / 60, self.minute % 60)
    }

    pub(super) fn variation_text(self) -> String {
        let sign = if self.variation < 0 { '-' } else { '+' };
        let size = self.variation.abs();
        format!("{sign}{:02}{:02}", size / 60, size % 60)
    }
}

/// One station's offsets from UTC between two days.
pub(super) struct Clock {
    start: i64,
    changes: Vec<(i64, i64)>,
}

impl Clock {
    /// Reads the zones that travel with the program, never the machine's, so that files agree everywhere.
    pub(super) fn new(zones: &TimeZoneDatabase, zone: &str, first: i64, last: i64) -> Self {
        let zone = zones.get(zone).unwrap_or(TimeZone::UTC);
        let from = instant(first * DAY);
        let offset = |at: Timestamp| i64::from(zone.to_offset(at).seconds() / 60);
        let changes = zone
            .following(from)
            .take_while(|change| change.timestamp() < instant(last * DAY))
            .map(|change| {
                (change.timestamp().as_second().div_euclid(60), i64::from(change.offset().seconds() / 60))
            })
            .collect();
        Self { start: offset(from), changes }
    }

    pub(super) fn offset(&self, utc: i64) -> i64 {
        self.changes.iter().rev().find(|(at, _)| *at <= utc).map_or(self.start, |(_, offset)| *offset)
    }

    pub(super) fn local(&self, utc: i64) -> Local {
        let variation = self.offset(utc);
        let shown = utc + variation;
        Local { day: shown.div_euclid(DAY), minute: shown.rem_euclid(DAY), variation }
    }

    /// The UTC minute from which a base counts the minutes of its operating day: noon decides, so that a clock change in the
    /// night moves whole days and never a turnaround.
    pub(super) fn start_of(&self, day: i64) -> i64 {
        day * DAY - self.offset(day * DAY + DAY / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weekdays() {
        let day = day_of(jiff::civil::date(2026, 11, 20));
        assert_eq!(date_of(day), jiff::civil::date(2026, 11, 20));
        assert_eq!((weekday(day), ddmmmyy(day).as_str()), (4, "20NOV26"));
    }

    #[test]
    fn a_clock_change_is_seen_at_its_minute() {
        let first = day_of(jiff::civil::date(2027, 3, 20));
        let clock = Clock::new(&TimeZoneDatabase::bundled(), "Europe/Amsterdam", first, first + 20);
        let change = day_of(jiff::civil::date(2027, 3, 28)) * DAY + 60;
        assert_eq!((clock.offset(change - 1), clock.offset(change)), (60, 120));
        assert_eq!(clock.local(change).hhmm(), "0300");
        assert_eq!(clock.local(change).variation_text(), "+0200");
    }
}
