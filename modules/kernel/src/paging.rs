//! Keyset paging: a page, and an opaque cursor to the next.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An opaque place in a list; whoever made it can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Which page: at most `limit` items (1 to 500) after a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageAsk {
    #[serde(default)]
    pub after: Option<Cursor>,
    #[serde(default = "PageAsk::usual")]
    pub limit: u32,
}

impl PageAsk {
    pub const MOST: u32 = 500;

    pub fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }

    /// The limit, held between 1 and 500.
    pub fn bounded(&self) -> u32 {
        self.limit.clamp(1, Self::MOST)
    }

    fn usual() -> u32 {
        25
    }
}

impl Default for PageAsk {
    fn default() -> Self {
        Self::first(Self::usual())
    }
}

/// Some of a list, and how to get on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    #[serde(default)]
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}
