//! A card as typed into the sandbox provider's page, checked field by field. Only its last four digits survive the call.

use booking_api::SandboxCard;
use jiff::Timestamp;
use kernel::FieldErrors;

/// What the sandbox makes of a card; the number itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) last_four: String,
}

/// The last four digits of the cards that the sandbox knows.
pub(crate) const APPROVED: &str = "4242";
pub(crate) const DECLINED: &str = "0002";
pub(crate) const ASKS: &str = "3155";
pub(crate) const SLOW: &str = "0341";

pub(crate) fn check(typed: &SandboxCard, now: Timestamp) -> Result<Card, FieldErrors> {
    let mut errors = FieldErrors::default();
    let number = digits(typed.number.expose());
    if !number.as_deref().is_some_and(is_card_number) {
        errors.push("number", "This is no card number; check the digits");
    }
    if !is_open_until(&typed.expiry, now) {
        errors.push("expiry", "Give the month and year on the card, as MM/YY, not in the past");
    }
    if !is_code(typed.code.expose()) {
        errors.push("code", "Three or four digits, on the back of the card");
    }
    errors.check()?;
    let number = number.unwrap_or_default();
    Ok(Card { last_four: number.get(number.len().saturating_sub(4)..).unwrap_or_default().to_owned() })
}

/// The digits, if there is nothing else but blanks and hyphens.
fn digits(typed: &str) -> Option<String> {
    let plain: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    plain.bytes().all(|b| b.is_ascii_digit()).then_some(plain)
}

/// The sandbox's own cards may be typed with any middle, as long as they have sixteen digits.
fn is_card_number(digits: &str) -> bool {
    let own = digits.len() == 16
        && digits.starts_with('4')
        && [APPROVED, DECLINED, ASKS, SLOW].iter().any(|last| digits.ends_with(last));
    own || (13..=19).contains(&digits.len()) && is_luhn(digits)
}

fn is_luhn(digits: &str) -> bool {
    let value = |(place, digit): (usize, u8)| match (place % 2, u32::from(digit - b'0')) {
        (0, plain) => plain,
        (_, doubled) if doubled > 4 => doubled * 2 - 9,
        (_, doubled) => doubled * 2,
    };
    digits.bytes().rev().enumerate().map(value).sum::<u32>() % 10 == 0
}

fn is_open_until(typed: &str, now: Timestamp) -> bool {
    let Some((month, year)) = typed.split_once('/').map(|(m, y)| (m.trim(), y.trim())) else { return false };
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
    let year = match year.len() {
        2 => number(year).map(|short| 2000 + short),
        4 => number(year),
        _ => None,
    };
    let today = jiff::tz::Offset::UTC.to_datetime(now);
    let within = |(month, year): (i16, i16)| {
        (1..=12).contains(&month) && (year, month) >= (today.year(), i16::from(today.month()))
    };
    number(month).filter(|_| (1..=2).contains(&month.len())).zip(year).is_some_and(within)
}

fn is_code(typed: &str) -> bool {
    let typed = typed.trim();
    (3..=4).contains(&typed.len()) && typed.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use booking_api::IntentId;
    use kernel::{Outside, Secret};

    use super::*;

    fn typed(number: &str, expiry: &str, code: &str) -> SandboxCard {
        SandboxCard {
            intent: IntentId::new(&Outside::system()),
            number: Secret::new(number),
            expiry: expiry.to_owned(),
            code: Secret::new(code),
        }
    }

    #[test]
    fn what_is_wrong_stands_beside_its_field() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        for (number, expiry, code, wrong) in [
            ("4242 4242 4242 4242", "11/26", "123", vec![]),
            ("4242-4242-4242-4242", "1/27", "1234", vec![]),
            ("4000 0000 0000 3155", "12/2030", "123", vec![]),
            ("4000 0025 0000 3155", "12/30", "123", vec![]),
            ("4000000000000341", " 12 / 30 ", "123", vec![]),
            ("5555 5555 5555 4444", "12/30", "123", vec![]),
            ("4111 1111 1111 1112", "12/30", "123", vec!["number"]),
            ("4242", "12/30", "123", vec!["number"]),
            ("", "", "", vec!["number", "expiry", "code"]),
            ("4242424242424242", "10/26", "123", vec!["expiry"]),
            ("4242424242424242", "13/27", "123", vec!["expiry"]),
            ("4242424242424242", "0/27", "12", vec!["expiry", "code"]),
            ("4242424242424242", "12/-7", "12x", vec!["expiry", "code"]),
            ("4242x", "12/30", "12345", vec!["number", "code"]),
        ] {
            let found = check(&typed(number, expiry, code), now).err().unwrap_or_default();
            let fields: Vec<_> = found.0.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, wrong, "{number} {expiry} {code}");
        }
    }
}
