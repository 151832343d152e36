//! Facts in plain words: the same thing is said the same way on every page.

use booking_api::PassengerType;
use jiff::civil;
use kernel::{Conditions, Locale, Money, Party};

/// `Tue 1 Dec, 14:05 Amsterdam time`.
pub fn local(at: civil::DateTime, city: &str, locale: Locale) -> String {
    format!("{}, {} {city} time", locale.date(at.date()), locale.time(at.time()))
}

/// How many calendar days later something arrives than it left.
pub fn days_between(departs: civil::DateTime, arrives: civil::DateTime) -> i32 {
    (arrives.date() - departs.date()).get_days()
}

/// What a fare allows, in plain words.
pub fn conditions(of: &Conditions, locale: Locale) -> String {
    let bags = match of.bags {
        0 => "No checked bag".to_owned(),
        1 => "1 checked bag".to_owned(),
        n => format!("{n} checked bags"),
    };
    let change = fee(of.change_fee, locale, "no changes", "free changes", |fee| format!("changes {fee}"));
    let refund = fee(of.refund_fee, locale, "no refund", "full refund", |fee| format!("refund less {fee}"));
    format!("{bags}, {change}, {refund}")
}

fn fee(of: Option<Money>, locale: Locale, none: &str, free: &str, some: impl Fn(String) -> String) -> String {
    match of {
        None => none.to_owned(),
        Some(money) if money.minor == 0 => free.to_owned(),
        Some(money) => some(locale.money(money)),
    }
}

/// A module's words as a sentence of a page.
pub fn sentence(words: &str) -> String {
    let mut letters = words.trim_end_matches('.').chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// `2 adults, 1 child`.
pub fn party(of: Party) -> String {
    [(of.adults, "adult", "adults"), (of.children, "child", "children"), (of.infants, "infant", "infants")]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `1 person`, `3 people`.
pub fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{count} people") }
}

pub fn cabin(code: char) -> &'static str {
    match code {
        'J' => "Business",
        'W' => "Premium economy",
        _ => "Economy",
    }
}

pub fn kind(of: PassengerType) -> &'static str {
    match of {
        PassengerType::Adult => "Adult",
        PassengerType::Child => "Child",
        PassengerType::Infant => "Infant",
    }
}

/// The aircraft by its common name; the code itself where there is none.
pub fn aircraft(code: &str) -> String {
    let name = match code {
        "319" => "Airbus A319",
        "320" => "Airbus A320",
        "32N" => "Airbus A320neo",
        "321" => "Airbus A321",
        "32Q" => "Airbus A321neo",
        "332" => "Airbus A330-200",
        "333" => "Airbus A330-300",
        "339" => "Airbus A330-900neo",
        "359" => "Airbus A350-900",
        "223" => "Airbus A220-300",
        "733" => "Boeing 737-300",
        "738" | "73H" => "Boeing 737-800",
        "757" | "752" => "Boeing 757-200",
        "763" => "Boeing 767-300",
        "77W" => "Boeing 777-300ER",
        "789" => "Boeing 787-9",
        "E90" | "190" => "Embraer 190",
        "E95" | "195" => "Embraer 195",
        "E75" | "175" => "Embraer 175",
        "AT7" | "AT6" => "ATR 72",
        "DH4" => "Dash 8-400",
        other => other,
    };
    name.to_owned()
}

/// `123-4567890123`: the airline's number apart from the document's.
pub fn ticket_number(digits: &str) -> String {
    match digits.split_at_checked(3) {
        Some((airline, document)) if !document.is_empty() => format!("{airline}-{document}"),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use kernel::Currency;

    use super::*;

    #[test]
    fn conditions_in_words() {
        let eur = |minor| Some(Money::new(minor, Currency::EUR));
        for (change_fee, refund_fee, bags, words) in [
            (None, None, 0, "No checked bag, no changes, no refund"),
            (eur(4000), eur(6000), 1, "1 checked bag, changes €40.00, refund less €60.00"),
            (eur(0), eur(0), 2, "2 checked bags, free changes, full refund"),
        ] {
            assert_eq!(conditions(&Conditions { change_fee, refund_fee, bags }, Locale::EnGb), words);
        }
    }

    #[test]
    fn small_words() {
        assert_eq!(party(Party { adults: 2, children: 1, infants: 0 }), "2 adults, 1 child");
        assert_eq!(sentence("it is too late"), "It is too late.");
        assert_eq!(ticket_number("0741234567890"), "074-1234567890");
        let at = |text: &str| text.parse::<civil::DateTime>().unwrap();
        assert_eq!(days_between(at("2026-12-31T23:00"), at("2027-01-01T06:00")), 1);
        assert_eq!(
            local(at("2026-12-01T14:05"), "Amsterdam", Locale::EnGb),
            "Tue 1 Dec, 14:05 Amsterdam time"
        );
    }
}
