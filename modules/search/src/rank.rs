//! The order of a page and the token that goes on after it. The order is total, so that pages neither repeat nor skip.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::Cursor;
use serde::{Deserialize, Serialize};

/// What a list is sorted by; later fields decide ties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) group: i64,
    pub(crate) first: i64,
    pub(crate) departs: i64,
    pub(crate) arrives: i64,
    pub(crate) legs: usize,
    pub(crate) name: String,
}

/// The last item of the page before.
pub(crate) struct After(Key);

impl After {
    pub(crate) fn cursor(last: &Key) -> Cursor {
        Cursor(URL_SAFE_NO_PAD.encode(serde_json::to_vec(last).unwrap_or_default()))
    }

    /// `None` for a token that is not ours.
    pub(crate) fn read(cursor: &Cursor) -> Option<Self> {
        let text = URL_SAFE_NO_PAD.decode(&cursor.0).ok()?;
        serde_json::from_slice(&text).ok().map(Self)
    }

    pub(crate) fn is_before(&self, key: &Key) -> bool {
        self.0 < *key
    }
}
