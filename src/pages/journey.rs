//! How a journey is written down once it is chosen: the same words in the basket, on the trip and on the receipt.

use booking_api::{Item, OrderPassenger, Passenger, Segment, Slice, Ticket};
use jiff::civil;
use kernel::Locale;

use super::say;

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
            fare: format!("{}, {}", slice.family, say::cabin(slice.cabin).to_lowercase()),
            words: say::conditions(&slice.conditions, locale),
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
            departs_words: say::local(segment.departs_local, &segment.from_city, locale),
            arrives: locale.time(segment.arrives_local.time()),
            arrives_words: say::local(segment.arrives_local, &segment.to_city, locale),
            days: say::days_between(segment.departs_local, segment.arrives_local),
            from: segment.from.to_string(),
            from_city: segment.from_city.clone(),
            to: segment.to.to_string(),
            to_city: segment.to_city.clone(),
            duration: locale.duration(minutes),
            aircraft: say::aircraft(&segment.aircraft),
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
            kind: say::kind(passenger.kind),
            born: passenger.date_of_birth.map(|date| day(date, locale)).unwrap_or_default(),
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

/// The number of a ticket, and what became of it where all its coupons say the same.
fn ticket(ticket: &Ticket) -> String {
    let number = say::ticket_number(&ticket.number);
    let all = |status| !ticket.coupons.is_empty() && ticket.coupons.iter().all(|c| c.status == status);
    let words = [('R', "refunded"), ('V', "void"), ('F', "used"), ('E', "exchanged")];
    match words.iter().find(|(status, _)| all(*status)) {
        Some((_, word)) => format!("{number} ({word})"),
        None => number,
    }
}

fn wait(before: &Segment, next: &Segment, locale: Locale) -> String {
    let minutes = before.arrives.duration_until(next.departs).as_mins();
    format!("{} in {} ({})", locale.duration(minutes), before.to_city, before.to)
}

/// `2 Apr 2019`: nobody asks for the weekday of a birth.
fn day(date: civil::Date, locale: Locale) -> String {
    let words = locale.long_date(date);
    words.split_once(' ').map_or(words.clone(), |(_, rest)| rest.to_owned())
}
