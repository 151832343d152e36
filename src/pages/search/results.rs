//! The page of results for one way of a trip.

use askama::Template;
use search_api::{Itineraries, SearchError};

use super::{
    card::{Card, Setting},
    days::{self, DayView},
    filters::{self, Filters},
    form::SearchForm,
    outbound::{self, OutboundView},
    search_form,
    typed::Typed,
    wish::{self, Wish},
};
use crate::{
    edge::{Shell, Visit},
    pages::{pieces::Troubles, say},
};

#[derive(Template)]
#[template(path = "search/flights.html")]
pub(super) struct Results {
    shell: Shell,
    form: SearchForm,
    /// `Amsterdam to London`.
    title: String,
    /// `Tue 1 Dec 2026 · 2 adults · Economy`.
    words: String,
    /// `Choose the flight there`, on a return trip.
    step: &'static str,
    outbound: Option<OutboundView>,
    filters: Filters,
    cards: Vec<Card>,
    next: String,
    first: String,
    before: Option<DayView>,
    after: Option<DayView>,
    empty: Option<Empty>,
}

/// Why there is nothing, and where there may be something.
pub(super) struct Empty {
    pub(super) title: String,
    pub(super) text: String,
    /// The same search with any number of stops, if that has more.
    pub(super) widen: String,
    pub(super) days: Vec<DayView>,
}

impl Results {
    /// Asks search and puts the page together.
    pub(super) async fn find(visit: &Visit, typed: &Typed, wish: &Wish) -> Result<Self, SearchError> {
        let not_before = match &wish.outbound {
            Some(quote) => outbound::arrival(visit, quote).await,
            None => None,
        };
        let found = visit.portal.faces.search.itineraries(&visit.ctx, wish.ask(not_before)).await?;
        let today = wish::today_at(&found.from, visit.portal.outside.now());
        let empty = if found.page.items.is_empty() && wish.after.is_none() {
            let nearby = days::around(visit, typed, wish, today).await;
            Some(empty(visit, typed, wish, &found, nearby))
        } else {
            None
        };
        let mut form = search_form(visit, typed.clone(), Troubles::default());
        (form.from_place, form.to_place) = places(wish, &found);
        Ok(Self {
            shell: visit.shell(),
            form,
            title: format!("{} to {}", found.from.city, found.to.city),
            words: words(visit, wish),
            step: step(wish),
            outbound: wish
                .outbound
                .as_ref()
                .and_then(|quote| OutboundView::of(quote, visit, typed.with(|t| t.outbound.clear()).href())),
            filters: Filters::of(typed, wish, &found),
            cards: cards(visit, typed, wish, &found),
            next: next(typed, &found),
            first: if wish.after.is_some() { typed.with(|_| {}).href() } else { String::new() },
            before: days::day(visit, typed, wish, today, -1),
            after: days::day(visit, typed, wish, today, 1),
            empty,
        })
    }
}

fn step(wish: &Wish) -> &'static str {
    match (wish.return_follows(), wish.outbound.is_some()) {
        (true, _) => "First choose the flight there",
        (_, true) => "Now choose the flight back",
        _ => "",
    }
}

fn words(visit: &Visit, wish: &Wish) -> String {
    let date = visit.locale.long_date(wish.way().2);
    format!("{date} · {} · {}", say::party(wish.party), say::cabin(wish.cabin))
}

fn cards(visit: &Visit, typed: &Typed, wish: &Wish, found: &Itineraries) -> Vec<Card> {
    let people = say::people(usize::from(wish.party.people()));
    let price_note = match (wish.return_follows(), wish.outbound.is_some()) {
        (true, _) => format!("one way, {people}, all taxes"),
        (_, true) => format!("there and back, {people}, all taxes"),
        _ => format!("for {people}, all taxes"),
    };
    let hidden = filters::carried(typed);
    let setting = Setting {
        locale: visit.locale,
        now: visit.portal.outside.now(),
        price_note: &price_note,
        so_far: wish.outbound.as_ref().map(|quote| quote.total),
        hidden: &hidden,
    };
    found.page.items.iter().filter_map(|itinerary| setting.card(itinerary)).collect()
}

fn next(typed: &Typed, found: &Itineraries) -> String {
    let Some(cursor) = &found.page.next else { return String::new() };
    typed.with(|t| t.after.clone_from(&cursor.0)).href()
}

/// The names under From and To, whichever way this page shows.
fn places(wish: &Wish, found: &Itineraries) -> (String, String) {
    let name = |place: &search_api::Place| format!("{}, {}", place.city, place.name);
    if wish.outbound.is_some() {
        (name(&found.to), name(&found.from))
    } else {
        (name(&found.from), name(&found.to))
    }
}

fn empty(visit: &Visit, typed: &Typed, wish: &Wish, found: &Itineraries, days: Vec<DayView>) -> Empty {
    let (way, date) = (format!("{} to {}", found.from.city, found.to.city), visit.locale.date(wish.way().2));
    let with_stops: u32 = found.by_stops.iter().sum();
    let (title, text, widen) = if with_stops > 0 && wish.max_stops < 2 {
        let title = format!("Nothing with so few stops on {date}");
        let text = format!("{with_stops} journeys from {way} have more stops.");
        (title, text, typed.with(|t| t.max_stops.clear()).href())
    } else {
        let title = format!("No flights from {way} on {date}");
        let text = if days.iter().any(|day| day.words.starts_with("from ")) {
            "No journey of up to three flights leaves on this day. These days are near it."
        } else {
            "No journey of up to three flights leaves on this day, nor on those near it."
        };
        (title, text.to_owned(), String::new())
    };
    Empty { title, text, widen, days }
}
