//! Reads a file of fares. Pure: text in, fares by origin and destination out; what is wrong is refused line by line.

use std::collections::BTreeMap;

use booking_api::{Remark, events::Fare};
use jiff::civil;
use kernel::{Currency, Iata};

use super::conditions;
use crate::{csv, schedule::places::Places};

pub(super) const HEADER: &str = "from,to,class,family,amount,currency,valid_from,valid_to,conditions";

/// What a file says, or why it is not such a file.
#[derive(Debug, Default)]
pub(super) struct FareFile {
    pub(super) recognised: bool,
    pub(super) read: u32,
    pub(super) pairs: BTreeMap<(Iata, Iata), Pair>,
    pub(super) refused: Vec<Remark>,
    pub(super) warnings: Vec<Remark>,
}

/// The fares of one direction, dearest class first as the file has them, and the line where they begin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) line: u32,
    pub(super) fares: Vec<Fare>,
}

pub(super) fn read(text: &str, places: &Places) -> FareFile {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let mut file = FareFile::default();
    if lines.next().is_none_or(|(_, header)| header.trim() != HEADER) {
        let reason = format!("this is not a file of fares: its first line is not `{HEADER}`");
        file.refused.push(Remark { line: 1, reason });
        return file;
    }
    file.recognised = true;
    for (line, text) in lines {
        file.read += 1;
        match fare(text) {
            Ok((from, to, fare)) => file.add(line, from, to, fare, places),
            Err(reason) => file.refused.push(Remark { line, reason }),
        }
    }
    file
}

impl FareFile {
    fn add(&mut self, line: u32, from: Iata, to: Iata, fare: Fare, places: &Places) {
        for at in [from, to] {
            if places.airport(at).is_none() {
                self.warnings.push(Remark { line, reason: format!("airport {at} is not known") });
            }
        }
        let pair = self.pairs.entry((from, to)).or_insert_with(|| Pair { line, fares: Vec::new() });
        match pair.fares.iter_mut().find(|known| is_same_product(known, &fare)) {
            Some(known) => {
                let reason = format!(
                    "{from}-{to} {} {} is there already; the later line counts",
                    fare.class, fare.family
                );
                self.warnings.push(Remark { line, reason });
                *known = fare;
            }
            None => pair.fares.push(fare),
        }
    }
}

fn is_same_product(a: &Fare, b: &Fare) -> bool {
    (a.class, &a.family, a.valid_from, a.valid_to, a.amount.currency)
        == (b.class, &b.family, b.valid_from, b.valid_to, b.amount.currency)
}

fn fare(line: &str) -> Result<(Iata, Iata, Fare), String> {
    let fields: Vec<String> = csv::fields(line).into_iter().map(|field| field.trim().to_owned()).collect();
    let count = fields.len();
    let [from, to, class, family, amount, currency, valid_from, valid_to, conditions] =
        <[String; 9]>::try_from(fields).map_err(|_| format!("{count} fields instead of 9"))?;
    let (from, to) = (iata("from", &from)?, iata("to", &to)?);
    if from == to {
        return Err(format!("from and to are both {from}"));
    }
    let currency: Currency = currency.parse().map_err(|error| format!("{error}"))?;
    let fare = Fare {
        class: one_class(&class)?,
        family: Some(family).filter(|name| !name.is_empty()).ok_or("the family is missing")?,
        amount: conditions::amount(&amount, currency)?,
        valid_from: date("valid_from", &valid_from)?,
        valid_to: date("valid_to", &valid_to)?,
        conditions: conditions::parse(&conditions, currency)?,
    };
    if fare.valid_to < fare.valid_from {
        return Err(format!("it ends ({}) before it begins ({})", fare.valid_to, fare.valid_from));
    }
    Ok((from, to, fare))
}

fn iata(what: &str, text: &str) -> Result<Iata, String> {
    text.parse().map_err(|error| format!("{what}: {error}"))
}

fn one_class(text: &str) -> Result<char, String> {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(class), None) if class.is_ascii_alphabetic() => Ok(class.to_ascii_uppercase()),
        _ => Err(format!("class `{text}` is not one letter")),
    }
}

fn date(what: &str, text: &str) -> Result<civil::Date, String> {
    text.parse().map_err(|_| format!("{what} `{text}` is not a date such as 2026-12-01"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with(lines: &[&str]) -> FareFile {
        read(&format!("{HEADER}\n{}\n", lines.join("\n")), &Places::read())
    }

    const GOOD: &str = "AMS,LHR,Y,Flex,120.50,EUR,2026-12-01,2027-03-27,change=0;refund=full;bag=1";

    #[test]
    fn a_fare() {
        let file = with(&[GOOD, "", &GOOD.replace("AMS,LHR", "LHR,AMS")]);
        assert_eq!((file.read, file.pairs.len(), file.refused.len()), (2, 2, 0));
        let fare = &file.pairs[&("AMS".parse().unwrap(), "LHR".parse().unwrap())].fares[0];
        assert_eq!(
            (fare.class, fare.family.as_str(), fare.amount.amount().as_str()),
            ('Y', "Flex", "120.50")
        );
        assert_eq!(fare.conditions.bags, 1);
    }

    #[test]
    fn refused_line_by_line() {
        for (from, to, why) in [
            ("AMS", "A1S", "airport code"),
            ("LHR", "AMS", "both"),
            (",Y,", ",YY,", "class"),
            ("Flex", "", "family"),
            ("120.50", "120.505", "amount"),
            ("120.50", "-1", "below zero"),
            ("EUR", "euro", "currency"),
            ("2026-12-01", "2026-13-01", "valid_from"),
            ("2026-12-01", "2028-12-01", "before it begins"),
            ("bag=1", "bag=x", "bags"),
            (",EUR", "", "8 fields"),
        ] {
            let file = with(&[&GOOD.replace(from, to), GOOD]);
            assert_eq!(file.refused.iter().map(|r| r.line).collect::<Vec<_>>(), [2], "{to}");
            assert!(file.refused[0].reason.contains(why), "{to}: {}", file.refused[0].reason);
            assert_eq!(file.pairs.len(), 1);
        }
    }

    #[test]
    fn what_is_no_file_of_fares() {
        for text in ["", "from;to\n", "airport,minutes\nAMS,40\n"] {
            assert!(!read(text, &Places::read()).recognised);
        }
        assert!(read(&format!("\u{feff}{HEADER}\r\n"), &Places::read()).recognised);
    }

    #[test]
    fn the_later_of_two_equal_products_counts() {
        let file = with(&[GOOD, &GOOD.replace("120.50", "99")]);
        assert_eq!((file.warnings[0].line, file.pairs.len()), (3, 1));
        assert_eq!(file.pairs.values().next().unwrap().fares[0].amount.amount(), "99.00");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn never_panics(line in "\\PC{0,80}") {
            let _ = fare(&line);
        }
    }
}
