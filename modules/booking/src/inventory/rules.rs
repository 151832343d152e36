//! Nested authorisation: a class may sell what is left under its own level and under every level above it, so a cheap
//! seat can never take a place that was kept for a dear one.

use booking_api::events::SeasonLeg;

/// What a dated leg may sell before anybody has bought, highest cabin first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Levels {
    pub(crate) cabins: Vec<CabinLevels>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CabinLevels {
    pub(crate) cabin: char,
    pub(crate) seats: u32,
    /// What may be sold in all; above `seats` it is overbooking.
    pub(crate) authorised: u32,
    /// (class, level), highest class first.
    pub(crate) classes: Vec<(char, u32)>,
}

/// One class of one cabin, with what it has sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClassLevel {
    pub(crate) class: char,
    pub(crate) au: i32,
    /// Sold and held in this class and every one below it.
    pub(crate) nested: i32,
}

/// Seats that each class can still sell, for the classes of one cabin, highest first.
pub(crate) fn availability(cabin: &[ClassLevel]) -> Vec<(char, u32)> {
    let mut least = i32::MAX;
    cabin
        .iter()
        .map(|level| {
            least = least.min(level.au.saturating_sub(level.nested));
            (level.class, u32::try_from(least).unwrap_or(0))
        })
        .collect()
}

impl Levels {
    /// The untouched levels of a leg, as its season file and the ladder give them.
    pub(crate) fn of(leg: &SeasonLeg) -> Self {
        let cabins = leg.by_cabin().map(|(cabin, seats, classes)| CabinLevels {
            cabin,
            seats,
            authorised: classes.first().map_or(0, |(_, level)| *level),
            classes,
        });
        Self { cabins: cabins.collect() }
    }

    /// What an untouched leg offers, highest class first.
    pub(crate) fn open(&self) -> Vec<(char, u32)> {
        self.cabins.iter().flat_map(|cabin| availability(&cabin.untouched())).collect()
    }
}

impl CabinLevels {
    fn untouched(&self) -> Vec<ClassLevel> {
        self.classes
            .iter()
            .map(|(class, au)| ClassLevel { class: *class, au: as_level(*au), nested: 0 })
            .collect()
    }
}

/// Levels are seats of an aircraft; anything larger is as good as without end.
pub(crate) fn as_level(seats: u32) -> i32 {
    i32::try_from(seats).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The guarded update in plain words: the classes 0 to k move together, or none does.
    fn take(cabin: &mut [ClassLevel], k: usize, seats: i32) -> bool {
        let fits = cabin[..=k].iter().all(|level| level.nested + seats <= level.au);
        if fits {
            cabin[..=k].iter_mut().for_each(|level| level.nested += seats);
        }
        fits
    }

    fn cabin(levels: &[i32]) -> Vec<ClassLevel> {
        levels.iter().zip('A'..).map(|(au, class)| ClassLevel { class, au: *au, nested: 0 }).collect()
    }

    #[test]
    fn a_cheap_seat_never_takes_a_kept_one() {
        let mut cabin = cabin(&[10, 6, 3]);
        assert!(take(&mut cabin, 2, 3));
        assert_eq!(availability(&cabin), [('A', 7), ('B', 3), ('C', 0)]);
        assert!(!take(&mut cabin, 2, 1));
        assert!(take(&mut cabin, 0, 7));
        assert_eq!(availability(&cabin), [('A', 0), ('B', 0), ('C', 0)]);
    }

    #[test]
    fn a_level_lowered_below_what_is_used_stops_sales_only() {
        let mut cabin = cabin(&[10, 6]);
        assert!(take(&mut cabin, 1, 5));
        cabin[0].au = 4;
        assert_eq!(availability(&cabin), [('A', 0), ('B', 0)]);
        assert_eq!(cabin[0].nested, 5);
    }

    proptest! {
        /// Whatever is asked in whatever order: no level is ever passed, and exactly what is offered can be taken.
        #[test]
        fn no_oversale(levels in prop::collection::vec(0i32..12, 1..6), asks in prop::collection::vec((0usize..6, 1i32..5), 0..40)) {
            let mut cabin = cabin(&levels);
            for (k, seats) in asks {
                let k = k % cabin.len();
                let offered = availability(&cabin)[k].1;
                prop_assert_eq!(take(&mut cabin, k, seats), seats <= i32::try_from(offered).unwrap());
                prop_assert!(cabin.iter().all(|level| level.nested <= level.au));
            }
        }
    }
}
