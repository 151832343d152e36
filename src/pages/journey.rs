//! How a journey is written down once it is chosen: the same words in the basket, on the trip and on the receipt.

use booking_api::{Item, OrderPassenger, Passenger, PassengerType, Segment, Slice, Ticket};
use jiff::civil;
use kernel::{Conditions, Locale, Money, Party};

/// One direction.
#[derive(Debug, Clone)]
pub struct SliceView {
    /// `Amsterdam to London`.
    pub title: String,
    /// `Tue 1 Dec 2026`.
    pub date: String,
    /// `Standard, economy`.
    pub fare: String,
    pub words: String,
    pub segments: Vec<SegmentView>,
}

impl SliceView {
    pub fn of(slice: &Slice, locale: Locale) -> Self {
        let (first, last) = (slice.segments.first(), slice.segments.last());
        let mut before: Option<&Segment> = None;
        let mut segments = Vec::with_capacity(slice.segments.len());
        for segment in &slice.segments {
            segments.push(SegmentView::of(segment, before, locale));
            before = Some(segment);
        }
        Self {
            title: title(first, last),
            date: first.map(|s| locale.long_date(s.departs_local.date())).unwrap_or_default(),
            fare: format!("{}, {}", slice.family, cabin(slice.cabin).to_lowercase()),
            words: conditions(&slice.conditions, locale),
            segments,
        }
    }
}

/// One flight as a line of text.
#[derive(Debug, Clone)]
pub struct SegmentView {
    /// The connection before it, in words; empty for the first.
    pub wait: String,
    pub flight: String,
    /// Its page of live state.
    pub href: String,
    pub date: String,
    pub departs: String,
    pub departs_words: String,
    pub arrives: String,
    pub arrives_words: String,
    pub days: i32,
    pub from: String,
    pub from_city: String,
    pub to: String,
    pub to_city: String,
    pub duration: String,
    pub aircraft: String,
    pub cancelled: bool,
}

impl SegmentView {
    pub fn of(segment: &Segment, before: Option<&Segment>, locale: Locale) -> Self {
        let minutes = segment.departs.duration_until(segment.arrives).as_mins();
        Self {
            wait: before.map(|before| wait(before, segment, locale)).unwrap_or_default(),
            flight: segment.designator.to_string(),
            href: format!("/status/flights/{}/{}", segment.designator, segment.date),
            date: locale.date(segment.departs_local.date()),
            departs: locale.time(segment.departs_local.time()),
            departs_words: local(segment.departs_local, &segment.from_city, locale),
            arrives: locale.time(segment.arrives_local.time()),
            arrives_words: local(segment.arrives_local, &segment.to_city, locale),
            days: days_between(segment.departs_local, segment.arrives_local),
            from: segment.from.to_string(),
            from_city: segment.from_city.clone(),
            to: segment.to.to_string(),
            to_city: segment.to_city.clone(),
            duration: locale.duration(minutes),
            aircraft: aircraft(&segment.aircraft),
            cancelled: segment.cancelled,
        }
    }
}

/// A priced line.
#[derive(Debug, Clone)]
pub struct ItemView {
    pub title: String,
    pub amount: String,
}

impl ItemView {
    pub fn of(item: &Item, locale: Locale) -> Self {
        Self { title: item.title.clone(), amount: locale.money(item.amount) }
    }
}

/// A traveller, with the numbers of the tickets once there are any.
#[derive(Debug, Clone)]
pub struct PersonView {
    pub name: String,
    pub kind: &'static str,
    pub born: String,
    pub tickets: Vec<String>,
}

impl PersonView {
    pub fn of(passenger: &Passenger, locale: Locale) -> Self {
        Self {
            name: format!("{} {}", passenger.given_name, passenger.family_name),
            kind: kind(passenger.kind),
            born: passenger
                .date_of_birth
                .map(|d| format!("{} {}", d.day(), month_and_year(d, locale)))
                .unwrap_or_default(),
            tickets: Vec::new(),
        }
    }

    pub fn ticketed(passenger: &OrderPassenger, locale: Locale) -> Self {
        let tickets = passenger.tickets.iter().map(ticket).collect();
        Self { tickets, ..Self::of(&passenger.person, locale) }
    }
}

/// `Amsterdam to London`.
pub fn title(first: Option<&Segment>, last: Option<&Segment>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!("{} to {}", first.from_city, last.to_city),
        _ => "A trip".to_owned(),
    }
}

/// The title of several directions: where it goes, and whether it comes back.
pub fn trip_title(slices: &[Slice]) -> String {
    let Some(there) = slices.first() else { return "A trip".to_owned() };
    let words = title(there.segments.first(), there.segments.last());
    if slices.len() > 1 { format!("{words} and back") } else { words }
}

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

/// The number of a ticket, and what became of it where all its coupons say the same.
fn ticket(ticket: &Ticket) -> String {
    let number = ticket_number(&ticket.number);
    let all = |status| !ticket.coupons.is_empty() && ticket.coupons.iter().all(|c| c.status == status);
    let words = [('R', "refunded"), ('V', "void"), ('F', "used"), ('E', "exchanged")];
    match words.iter().find(|(status, _)| all(*status)) {
        Some((_, word)) => format!("{number} ({word})"),
        None => number,
    }
}

/// `123-4567890123`: the airline's number apart from the document's.
pub fn ticket_number(digits: &str) -> String {
    match digits.split_at_checked(3) {
        Some((airline, document)) if !document.is_empty() => format!("{airline}-{document}"),
        _ => digits.to_owned(),
    }
}

fn wait(before: &Segment, next: &Segment, locale: Locale) -> String {
    let minutes = before.arrives.duration_until(next.departs).as_mins();
    format!("{} in {} ({})", locale.duration(minutes), before.to_city, before.to)
}

fn month_and_year(date: civil::Date, locale: Locale) -> String {
    let words = locale.long_date(date);
    words.split(' ').skip(2).collect::<Vec<_>>().join(" ")
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
