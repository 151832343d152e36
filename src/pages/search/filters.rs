//! Filters and sorting as the results page shows them: everything that is on is in the address.

use search_api::Itineraries;

use super::{typed::Typed, wish::Wish};
use crate::pages::pieces::{Choice, Counted, Pair};

/// The filter form and the chips of what is on.
pub(super) struct Filters {
    /// The search itself, which the form carries along.
    pub(super) hidden: Vec<Pair>,
    pub(super) stops: Vec<Counted>,
    pub(super) sorts: Vec<Choice>,
    pub(super) chips: Vec<Chip>,
}

pub(super) struct Chip {
    pub(super) label: String,
    /// The same search without it.
    pub(super) href: String,
}

impl Filters {
    pub(super) fn of(typed: &Typed, wish: &Wish, found: &Itineraries) -> Self {
        Self {
            hidden: carried(typed),
            stops: stops(wish.max_stops, found.by_stops),
            sorts: sorts(&typed.sort),
            chips: chips(typed, wish),
        }
    }
}

/// The search that a form of the results carries: all but the filters, the order and the page.
pub(super) fn carried(typed: &Typed) -> Vec<Pair> {
    let pairs = [
        ("from", &typed.from),
        ("to", &typed.to),
        ("depart", &typed.depart),
        ("return", &typed.back),
        ("adults", &typed.adults),
        ("children", &typed.children),
        ("infants", &typed.infants),
        ("cabin", &typed.cabin),
        ("outbound", &typed.outbound),
    ];
    let filled = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    filled.map(|(name, value)| Pair { name, value: value.clone() }).collect()
}

fn stops(chosen: u8, [none, one, two]: [u32; 3]) -> Vec<Counted> {
    [(2, "Any number", none + one + two), (1, "Up to 1 stop", none + one), (0, "Nonstop", none)]
        .into_iter()
        .map(|(value, label, count)| Counted {
            value: value.to_string(),
            label: label.to_owned(),
            chosen: value == chosen,
            count,
        })
        .collect()
}

fn sorts(chosen: &str) -> Vec<Choice> {
    let words = [
        ("best", "Best"),
        ("price", "Lowest price"),
        ("duration", "Shortest"),
        ("departure", "Earliest departure"),
        ("arrival", "Earliest arrival"),
    ];
    words.map(|(value, label)| Choice::new(value, label, value == chosen)).to_vec()
}

fn chips(typed: &Typed, wish: &Wish) -> Vec<Chip> {
    let label = match wish.max_stops {
        0 => "Nonstop",
        1 => "Up to 1 stop",
        _ => return Vec::new(),
    };
    vec![Chip { label: label.to_owned(), href: typed.with(|t| t.max_stops.clear()).href() }]
}
