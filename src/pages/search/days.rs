//! The days around the one that was asked for: where to go on when a day has nothing.

use futures_util::future::join_all;
use jiff::{ToSpan, civil::Date};
use search_api::{ItinerariesAsk, Sort};

use super::{typed::Typed, wish::Wish};
use crate::edge::Visit;

/// A day nearby.
pub(super) struct DayView {
    pub(super) date: String,
    /// `from €89.00`, `no flights`, or empty when nobody asked.
    pub(super) words: String,
    pub(super) href: String,
}

/// The same search on a day so many days later; `None` for days that have passed, or for a return before the way there.
pub(super) fn day(visit: &Visit, typed: &Typed, wish: &Wish, today: Date, later: i64) -> Option<DayView> {
    let date = wish.way().2.checked_add(later.days()).ok()?;
    let earliest = if wish.outbound.is_some() { wish.depart } else { today };
    if date < earliest {
        return None;
    }
    let moved = typed.with(|typed| {
        if wish.outbound.is_some() {
            typed.back = date.to_string();
            return;
        }
        typed.depart = date.to_string();
        if wish.back.is_some_and(|back| back < date) {
            typed.back.clone_from(&typed.depart);
        }
    });
    Some(DayView { date: visit.locale.date(date), words: String::new(), href: moved.href() })
}

/// Three days either way, with the lowest price of each.
pub(super) async fn around(visit: &Visit, typed: &Typed, wish: &Wish, today: Date) -> Vec<DayView> {
    let days = (-3..=3).filter(|later| *later != 0).filter_map(|later| {
        let view = day(visit, typed, wish, today, later)?;
        Some(async move { DayView { words: lowest(visit, wish, later).await, ..view } })
    });
    join_all(days).await
}

async fn lowest(visit: &Visit, wish: &Wish, later: i64) -> String {
    let (from, to, date) = wish.way();
    let Ok(date) = date.checked_add(later.days()) else { return String::new() };
    let ask = ItinerariesAsk {
        party: wish.party,
        cabin: Some(wish.cabin),
        sort: Sort::Price,
        limit: Some(1),
        ..ItinerariesAsk::new(from, to, date)
    };
    match visit.portal.faces.search.itineraries(&visit.ctx, ask).await {
        Ok(found) => match found.page.items.first() {
            Some(first) => first
                .price
                .map_or_else(|| "not for sale".to_owned(), |p| format!("from {}", visit.locale.money(p))),
            None => "no flights".to_owned(),
        },
        Err(_) => String::new(),
    }
}
