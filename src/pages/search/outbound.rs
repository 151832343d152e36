//! The way there, once it has been chosen and the way back is being looked for: what it was, and when it arrives.

use booking_api::{DatedFlightOf, Quote};
use jiff::Timestamp;

use crate::edge::Visit;

/// What the page says about the way there.
pub(super) struct OutboundView {
    /// `Tue 1 Dec, AMS to LHR, ZA12`.
    pub(super) words: String,
    pub(super) fare: String,
    pub(super) price: String,
    /// The search with nothing chosen yet.
    pub(super) change: String,
}

impl OutboundView {
    pub(super) fn of(quote: &Quote, visit: &Visit, change: String) -> Option<Self> {
        let (first, last) = (quote.segments.first()?, quote.segments.last()?);
        let flights: Vec<_> = quote.segments.iter().map(|s| s.designator.to_string()).collect();
        let date = visit.locale.date(first.date);
        Some(Self {
            words: format!("{date}, {} to {}, {}", first.from, last.to, flights.join(", ")),
            fare: quote.family.clone(),
            price: visit.locale.money(quote.total),
            change,
        })
    }
}

/// When the way there arrives, as far as the schedule can tell: the way back leaves after that.
pub(super) async fn arrival(visit: &Visit, quote: &Quote) -> Option<Timestamp> {
    let last = quote.segments.last()?;
    let of = DatedFlightOf { designator: last.designator, date: last.date };
    let flight = visit.portal.faces.schedule.dated_flight(&visit.ctx, of).await.ok()??;
    flight.legs.iter().find(|leg| leg.key.to == last.to).map(|leg| leg.arrives)
}
