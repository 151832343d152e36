//! One line of a season file and its columns: 1-based, inclusive, as the format counts them. A short line is blank at its end.

use std::borrow::Cow;

use jiff::civil;

/// What a column holds, or why it makes no sense.
pub(super) type Read<T> = Result<T, String>;

pub(super) const WIDTH: usize = 200;
const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// A line with its number in the file. Every character is one column, whatever its encoding.
pub(super) struct Record<'a> {
    pub(super) line: u32,
    text: Cow<'a, str>,
}

impl<'a> Record<'a> {
    pub(super) fn new(line: u32, text: &'a str) -> Self {
        let text = if text.is_ascii() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect())
        };
        Self { line, text }
    }

    /// Blank, or filler to a block of five.
    pub(super) fn is_filler(&self) -> bool {
        self.text.bytes().all(|b| b == b'0' || b.is_ascii_whitespace())
    }

    pub(super) fn length(&self) -> usize {
        self.text.trim_end().len()
    }

    /// The columns as they stand; fewer where the line ends early.
    pub(super) fn raw(&self, first: usize, last: usize) -> &str {
        let end = last.min(self.text.len());
        self.text.get(first.saturating_sub(1)..end).unwrap_or("")
    }

    /// The columns without blanks around them.
    pub(super) fn text(&self, first: usize, last: usize) -> &str {
        self.raw(first, last).trim()
    }

    /// One column; a blank beyond the line's end.
    pub(super) fn letter(&self, at: usize) -> char {
        self.raw(at, at).chars().next().unwrap_or(' ')
    }

    /// One column that may be blank.
    pub(super) fn mark(&self, at: usize) -> Option<char> {
        Some(self.letter(at)).filter(|letter| *letter != ' ')
    }

    /// Digits, possibly with blanks anywhere among them.
    pub(super) fn number(&self, what: &str, first: usize, last: usize) -> Read<Option<u32>> {
        let digits: String = self.raw(first, last).chars().filter(|c| *c != ' ').collect();
        if digits.is_empty() {
            return Ok(None);
        }
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain);
        number.map(Some).ok_or_else(|| format!("{what} `{}` is not a number", self.raw(first, last)))
    }

    /// `DDMMMYY`, in this century; `None` for an open end or blanks.
    pub(super) fn date(&self, what: &str, first: usize, last: usize) -> Read<Option<civil::Date>> {
        let text = self.text(first, last);
        if text.is_empty() || text.eq_ignore_ascii_case("00XXX00") {
            return Ok(None);
        }
        date(text).map(Some).ok_or_else(|| format!("{what} `{text}` is not a date such as 01APR26"))
    }

    /// `HHMM` in minutes; `None` if blank. 2400 is the end of the day.
    pub(super) fn time(&self, what: &str, first: usize) -> Read<Option<i32>> {
        let text = self.text(first, first + 3);
        if text.is_empty() {
            return Ok(None);
        }
        minutes(text)
            .filter(|minutes| *minutes <= 24 * 60)
            .map(Some)
            .ok_or_else(|| format!("{what} `{text}` is not a time such as 0930"))
    }

    /// `±HHMM` in minutes; `None` if blank.
    pub(super) fn variation(&self, what: &str, first: usize) -> Read<Option<i32>> {
        let text = self.text(first, first + 4);
        if text.is_empty() {
            return Ok(None);
        }
        let signed = match text.split_at_checked(1) {
            Some(("+", digits)) => minutes(digits),
            Some(("-", digits)) => minutes(digits).map(|minutes| -minutes),
            _ => None,
        };
        signed
            .filter(|minutes| minutes.abs() <= 16 * 60)
            .map(Some)
            .ok_or_else(|| format!("{what} `{text}` is not a variation such as +0200"))
    }
}

fn minutes(text: &str) -> Option<i32> {
    let &[a, b, c, d] = text.as_bytes() else { return None };
    let [a, b, c, d] = [a, b, c, d].map(|digit| i32::from(digit) - i32::from(b'0'));
    let plain = [a, b, c, d].iter().all(|digit| (0..=9).contains(digit));
    (plain && c < 6).then_some((a * 10 + b) * 60 + c * 10 + d)
}

fn date(text: &str) -> Option<civil::Date> {
    let (day, rest) = text.split_at_checked(2)?;
    let (month, year) = rest.split_at_checked(3)?;
    let plain = year.len() == 2 && [day, year].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let year = 2000 + year.parse::<i16>().ok().filter(|_| plain)?;
    civil::Date::new(year, i8::try_from(month + 1).ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times() {
        for (text, expected) in [
            ("01APR26", Some("2026-04-01")),
            ("29feb28", Some("2028-02-29")),
            ("29FEB26", None),
            ("1APR26", None),
            ("31XXX26", None),
            ("éAPR26", None),
        ] {
            assert_eq!(date(text).map(|d| d.to_string()).as_deref(), expected, "{text}");
        }
        for (text, expected) in
            [("0930", Some(570)), ("2400", Some(1440)), ("0960", None), ("930", None), ("09:3", None)]
        {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }

    #[test]
    fn columns_beyond_the_end_are_blank() {
        let record = Record::new(1, "3 XI");
        assert_eq!((record.text(3, 5), record.text(100, 110), record.letter(200)), ("XI", "", ' '));
        assert_eq!(record.variation("v", 48), Ok(None));
        assert_eq!(Record::new(1, "3 ÄÖ 42").text(3, 4), "??");
    }
}
