//! What answers are made from: an immutable value that is swapped as a whole. Windows are drawn when first asked for.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::{ArcSwap, Guard};

use crate::{
    apply::Changes,
    days::Day,
    directory::Directory,
    draw,
    patch::{Patch, patch},
    prices::Prices,
    stations::Stations,
    timetable::Timetable,
    window::Window,
};

/// Windows are forgotten, oldest first, beyond so many rows in all.
const MOST_ROWS: usize = 800_000;
/// The same for windows, since one of a day without flights has no rows.
const MOST_WINDOWS: usize = 400;
/// A flight's base date may lie this many days from the day of a window that has its legs.
const NEAR: i32 = 6;

#[derive(Default, Clone)]
pub(crate) struct View {
    pub(crate) directory: Arc<Directory>,
    pub(crate) stations: Arc<Stations>,
    pub(crate) prices: Arc<Prices>,
    /// Whether the feed was read to its end once.
    pub(crate) whole: bool,
    windows: HashMap<Day, Arc<Window>>,
    /// Days in the order in which they were drawn.
    drawn: Vec<Day>,
}

/// The view, and the timetable behind it. Whoever swaps the view holds the timetable's lock.
#[derive(Default)]
pub(crate) struct Views {
    view: ArcSwap<View>,
    timetable: Mutex<Timetable>,
}

impl Views {
    pub(crate) fn now(&self) -> Guard<Arc<View>> {
        self.view.load()
    }

    /// The flights around a local day. Only the first question about a day waits for them to be drawn.
    pub(crate) fn window(&self, day: Day) -> Arc<Window> {
        if let Some(window) = self.view.load().windows.get(&day) {
            return window.clone();
        }
        let timetable = self.timetable.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = self.view.load();
        if let Some(window) = latest.windows.get(&day) {
            return window.clone();
        }
        let window = Arc::new(draw::window(&timetable, day));
        let mut next = View::clone(&latest);
        next.keep(day, window.clone());
        self.view.store(Arc::new(next));
        window
    }

    /// Changes the timetable; the view stays as it is.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Timetable) -> T) -> T {
        change(&mut self.timetable.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what was changed.
    pub(crate) fn publish(&self, changes: &Changes) {
        let timetable = self.timetable.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.view.load();
        let mut next = View::of(&timetable);
        for day in &old.drawn {
            let kept = old.windows.get(day).and_then(|window| renewed(window, &timetable, changes));
            if let Some(window) = kept {
                next.keep(*day, window);
            }
        }
        self.view.store(Arc::new(next));
    }

    /// Begins again with another timetable.
    pub(crate) fn replace(&self, fresh: Timetable) {
        let mut timetable = self.timetable.lock().unwrap_or_else(PoisonError::into_inner);
        *timetable = fresh;
        self.view.store(Arc::new(View::of(&timetable)));
    }
}

impl View {
    fn of(timetable: &Timetable) -> Self {
        Self {
            directory: timetable.directory.clone(),
            stations: timetable.stations.clone(),
            prices: timetable.prices.clone(),
            whole: true,
            ..Self::default()
        }
    }

    fn is_full(&self) -> bool {
        let rows: usize = self.windows.values().map(|window| window.rows.len()).sum();
        self.drawn.len() > MOST_WINDOWS || rows > MOST_ROWS
    }

    fn keep(&mut self, day: Day, window: Arc<Window>) {
        self.windows.insert(day, window);
        self.drawn.push(day);
        while self.drawn.len() > 1 && self.is_full() {
            let oldest = self.drawn.remove(0);
            self.windows.remove(&oldest);
        }
    }
}

/// The window after the changes; `None` if it has to be drawn again.
fn renewed(window: &Arc<Window>, timetable: &Timetable, changes: &Changes) -> Option<Arc<Window>> {
    let near = |(from, to): &(Day, Day)| *from <= window.day + NEAR && window.day - NEAR <= *to;
    if changes.everywhere || changes.periods.iter().any(near) {
        return None;
    }
    match patch(window, timetable, &changes.legs) {
        Patch::Same => Some(window.clone()),
        Patch::Patched(patched) => Some(Arc::new(*patched)),
        Patch::Draw => None,
    }
}
