//! Composes journeys from routes: origin to x, x to y, y to destination. Which stations can matter is decided once per
//! question, by route; flights are opened in order of time and only while they can still beat what is known.

use crate::{
    journey::Journey,
    restrict::is_allowed,
    stations::StationId,
    window::{At, Route, Row, Window},
};

/// What the engine is asked, in its own numbers.
pub(crate) struct Wanted<'w> {
    pub(crate) window: &'w Window,
    pub(crate) from: StationId,
    pub(crate) to: StationId,
    /// Where the cabin's bits are in a row, and how many seats must be open there.
    pub(crate) cabin: u32,
    pub(crate) seats: u16,
    /// The longest way that is no detour; `None` to allow any.
    pub(crate) metres: Option<u32>,
}

/// The routes that a question can use.
pub(crate) struct Network<'w> {
    pub(crate) wanted: Wanted<'w>,
    /// The last route from each station.
    last: Vec<Option<&'w Route>>,
    /// The first route to each station.
    first: Vec<Option<&'w Route>>,
    vias: Vec<Via<'w>>,
    /// Which vias begin at each station, once somebody asked.
    known: Vec<Option<(usize, usize)>>,
}

/// A way on from one station by way of another.
#[derive(Clone, Copy)]
struct Via<'w> {
    middle: &'w Route,
    last: &'w Route,
    /// The least time of the change between the two.
    change: At,
    /// The least time from leaving to the destination.
    least: i32,
}

impl<'w> Network<'w> {
    pub(crate) fn new(wanted: Wanted<'w>) -> Self {
        let window = wanted.window;
        let stations = window.stations.len();
        let mut network = Self {
            wanted,
            last: vec![None; stations],
            first: vec![None; stations],
            vias: Vec::new(),
            known: Vec::new(),
        };
        network.known = vec![None; stations];
        for (_, route) in window.routes_to(network.wanted.to) {
            set(&mut network.last, route.from, route);
        }
        for route in window.routes_from(network.wanted.from) {
            set(&mut network.first, route.to, route);
        }
        network
    }

    /// Goes on with `legs - 1` more legs. `found` is told of every journey that arrives by `limit`, and answers the new limit.
    pub(crate) fn extend(
        &mut self,
        row: &'w Row,
        legs: usize,
        mut limit: i32,
        mut found: impl FnMut(Journey<'w>) -> i32,
    ) {
        match legs {
            1 => self.arrive(row, limit, &mut found),
            2 => drop(self.change_once(row, &mut limit, &mut found)),
            _ => self.change_twice(row, limit, &mut found),
        }
    }

    fn arrive(&self, row: &'w Row, limit: i32, found: &mut impl FnMut(Journey<'w>) -> i32) {
        let journey = Journey::One([row]);
        if row.to == self.wanted.to && i32::from(row.arrives) <= limit && self.allows(&journey) {
            found(journey);
        }
    }

    fn change_once(
        &self,
        row: &'w Row,
        limit: &mut i32,
        found: &mut impl FnMut(Journey<'w>) -> i32,
    ) -> Option<()> {
        let first = get(&self.first, row.to)?;
        let last = get(&self.last, row.to)?;
        if !self.is_direct_enough(&[first, last]) {
            return None;
        }
        let ready = row.arrives.saturating_add(self.wanted.window.least_change(row.to));
        self.finish(last, ready, limit, |end| {
            let journey = Journey::Two([row, end]);
            let fits = self.wanted.window.connects(row, row.to, end) && self.allows(&journey);
            fits.then(|| found(journey))
        });
        Some(())
    }

    fn change_twice(&mut self, row: &'w Row, mut limit: i32, found: &mut impl FnMut(Journey<'w>) -> i32) {
        let window = self.wanted.window;
        let ready = row.arrives.saturating_add(window.least_change(row.to));
        let (start, end) = self.vias_from(row.to);
        for via in self.vias.get(start..end).unwrap_or_default() {
            if i32::from(ready) + via.least > limit {
                break;
            }
            for middle in window.rows_after(via.middle, ready) {
                if i32::from(middle.departs) + via.least > limit {
                    break;
                }
                let change = middle.arrives.saturating_add(via.change);
                let late = i32::from(change) + i32::from(via.last.least) > limit;
                if late || !self.is_open(middle) || !window.connects(row, row.to, middle) {
                    continue;
                }
                self.finish(via.last, change, &mut limit, |end| {
                    let journey = Journey::Three([row, middle, end]);
                    let fits = window.connects(middle, middle.to, end) && self.allows(&journey);
                    fits.then(|| found(journey))
                });
            }
        }
    }

    /// Opens the flights of a last route from `ready` on, while they can arrive by the limit.
    fn finish(
        &self,
        last: &'w Route,
        ready: At,
        limit: &mut i32,
        mut offer: impl FnMut(&'w Row) -> Option<i32>,
    ) {
        for end in self.wanted.window.rows_after(last, ready) {
            if i32::from(end.departs) + i32::from(last.least) > *limit {
                break;
            }
            if i32::from(end.arrives) <= *limit
                && self.is_open(end)
                && let Some(new) = offer(end)
            {
                *limit = new;
            }
        }
    }

    pub(crate) fn is_open(&self, row: &Row) -> bool {
        row.is_open(self.wanted.cabin, self.wanted.seats)
    }

    fn allows(&self, journey: &Journey<'w>) -> bool {
        is_allowed(self.wanted.window, journey.rows())
    }

    /// Which vias lead on from a station with one more change, the quickest first.
    fn vias_from(&mut self, station: StationId) -> (usize, usize) {
        let known = self.known.get(usize::from(station)).copied().flatten();
        known.unwrap_or_else(|| self.look_around(station))
    }

    fn look_around(&mut self, station: StationId) -> (usize, usize) {
        let start = self.vias.len();
        if let Some(first) = get(&self.first, station)
            && station != self.wanted.to
        {
            for middle in self.wanted.window.routes_from(station) {
                let via = self.via(first, middle);
                self.vias.extend(via);
            }
        }
        if let Some(fresh) = self.vias.get_mut(start..) {
            fresh.sort_unstable_by_key(|via| via.least);
        }
        let span = (start, self.vias.len());
        if let Some(known) = self.known.get_mut(usize::from(station)) {
            *known = Some(span);
        }
        span
    }

    fn via(&self, first: &'w Route, middle: &'w Route) -> Option<Via<'w>> {
        let wanted = &self.wanted;
        if middle.to == wanted.from || middle.to == wanted.to {
            return None;
        }
        let last = get(&self.last, middle.to)?;
        if !self.is_direct_enough(&[first, middle, last]) {
            return None;
        }
        let change = wanted.window.least_change(middle.to);
        let least = i32::from(middle.least) + i32::from(change) + i32::from(last.least);
        Some(Via { middle, last, change, least })
    }

    /// Unknown positions are no reason to leave a journey out.
    fn is_direct_enough(&self, routes: &[&Route]) -> bool {
        let sum: Option<u32> = routes.iter().map(|route| route.metres).sum();
        sum.zip(self.wanted.metres).is_none_or(|(sum, most)| sum <= most)
    }
}

fn set<'w>(list: &mut [Option<&'w Route>], at: StationId, route: &'w Route) {
    if let Some(slot) = list.get_mut(usize::from(at)) {
        *slot = Some(route);
    }
}

fn get<'w>(list: &[Option<&'w Route>], at: StationId) -> Option<&'w Route> {
    list.get(usize::from(at)).copied().flatten()
}
