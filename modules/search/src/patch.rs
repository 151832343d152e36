//! Mends a window after a change to dated legs, without drawing it again: a seat sold must not cost a day's timetable.

use booking_api::LegKey;

use crate::{
    days::day,
    draw::dated_row,
    stations::StationId,
    timetable::Timetable,
    window::{At, Row, Window},
};

/// A flight's date may lie this many days from the day of a window that has its legs.
const NEAR: i32 = 6;

/// The window with these legs as they are now; `None` if it has to be drawn again. The same window if none is in it.
pub(crate) enum Patch {
    Same,
    Patched(Box<Window>),
    Draw,
}

pub(crate) fn patch(window: &Window, timetable: &Timetable, legs: &[LegKey]) -> Patch {
    let near: Vec<&LegKey> = legs.iter().filter(|leg| (day(leg.date) - window.day).abs() <= NEAR).collect();
    if near.is_empty() {
        return Patch::Same;
    }
    let mut patched = Box::new(window.clone());
    let mut changed = false;
    for leg in near {
        match patched.mend(timetable, leg) {
            Some(mended) => changed |= mended,
            None => return Patch::Draw,
        }
    }
    if changed { Patch::Patched(patched) } else { Patch::Same }
}

impl Window {
    /// Whether the leg is here and was mended; `None` if it moved in or out of the window.
    fn mend(&mut self, timetable: &Timetable, leg: &LegKey) -> Option<bool> {
        let Some((from, to)) = self.stations.id(leg.from).zip(self.stations.id(leg.to)) else {
            return Some(false);
        };
        let rows = self.find(timetable, leg, from, to);
        if rows.is_empty() {
            let dated = timetable.dated(day(leg.date), leg.designator, from, to);
            let may_have_moved_in = dated.is_some_and(|dated| dated.times.is_some());
            return (!may_have_moved_in).then_some(false);
        }
        for number in rows {
            self.renew(timetable, number, from)?;
        }
        Some(true)
    }

    /// Numbers of the leg's rows.
    fn find(&self, timetable: &Timetable, leg: &LegKey, from: StationId, to: StationId) -> Vec<usize> {
        let (Some(route), Some(carrier)) = (self.route(from, to), timetable.carrier(leg.designator.carrier))
        else {
            return Vec::new();
        };
        let suffix = leg.designator.suffix.and_then(|letter| u8::try_from(letter).ok()).unwrap_or(0);
        let is_it = |row: &Row| {
            (row.number, row.carrier, row.suffix) == (leg.designator.number, carrier, suffix)
                && i32::from(row.date) == day(leg.date) - self.day
        };
        let numbers = route.start as usize..route.end as usize;
        numbers.filter(|number| self.rows.get(*number).is_some_and(is_it)).collect()
    }

    fn renew(&mut self, timetable: &Timetable, number: usize, from: StationId) -> Option<()> {
        let old = *self.rows.get(number)?;
        let fact = self.fact(&old)?;
        let (new, classes) = dated_row(timetable, self.day, fact)?;
        let new = Row { fact: old.fact, ..new };
        *self.classes.get_mut(old.fact as usize)? = classes;
        *self.rows.get_mut(number)? = new;
        if (old.departs, old.arrives) != (new.departs, new.arrives) {
            self.sort_route(from, new.to)?;
            self.sort_departures(from);
        }
        Some(())
    }

    fn sort_route(&mut self, from: StationId, to: StationId) -> Option<()> {
        let at = self.routes.binary_search_by_key(&(from, to), |route| (route.from, route.to)).ok()?;
        let route = self.routes.get_mut(at)?;
        let rows = self.rows.get_mut(route.start as usize..route.end as usize)?;
        rows.sort_unstable_by_key(|row| (row.departs, row.arrives, row.carrier, row.number, row.date));
        route.least = rows.iter().map(|row| row.arrives - row.departs).min().unwrap_or(At::MAX);
        Some(())
    }
}
