//! Booking classes: which cabin each belongs to, and how many seats are open, counted up to nine because no party is larger.

use std::{collections::HashSet, sync::Arc};

use booking_api::events::usual_cabin;

/// Open seats by class, highest first, as far as a party could want them.
pub(crate) type Classes = Arc<[(u8, u8)]>;

/// Cabins in the order of their four bits in a row.
const CABINS: [char; 4] = ['Y', 'W', 'J', 'F'];

/// "Nobody told": such a leg is shown and has no price.
const UNKNOWN: u16 = 0xFFFF;

/// Where a cabin's four bits begin; `None` for a cabin that does not exist.
pub(crate) fn cabin_shift(cabin: char) -> Option<u32> {
    CABINS.iter().zip([0, 4, 8, 12]).find(|(known, _)| **known == cabin).map(|(_, shift)| shift)
}

/// The most seats open in one class of each cabin, four bits each.
pub(crate) fn by_cabin(classes: &[(u8, u8)]) -> u16 {
    let best = |cabin: char| {
        let of_cabin = classes.iter().filter(|(class, _)| usual_cabin(char::from(*class)) == cabin);
        of_cabin.map(|(_, seats)| u16::from(*seats).min(9)).max().unwrap_or(0)
    };
    CABINS.iter().rev().fold(0, |bits, cabin| (bits << 4) | best(*cabin))
}

/// The same for a published leg, whose file may have said nothing about classes.
pub(crate) fn published_by_cabin(classes: &[(u8, u8)]) -> u16 {
    if classes.is_empty() { UNKNOWN } else { by_cabin(classes) }
}

/// Seats open in one class.
pub(crate) fn seats_in(classes: &[(u8, u8)], class: char) -> u8 {
    classes.iter().find(|(known, _)| char::from(*known) == class).map_or(0, |(_, seats)| *seats)
}

/// Keeps one copy of what comes again and again.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    classes: HashSet<Classes>,
    texts: HashSet<Arc<str>>,
}

impl Copies {
    pub(crate) fn classes(&mut self, open: &[(char, u32)]) -> Classes {
        let short = |(class, seats): &(char, u32)| {
            let seats = u8::try_from((*seats).min(9)).unwrap_or(9);
            u8::try_from(*class).ok().map(|class| (class, seats))
        };
        let wanted: Vec<_> = open.iter().filter_map(short).collect();
        if let Some(known) = self.classes.get(wanted.as_slice()) {
            return known.clone();
        }
        let fresh: Classes = wanted.into();
        self.classes.insert(fresh.clone());
        fresh
    }

    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let fresh: Arc<str> = text.into();
        self.texts.insert(fresh.clone());
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_hold_the_best_class_of_each_cabin() {
        let bits = by_cabin(&[(b'J', 4), (b'Y', 9), (b'B', 2), (b'C', 1)]);
        let seats = |cabin| (bits >> cabin_shift(cabin).unwrap()) & 15;
        assert_eq!(['Y', 'W', 'J', 'F'].map(seats), [9, 0, 4, 0]);
        assert_eq!(cabin_shift('Q'), None);
    }
}
