//! A search as it stands in the address: typed text, key by key, so that a page can always be shown again
//! as it was asked for, and every link is the same search with one thing changed.

use serde::{Deserialize, Serialize};

/// Everything that `/flights` understands. Empty means absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub depart: String,
    #[serde(rename = "return", skip_serializing_if = "String::is_empty")]
    pub back: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub adults: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub children: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub infants: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cabin: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub max_stops: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub after: String,
    /// The sealed quote that was chosen for the way there.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outbound: String,
}

impl Typed {
    /// Reads a query string; keys that are not ours are left alone.
    pub fn of(query: &str) -> Self {
        let read: Self = serde_html_form::from_str(query).unwrap_or_default();
        read.trimmed()
    }

    fn trimmed(mut self) -> Self {
        for field in [&mut self.from, &mut self.to, &mut self.depart, &mut self.back, &mut self.cabin] {
            *field = field.trim().to_owned();
        }
        self
    }

    /// Nothing was asked for yet.
    pub fn is_blank(&self) -> bool {
        self.from.is_empty() && self.to.is_empty() && self.depart.is_empty()
    }

    /// The address of this search.
    pub fn href(&self) -> String {
        format!("/flights?{}", serde_html_form::to_string(self).unwrap_or_default())
    }

    /// This search with something changed, from its first page.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = Self { after: String::new(), ..self.clone() };
        change(&mut changed);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_what_was_asked() {
        let query = "from=AMS&to=New+York&depart=2026-12-01&return=2026-12-08&adults=2&cabin=Y";
        let typed = Typed::of(query);
        assert_eq!(typed.back, "2026-12-08");
        assert_eq!(typed.to, "New York");
        assert_eq!(typed.href(), format!("/flights?{query}"));
        assert_eq!(Typed::of("from=AMS&odd=1").from, "AMS");
        let cheaper = Typed { after: "x".into(), ..typed }.with(|t| t.sort = "price".into());
        assert_eq!(cheaper.href(), format!("/flights?{query}&sort=price"));
    }
}
