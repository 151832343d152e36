//! Authorisation levels of an untouched cabin: how many seats may be sold in a class and everything below it, until
//! somebody who manages revenue says otherwise. Without overbooking, and never more below than above.

/// Shares of the cabin in thousandths, from the highest class down; what follows the tenth stays at the last.
const LADDER: [u64; 10] = [1000, 950, 900, 850, 790, 720, 640, 550, 460, 370];

/// The nested ladder of one cabin, highest class first. A class of a cabin with seats may sell at least one.
pub(crate) fn authorised(cabin_seats: u32, classes: &[char]) -> Vec<(char, u32)> {
    classes.iter().enumerate().map(|(rank, class)| (*class, level(cabin_seats, rank))).collect()
}

fn level(seats: u32, rank: usize) -> u32 {
    let share = LADDER.get(rank).or(LADDER.last()).copied().unwrap_or(1000);
    u32::try_from((u64::from(seats) * share).div_ceil(1000)).unwrap_or(seats)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ladder_for_a_cabin() {
        assert_eq!(authorised(160, &['Y', 'B', 'M']), [('Y', 160), ('B', 152), ('M', 144)]);
        assert_eq!(authorised(1, &['Y', 'N']), [('Y', 1), ('N', 1)]);
        assert_eq!(authorised(0, &['J']), [('J', 0)]);
    }

    proptest! {
        #[test]
        fn nested_and_within_the_cabin(seats in 0u32..2_000, classes in prop::collection::vec(prop::char::range('A', 'Z'), 0..26)) {
            let levels = authorised(seats, &classes);
            prop_assert_eq!(levels.len(), classes.len());
            prop_assert!(levels.iter().all(|(_, level)| *level <= seats && (seats == 0 || *level > 0)));
            prop_assert!(levels.windows(2).all(|two| two[0].1 >= two[1].1));
            prop_assert!(levels.first().is_none_or(|(_, level)| *level == seats));
        }
    }
}
