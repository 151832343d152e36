//! Periods: a first and a last date, days of the week, and whether only every second week counts.

use booking_api::events::SeasonFlight;
use jiff::civil;

/// Which base dates a season flight has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: civil::Date,
    pub(crate) to: civil::Date,
    /// Bit 0 is Monday.
    pub(crate) days: u8,
    /// Every second week, counted from `from`.
    pub(crate) fortnightly: bool,
}

impl Period {
    pub(crate) fn of(flight: &SeasonFlight) -> Self {
        Self { from: flight.from, to: flight.to, days: flight.days, fortnightly: flight.fortnightly }
    }

    /// Its dates, in order.
    pub(crate) fn dates(self) -> impl Iterator<Item = civil::Date> {
        self.candidates(self.from, Step::Forward).filter(move |date| self.has(*date))
    }

    pub(crate) fn first(self) -> Option<civil::Date> {
        self.candidates(self.from, Step::Forward).take(14).find(|date| self.has(*date))
    }

    pub(crate) fn last(self) -> Option<civil::Date> {
        self.candidates(self.to, Step::Back).take(14).find(|date| self.has(*date))
    }

    /// How many dates it has, without walking through them.
    pub(crate) fn count(self) -> u32 {
        let length = days_between(self.from, self.to) + 1;
        let block = if self.fortnightly { 14 } else { 7 };
        let rest = usize::try_from(length % block).unwrap_or(0);
        let whole = u32::try_from(length / block).unwrap_or(0) * (self.days & 0x7f).count_ones();
        let last = self.candidates(self.to, Step::Back).take(rest).filter(|date| self.has(*date)).count();
        whole + u32::try_from(last).unwrap_or(0)
    }

    pub(crate) fn has(self, date: civil::Date) -> bool {
        let weekday = date.weekday().to_monday_zero_offset();
        let week = days_between(self.from, date).div_euclid(7);
        self.from <= date
            && date <= self.to
            && self.days & (1 << weekday) != 0
            && (!self.fortnightly || week.rem_euclid(2) == 0)
    }

    /// What is left of it outside of a window. A fortnightly period falls into weeks, so that its count is not disturbed.
    pub(crate) fn without(self, from: civil::Date, to: civil::Date) -> Vec<Self> {
        if to < self.from || from > self.to {
            return vec![self];
        }
        let pieces = if self.fortnightly { self.weeks() } else { vec![self] };
        pieces.into_iter().flat_map(|piece| piece.cut(from, to)).collect()
    }

    fn cut(self, from: civil::Date, to: civil::Date) -> Vec<Self> {
        let before = from.yesterday().ok().map(|end| Self { to: end.min(self.to), ..self });
        let after = to.tomorrow().ok().map(|start| Self { from: start.max(self.from), ..self });
        before
            .into_iter()
            .chain(after)
            .filter(|piece| piece.from <= piece.to && piece.first().is_some())
            .collect()
    }

    fn weeks(self) -> Vec<Self> {
        let starts =
            (0..).step_by(14).map_while(|days| after(self.from, days)).take_while(|start| *start <= self.to);
        starts
            .map(|from| Self {
                from,
                to: after(from, 6).map_or(self.to, |end| end.min(self.to)),
                fortnightly: false,
                ..self
            })
            .collect()
    }

    fn candidates(self, start: civil::Date, step: Step) -> impl Iterator<Item = civil::Date> {
        let next = move |date: &civil::Date| match step {
            Step::Forward => date.tomorrow().ok(),
            Step::Back => date.yesterday().ok(),
        };
        std::iter::successors(Some(start), next)
            .take_while(move |date| self.from <= *date && *date <= self.to)
    }
}

#[derive(Clone, Copy)]
enum Step {
    Forward,
    Back,
}

fn after(date: civil::Date, days: i32) -> Option<civil::Date> {
    date.checked_add(jiff::Span::new().days(days)).ok()
}

pub(crate) fn days_between(from: civil::Date, to: civil::Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn any_period() -> impl Strategy<Value = Period> {
        (0i32..800, 0i32..120, 1u8..128, any::<bool>()).prop_map(|(start, length, days, fortnightly)| {
            let from = after(date(2026, 1, 1), start).unwrap();
            Period { from, to: after(from, length).unwrap(), days, fortnightly }
        })
    }

    #[test]
    fn every_second_week() {
        let period = Period { from: date(2026, 4, 1), to: date(2026, 4, 30), days: 0b100, fortnightly: true };
        assert_eq!(period.dates().map(civil::Date::day).collect::<Vec<_>>(), [1, 15, 29]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn counted_and_listed_alike(period in any_period()) {
            let dates: Vec<_> = period.dates().collect();
            prop_assert_eq!(usize::try_from(period.count()).unwrap(), dates.len());
            prop_assert_eq!(period.first(), dates.first().copied());
            prop_assert_eq!(period.last(), dates.last().copied());
        }

        #[test]
        fn a_cut_takes_the_window_and_nothing_else(period in any_period(), start in 0i32..900, length in 0i32..60) {
            let from = after(date(2026, 1, 1), start).unwrap();
            let to = after(from, length).unwrap();
            let expected: Vec<_> = period.dates().filter(|d| *d < from || *d > to).collect();
            let mut left: Vec<_> = period.without(from, to).into_iter().flat_map(Period::dates).collect();
            left.sort_unstable();
            prop_assert_eq!(left, expected);
        }
    }
}
