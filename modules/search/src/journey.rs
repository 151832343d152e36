//! A journey while it is being looked for: one to three rows that fit together.

use std::cmp::Ordering;

use kernel::Designator;

use crate::window::{At, Row, Window};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Journey<'w> {
    One([&'w Row; 1]),
    Two([&'w Row; 2]),
    Three([&'w Row; 3]),
}

impl<'w> Journey<'w> {
    pub(crate) fn rows(&self) -> &[&'w Row] {
        match self {
            Self::One(rows) => rows,
            Self::Two(rows) => rows,
            Self::Three(rows) => rows,
        }
    }

    pub(crate) fn departs(&self) -> At {
        let (Self::One([first]) | Self::Two([first, _]) | Self::Three([first, ..])) = self;
        first.departs
    }

    pub(crate) fn arrives(&self) -> At {
        let (Self::One([last]) | Self::Two([_, last]) | Self::Three([.., last])) = self;
        last.arrives
    }

    pub(crate) fn legs(&self) -> usize {
        self.rows().len()
    }

    pub(crate) fn minutes(&self) -> i32 {
        i32::from(self.arrives()) - i32::from(self.departs())
    }

    /// Of two journeys with the same times and number of legs: the one with more time where it is shortest, then by name.
    pub(crate) fn preferred(&self, other: &Self, window: &Window) -> Ordering {
        let by_slack = other.shortest_connection().cmp(&self.shortest_connection());
        by_slack.then_with(|| self.names(window).cmp(&other.names(window)))
    }

    fn shortest_connection(&self) -> Option<i32> {
        let pairs = self.rows().windows(2);
        let gaps = pairs.filter_map(|pair| match pair {
            [a, b] => Some(i32::from(b.departs) - i32::from(a.arrives)),
            _ => None,
        });
        gaps.min()
    }

    fn names(&self, window: &Window) -> Vec<(Option<Designator>, At)> {
        let name = |row: &&Row| (window.fact(row).map(|fact| fact.flight.designator), row.departs);
        self.rows().iter().map(name).collect()
    }
}
