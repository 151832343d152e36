//! What every step of buying shows: where you are, what was chosen, and what it costs so far.

use booking_api::{Basket, Offer, Slice};
use kernel::{Locale, Money};

use crate::pages::{
    journey::{self, ItemView, SliceView},
    pieces::Step,
    say,
    search::Typed,
};

/// The frame of a step.
pub(super) struct BasketView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) slices: Vec<SliceView>,
    pub(super) items: Vec<ItemView>,
    pub(super) total: String,
    /// `2 adults, 1 child`.
    pub(super) party: String,
    pub(super) steps: Vec<Step>,
    /// The search that finds such journeys.
    pub(super) search: String,
}

impl BasketView {
    pub(super) fn of(basket: &Basket, here: usize, locale: Locale) -> Self {
        let offer = &basket.offer;
        Self {
            id: basket.id.to_string(),
            title: journey::trip_title(&offer.slices),
            slices: offer.slices.iter().map(|slice| SliceView::of(slice, locale)).collect(),
            items: offer.items.iter().map(|item| ItemView::of(item, locale)).collect(),
            total: locale.money(offer.total),
            party: say::party(offer.party),
            steps: steps(&basket.id.to_string(), here),
            search: search(offer),
        }
    }

    /// The same with another total: what it costs now.
    pub(super) fn costing(self, total: Money, locale: Locale) -> Self {
        Self { total: locale.money(total), ..self }
    }
}

/// Seats and extras join here when they can be chosen.
fn steps(id: &str, here: usize) -> Vec<Step> {
    [
        ("Passengers", format!("/baskets/{id}/passengers")),
        ("Review", format!("/baskets/{id}/review")),
        ("Pay", String::new()),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, (label, href))| Step {
        label,
        href,
        state: match at.cmp(&here) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "here",
            std::cmp::Ordering::Greater => "",
        },
    })
    .collect()
}

/// The search that an offer may have come from.
pub(super) fn search(offer: &Offer) -> String {
    let Some((there, back)) = offer.slices.split_first() else { return "/".to_owned() };
    let (Some(first), Some(last)) = (there.segments.first(), there.segments.last()) else {
        return "/".to_owned();
    };
    let typed = Typed {
        from: first.from.to_string(),
        to: last.to.to_string(),
        depart: first.departs_local.date().to_string(),
        back: back.first().map(leaves).unwrap_or_default(),
        adults: offer.party.adults.to_string(),
        children: offer.party.children.to_string(),
        infants: offer.party.infants.to_string(),
        cabin: there.cabin.to_string(),
        ..Typed::default()
    };
    typed.href()
}

fn leaves(slice: &Slice) -> String {
    slice.segments.first().map(|segment| segment.departs_local.date().to_string()).unwrap_or_default()
}
