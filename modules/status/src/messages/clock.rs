//! Times of day as telexes write them: `0830`, or `120830` with the day of the month. Which day is meant is decided
//! later, by the nearest to something known.

use std::{fmt, str::FromStr};

use jiff::{Span, Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Minutes after midnight UTC, and perhaps a day of the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Clock {
    pub(crate) day: Option<u8>,
    /// 0 to 1440: `2400` is the end of its day.
    pub(crate) minute: u16,
}

impl Clock {
    /// The instant with this time (and day of the month) that is nearest to `known`.
    pub(crate) fn near(self, known: Timestamp) -> Option<Timestamp> {
        let today = known.to_zoned(TimeZone::UTC).date();
        let days = match self.day {
            Some(day) => DayOf { day, month: None, year: None }.candidates(today),
            None => [-1, 0, 1].into_iter().filter_map(|n| shifted(today, n)).collect(),
        };
        let instants = days.into_iter().filter_map(|day| self.on(day));
        instants.min_by_key(|at| at.duration_since(known).abs())
    }

    /// This time of day on a given day, in UTC.
    pub(crate) fn on(self, day: civil::Date) -> Option<Timestamp> {
        let midnight = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
        midnight.checked_add(Span::new().try_minutes(self.minute).ok()?).ok()
    }
}

impl FromStr for Clock {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(());
        }
        let (day, time) = match text.len() {
            4 => (None, text),
            6 => (Some(text.get(..2).ok_or(())?), text.get(2..).ok_or(())?),
            _ => return Err(()),
        };
        let day = day.map(|day| day.parse::<u8>().map_err(drop)).transpose()?;
        let hours: u16 = time.get(..2).and_then(|t| t.parse().ok()).ok_or(())?;
        let minutes: u16 = time.get(2..).and_then(|t| t.parse().ok()).ok_or(())?;
        let minute = hours * 60 + minutes;
        let fits = minutes < 60 && minute <= 1440 && day.is_none_or(|day| (1..=31).contains(&day));
        if fits { Ok(Self { day, minute }) } else { Err(()) }
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(day) = self.day {
            write!(f, "{day:02}")?;
        }
        write!(f, "{:02}{:02}", self.minute / 60, self.minute % 60)
    }
}

impl Serialize for Clock {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|()| serde::de::Error::custom("not a time of day"))
    }
}

/// A date as messages write it: `12`, `12MAY` or `12MAY26`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayOf {
    pub(crate) day: u8,
    pub(crate) month: Option<i8>,
    pub(crate) year: Option<i16>,
}

impl DayOf {
    /// The date that is meant: as far as it is open, the one nearest to `known`.
    pub(crate) fn near(self, known: civil::Date) -> Option<civil::Date> {
        let far = |date: &civil::Date| known.until(*date).map_or(i32::MAX, |span| span.get_days().abs());
        self.candidates(known).into_iter().min_by_key(far)
    }

    fn candidates(self, known: civil::Date) -> Vec<civil::Date> {
        let Ok(day) = i8::try_from(self.day) else { return Vec::new() };
        let date = |year, month| civil::Date::new(year, month, day).ok();
        match (self.month, self.year) {
            (Some(month), Some(year)) => date(year, month).into_iter().collect(),
            (Some(month), None) => {
                (-1..=1).filter_map(|n| date(known.year().checked_add(n)?, month)).collect()
            }
            (None, _) => (-1..=1)
                .filter_map(|n| known.first_of_month().checked_add(Span::new().months(n)).ok())
                .filter_map(|month| date(month.year(), month.month()))
                .collect(),
        }
    }
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

impl FromStr for DayOf {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (day, rest) = text.split_at_checked(digits).ok_or(())?;
        let day = day.parse().map_err(drop)?;
        if !(1..=31).contains(&day) || digits > 2 {
            return Err(());
        }
        if rest.is_empty() {
            return Ok(Self { day, month: None, year: None });
        }
        let (month, year) = rest.split_at_checked(3).ok_or(())?;
        let month = (1..).zip(MONTHS).find(|(_, name)| *name == month).map(|(n, _)| n).ok_or(())?;
        let year = match year {
            "" => None,
            two if two.len() == 2 && two.bytes().all(|b| b.is_ascii_digit()) => {
                Some(2000 + two.parse::<i16>().map_err(drop)?)
            }
            _ => return Err(()),
        };
        Ok(Self { day, month: Some(month), year })
    }
}

impl fmt::Display for DayOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.day)?;
        let month = self.month.and_then(|month| MONTHS.get(usize::try_from(month - 1).ok()?));
        month.map_or(Ok(()), |name| f.write_str(name))?;
        self.year.map_or(Ok(()), |year| write!(f, "{:02}", year.rem_euclid(100)))
    }
}

pub(crate) fn shifted(day: civil::Date, by: i32) -> Option<civil::Date> {
    day.checked_add(Span::new().try_days(by).ok()?).ok()
}
