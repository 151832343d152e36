//! The search card: what was typed, the choices, and the messages beside the fields.

use crate::pages::{
    pieces::{Choice, Troubles},
    say,
};

use super::typed::Typed;

/// What the search card shows.
pub(super) struct SearchForm {
    pub(super) typed: Typed,
    pub(super) troubles: Troubles,
    /// The earliest day that can be asked for.
    pub(super) today: String,
    pub(super) from_place: String,
    pub(super) to_place: String,
    pub(super) adults: Vec<Choice>,
    pub(super) children: Vec<Choice>,
    pub(super) infants: Vec<Choice>,
    pub(super) cabins: Vec<Choice>,
}

impl SearchForm {
    pub(super) fn new(typed: Typed, troubles: Troubles, today: jiff::civil::Date) -> Self {
        Self {
            today: today.to_string(),
            from_place: String::new(),
            to_place: String::new(),
            adults: numbers(1, &typed.adults, "1"),
            children: numbers(0, &typed.children, "0"),
            infants: numbers(0, &typed.infants, "0"),
            cabins: cabins(&typed.cabin),
            typed,
            troubles,
        }
    }

    /// The message beside a field.
    pub(super) fn wrong(&self, field: &str) -> &str {
        self.troubles.of(field)
    }
}

fn numbers(from: u8, typed: &str, usual: &str) -> Vec<Choice> {
    let chosen = if typed.is_empty() { usual } else { typed };
    (from..=9).map(|n| Choice::new(n, n, n.to_string() == chosen)).collect()
}

fn cabins(typed: &str) -> Vec<Choice> {
    let chosen = match typed.to_ascii_lowercase().as_str() {
        "w" | "premium" | "premium_economy" => 'W',
        "j" | "business" => 'J',
        _ => 'Y',
    };
    ['Y', 'W', 'J'].map(|code| Choice::new(code, say::cabin(code), code == chosen)).to_vec()
}
