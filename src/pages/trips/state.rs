//! How an order stands, in plain words: a badge, and a sentence that says what comes next.

use booking_api::{Order, OrderState};
use jiff::tz::TimeZone;
use kernel::Locale;

/// A badge's colour and word.
#[derive(Debug, Clone)]
pub(super) struct Badge {
    pub(super) kind: &'static str,
    pub(super) text: String,
}

impl Badge {
    pub(super) fn new(kind: &'static str, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

pub(super) fn badge(state: OrderState) -> Badge {
    match state {
        OrderState::PendingPayment => Badge::new("delay", "Waiting for payment"),
        OrderState::Held => Badge::new("note", "On hold"),
        OrderState::Confirmed => Badge::new("ok", "Confirmed"),
        OrderState::Ticketed => Badge::new("ok", "Confirmed, tickets issued"),
        OrderState::TicketingFailed => Badge::new("delay", "Confirmed, tickets follow"),
        OrderState::ActionRequired => Badge::new("trouble", "Needs your attention"),
        OrderState::Cancelled => Badge::new("trouble", "Cancelled"),
        OrderState::Expired => Badge::new("", "Expired"),
        OrderState::Completed => Badge::new("", "Flown"),
    }
}

/// What it means for the traveller.
pub(super) fn sentence(order: &Order, locale: Locale) -> String {
    match order.state {
        OrderState::PendingPayment | OrderState::Held => match order.hold_until {
            Some(until) => {
                let until = locale.moment(&until.to_zoned(zone(order)));
                format!(
                    "Your seats are held until {until} {} time. They go back on sale after that.",
                    city(order)
                )
            }
            None => "Your seats are held until you pay.".to_owned(),
        },
        OrderState::Confirmed => "Paid. Your tickets are being issued.".to_owned(),
        OrderState::Ticketed => "Paid, and your tickets are below.".to_owned(),
        OrderState::TicketingFailed => {
            "Paid, and your seats are safe. Our staff is issuing the tickets by hand.".to_owned()
        }
        OrderState::ActionRequired => {
            "The airline has changed something. See the flights below; you may take your money back."
                .to_owned()
        }
        OrderState::Cancelled if order.refunded.minor > 0 => {
            format!("Cancelled. {} went back to the card that paid.", locale.money(order.refunded))
        }
        OrderState::Cancelled => "Cancelled. Nothing was left to refund.".to_owned(),
        OrderState::Expired => {
            "It was not paid in time, so the seats went back on sale. Nothing was charged.".to_owned()
        }
        OrderState::Completed => "This trip has been flown.".to_owned(),
    }
}

/// Whether giving it back can still be asked for.
pub(super) fn may_cancel(state: OrderState) -> bool {
    !matches!(state, OrderState::Cancelled | OrderState::Expired | OrderState::Completed)
}

fn zone(order: &Order) -> TimeZone {
    let name = order.slices.first().and_then(|s| s.segments.first()).map(|s| s.departs_zone.as_str());
    name.and_then(kernel::zone).unwrap_or(TimeZone::UTC)
}

fn city(order: &Order) -> &str {
    order.slices.first().and_then(|s| s.segments.first()).map_or("UTC", |s| s.from_city.as_str())
}
