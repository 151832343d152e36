//! Days and minutes as plain numbers since 1970, because the engine adds and compares them millions of times.

use jiff::{Timestamp, civil};

/// Days since 1970-01-01.
pub(crate) type Day = i32;
/// Minutes since 1970-01-01 in UTC.
pub(crate) type Minute = i32;

pub(crate) const MINUTES: i32 = 1_440;

const EPOCH: civil::Date = civil::date(1970, 1, 1);

pub(crate) fn day(date: civil::Date) -> Day {
    i32::try_from(date.duration_since(EPOCH).as_hours() / 24).unwrap_or(0)
}

pub(crate) fn date(day: Day) -> civil::Date {
    EPOCH.checked_add(jiff::SignedDuration::from_hours(i64::from(day) * 24)).unwrap_or(EPOCH)
}

/// Whether minutes of this day can be counted: some four thousand years around 1970.
pub(crate) fn is_near(day: Day) -> bool {
    day.abs() < 1_000_000
}

/// 0 is Monday; 1970 began on a Thursday.
pub(crate) fn weekday(day: Day) -> u32 {
    (day + 3).rem_euclid(7).unsigned_abs()
}

pub(crate) fn instant(minute: Minute) -> Timestamp {
    Timestamp::from_second(i64::from(minute) * 60).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The minute that an instant lies in.
pub(crate) fn minute(at: Timestamp) -> Minute {
    i32::try_from(at.as_second().div_euclid(60)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for (text, number, weekday_number) in [
            ("1970-01-01", 0, 3),
            ("2001-05-15", 11_457, 1),
            ("1969-12-31", -1, 2),
            ("2024-02-29", 19_782, 3),
        ] {
            let value: civil::Date = text.parse().unwrap();
            assert_eq!((day(value), weekday(number)), (number, weekday_number), "{text}");
            assert_eq!(date(number), value);
        }
    }
}
