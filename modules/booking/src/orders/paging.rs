//! Keyset paging over lists that are ordered by an instant and an id.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use kernel::Cursor;

/// The last item of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: Timestamp,
    pub(crate) id: String,
}

impl Place {
    /// `None` for what no list of ours has given: the list then starts anew.
    pub(crate) fn read(cursor: &Cursor) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&cursor.0).ok()?).ok()?;
        let (micros, id) = text.split_once('.')?;
        Some(Self { at: Timestamp::from_microsecond(micros.parse().ok()?).ok()?, id: id.to_owned() })
    }

    fn cursor(&self) -> Cursor {
        Cursor(URL_SAFE_NO_PAD.encode(format!("{}.{}", self.at.as_microsecond(), self.id)))
    }
}

/// Cuts a list that was read one item too far, and says where the next page starts.
pub(crate) fn cut<T>(
    rows: &mut Vec<T>,
    limit: u32,
    place: impl Fn(&T) -> (Timestamp, String),
) -> Option<Cursor> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more)?;
    let (at, id) = place(last);
    Some(Place { at, id }.cursor())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back() {
        let place = Place { at: "2026-11-20T10:00:00Z".parse().unwrap(), id: "7".to_owned() };
        assert_eq!(Place::read(&place.cursor()), Some(place));
        for strange in ["", "x", "MS4", "!!", "OTk5OTk5OTk5OTk5OTk5OTk5OS54"] {
            assert!(
                Place::read(&Cursor(strange.to_owned())).is_none_or(|place| place.id.is_empty()),
                "{strange}"
            );
        }
    }
}
