//! How dates, times and money are written for a reader. English (GB) is the first; others join by a row.

use jiff::{Zoned, civil};

use crate::Money;

/// A reader's language and conventions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locale {
    /// British English: `Tue 1 Dec`, `€231.40`.
    #[default]
    EnGb,
    /// German: `Di. 1. Dez.`, `231,40 €`.
    De,
}

impl Locale {
    /// The best match for an `Accept-Language` value; English if none.
    pub fn from_accept_language(header: &str) -> Self {
        header
            .split(',')
            .filter_map(|part| part.split([';', '-']).next())
            .find_map(|language| match language.trim() {
                "de" => Some(Self::De),
                "en" => Some(Self::EnGb),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The value of `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::EnGb => "en-GB",
            Self::De => "de",
        }
    }

    /// `Tue 1 Dec`.
    pub fn date(self, date: civil::Date) -> String {
        let weekday = nth(&self.weekdays(), date.weekday().to_monday_zero_offset());
        let month = nth(&self.months(), date.month() - 1);
        match self {
            Self::EnGb => format!("{weekday} {} {month}", date.day()),
            Self::De => format!("{weekday} {}. {month}", date.day()),
        }
    }

    /// `Tue 1 Dec 2026`.
    pub fn long_date(self, date: civil::Date) -> String {
        format!("{} {}", self.date(date), date.year())
    }

    /// `14:05`.
    pub fn time(self, time: civil::Time) -> String {
        format!("{:02}:{:02}", time.hour(), time.minute())
    }

    /// `Tue 1 Dec, 14:05`.
    pub fn moment(self, at: &Zoned) -> String {
        format!("{}, {}", self.date(at.date()), self.time(at.time()))
    }

    /// `1 h 05 min`.
    pub fn duration(self, minutes: i64) -> String {
        match (minutes / 60, minutes % 60) {
            (0, m) => format!("{m} min"),
            (h, 0) => format!("{h} h"),
            (h, m) => format!("{h} h {m:02} min"),
        }
    }

    /// `€1,231.40`, `231,40 €`; the code where a currency has no common sign.
    pub fn money(self, money: Money) -> String {
        let plain = money.amount();
        let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("−", rest));
        let (whole, part) = plain.split_once('.').unwrap_or((plain, ""));
        let (thousands, point) = match self {
            Self::EnGb => (',', '.'),
            Self::De => ('.', ','),
        };
        let mut number = grouped(whole, thousands);
        if !part.is_empty() {
            number.push(point);
            number.push_str(part);
        }
        let mark = currency_sign(money.currency.as_str());
        match (self, mark) {
            (Self::EnGb, Some(mark)) => format!("{sign}{mark}{number}"),
            (Self::EnGb, None) => format!("{sign}{}\u{a0}{number}", money.currency),
            (Self::De, mark) => format!("{sign}{number}\u{a0}{}", mark.unwrap_or(money.currency.as_str())),
        }
    }

    fn weekdays(self) -> [&'static str; 7] {
        match self {
            Self::EnGb => ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            Self::De => ["Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So."],
        }
    }

    fn months(self) -> [&'static str; 12] {
        match self {
            Self::EnGb => {
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            }
            Self::De => [
                "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sep.", "Okt.", "Nov.", "Dez.",
            ],
        }
    }
}

fn nth<'a>(names: &[&'a str], at: i8) -> &'a str {
    usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or("?")
}

fn currency_sign(code: &str) -> Option<&'static str> {
    Some(match code {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        _ => return None,
    })
}

fn grouped(digits: &str, separator: char) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;

    #[test]
    fn written_for_two_readers() {
        let date = civil::date(2026, 12, 1);
        let money = Money::new(123_140, Currency::EUR);
        assert_eq!(Locale::EnGb.date(date), "Tue 1 Dec");
        assert_eq!(Locale::De.date(date), "Di. 1. Dez.");
        assert_eq!(Locale::EnGb.money(money), "€1,231.40");
        assert_eq!(Locale::De.money(money), "1.231,40\u{a0}€");
        assert_eq!(Locale::EnGb.money(Money::new(-1200, "JPY".parse().unwrap())), "−¥1,200");
        assert_eq!(Locale::EnGb.duration(385), "6 h 25 min");
        assert_eq!(Locale::from_accept_language("fr, de-CH;q=0.9, en;q=0.8"), Locale::De);
    }
}
