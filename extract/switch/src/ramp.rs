//! How a share grows: in steps that somebody takes, or by itself over time. A time ramp has no state beyond its
//! beginning: where it stands follows from the clock, in integers, so that every process agrees.

use std::{fmt, time::Duration};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use crate::{BUCKETS, Lasts};

/// The `ramp` key of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ramp {
    /// Shares of the hop's `to`, growing.
    pub steps: Vec<Percent>,
    /// How long a step must have stood before the next.
    pub hold: Lasts,
    pub min_subjects: u64,
    /// Weekly hours (UTC) in which nothing moves forward: `Fri 16:00-Mon 08:00`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub freeze: Vec<Freeze>,
    /// Instead of steps: the share grows by itself, all the way, over this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Lasts>,
    /// When a time ramp begins; left out: when it is put in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub begins: Option<Timestamp>,
}

impl Default for Ramp {
    fn default() -> Self {
        Self {
            steps: [100, 1_000, 5_000, 10_000, 25_000, 50_000, BUCKETS].map(Percent).to_vec(),
            hold: Lasts::secs(0),
            min_subjects: 0,
            freeze: Vec::new(),
            over: None,
            begins: None,
        }
    }
}

impl Ramp {
    /// The first step above a share, in buckets.
    pub fn next_above(&self, share: u32) -> Option<u32> {
        self.steps.iter().map(|step| step.0).find(|step| *step > share)
    }

    /// What makes no sense about it, if anything.
    pub(crate) fn trouble(&self) -> Option<String> {
        let grows = self.steps.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
        if !grows || self.steps.is_empty() || self.steps.first() == Some(&Percent(0)) {
            return Some("ramp.steps must grow from above 0 to at most 100".to_owned());
        }
        if self.over.is_some_and(|over| over.get() < Duration::from_secs(1)) {
            return Some("ramp.over must last at least a second".to_owned());
        }
        (self.begins.is_some() && self.over.is_none())
            .then(|| "ramp.begins needs ramp.over: how long the ramp lasts".to_owned())
    }
}

/// A share that grows by itself: from its own beginning to everything that the hop's `from` held then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glide {
    pub begins: Timestamp,
    pub lasts: Lasts,
}

impl Glide {
    /// How many of `buckets` have moved by now.
    pub fn moved(&self, buckets: u32, now: Timestamp) -> u32 {
        let total = self.lasts.get().as_nanos().max(1);
        let gone = u128::try_from(now.duration_since(self.begins).as_nanos()).unwrap_or(0).min(total);
        u32::try_from(u128::from(buckets) * gone / total).unwrap_or(buckets)
    }

    pub fn ends(&self) -> Timestamp {
        self.begins.checked_add(self.lasts.signed()).unwrap_or(Timestamp::MAX)
    }
}

/// A share in percent with at most three decimals, kept in whole buckets. A number in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percent(pub u32);

impl TryFrom<f64> for Percent {
    type Error = String;
    fn try_from(percent: f64) -> Result<Self, String> {
        let buckets = percent * 1_000.0;
        let whole = buckets.round();
        if !(0.0..=100.0).contains(&percent) || (buckets - whole).abs() > 1e-6 {
            return Err(format!("{percent} is not a share: 0 to 100, with at most three decimals"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100,000, and whole"
        )]
        Ok(Self(whole as u32))
    }
}

impl std::str::FromStr for Percent {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a share: 0 to 100, with at most three decimals");
        text.trim().trim_end_matches('%').trim().parse::<f64>().map_err(|_| wrong()).and_then(Self::try_from)
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        Self::from(percent.0) / 1_000.0
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Weekly hours in UTC, such as `Fri 16:00-Mon 08:00`. They may run over the end of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Freeze {
    /// Minutes since Monday, 00:00.
    from: i64,
    to: i64,
    text: String,
}

const WEEK: i64 = 7 * 24 * 60;

impl Freeze {
    pub fn holds(&self, now: Timestamp) -> bool {
        let now = now.to_zoned(TimeZone::UTC);
        let day = i64::from(now.weekday().to_monday_zero_offset());
        let minute = (day * 24 + i64::from(now.hour())) * 60 + i64::from(now.minute());
        (minute - self.from).rem_euclid(WEEK) < (self.to - self.from).rem_euclid(WEEK)
    }
}

impl TryFrom<String> for Freeze {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let ends =
            text.split_once('-').and_then(|(from, to)| Some((minute_of_week(from)?, minute_of_week(to)?)));
        match ends {
            Some((from, to)) if from != to => Ok(Self { from, to, text }),
            _ => Err(format!("`{text}` is not a window: write `Fri 16:00-Mon 08:00` (UTC)")),
        }
    }
}

impl From<Freeze> for String {
    fn from(freeze: Freeze) -> Self {
        freeze.text
    }
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn minute_of_week(text: &str) -> Option<i64> {
    let (day, time) = text.trim().split_once(' ')?;
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let day = days.iter().position(|name| name.eq_ignore_ascii_case(day))?;
    let time: Time = time.trim().parse().ok()?;
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()?;
    let days = i64::from(weekday.to_monday_zero_offset());
    Some((days * 24 + i64::from(time.hour())) * 60 + i64::from(time.minute()))
}

/// Since when something has stood, and whether that is long enough.
pub(crate) fn left_of(hold: Lasts, since: Option<Timestamp>, now: Timestamp) -> Option<SignedDuration> {
    let due = since?.checked_add(hold.signed()).ok()?;
    (due > now).then(|| due.duration_since(now))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn windows_of_the_week() {
        let weekend = Freeze::try_from("Fri 16:00-Mon 08:00".to_owned()).unwrap();
        for (now, frozen) in [
            ("2026-11-20T15:59:00Z", false),
            ("2026-11-20T16:00:00Z", true),
            ("2026-11-22T12:00:00Z", true),
            ("2026-11-23T07:59:00Z", true),
            ("2026-11-23T08:00:00Z", false),
        ] {
            assert_eq!(weekend.holds(at(now)), frozen, "{now}");
        }
        for text in ["Fri 16:00", "Fri 16:00-Fri 16:00", "Someday 1:00-Mon 2:00", "Fri-Mon"] {
            assert!(Freeze::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_glide_never_goes_back(buckets in 0u32..=BUCKETS, lasts in 1u64..100_000, a in -10i64..200_000, b in -10i64..200_000) {
            let glide = Glide { begins: Timestamp::UNIX_EPOCH, lasts: Lasts::secs(lasts) };
            let moved = |s| glide.moved(buckets, Timestamp::from_second(s).unwrap());
            prop_assert!(moved(a.min(b)) <= moved(a.max(b)));
            prop_assert_eq!(moved(0), 0);
            prop_assert_eq!(moved(i64::try_from(lasts).unwrap()), buckets);
        }
    }

    #[test]
    fn percents() {
        for (text, buckets) in
            [("0.1", 100), ("5", 5_000), ("100", 100_000), ("0.001", 1), (" 25 % ", 25_000)]
        {
            assert_eq!(text.parse(), Ok(Percent(buckets)), "{text}");
        }
        for text in ["", "-1", "100.1", "0.0001", "NaN", "inf", "x"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
        assert_eq!(Percent(12_500).to_string(), "12.5");
    }
}
