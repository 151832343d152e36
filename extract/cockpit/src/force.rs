//! What is in force in this process: the last stored table, and on top of it every kill that the store has not taken.
//! No table that was made without knowing such a kill can undo it.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kernel::{Clock, Outside};
use switch::{Switch, Table, Traffic};
use tokio::sync::watch;

use crate::{
    kill::Kill,
    last_good::{Good, LastGood},
};

pub(crate) struct Force {
    switch: Arc<Switch>,
    traffic: Arc<Traffic>,
    clock: Arc<dyn Clock>,
    file: LastGood,
    state: Mutex<State>,
    epoch: watch::Sender<u64>,
}

struct State {
    /// The last table known to be stored (or the first one), without the kills below.
    stored: Arc<Table>,
    unstored: Vec<Kill>,
    /// Whether somebody is at work storing them.
    storing: bool,
    /// Counts what was put in force, for the file.
    turn: u64,
}

/// A stored table, and those of our kills that it knows.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) table: Table,
    pub(crate) known: Vec<String>,
}

impl Force {
    /// Puts the last good table in force, if there is one.
    pub(crate) fn open(switch: Arc<Switch>, traffic: Arc<Traffic>, path: PathBuf, outside: &Outside) -> Self {
        let file = LastGood::new(path, &outside.uuid().simple().to_string());
        let good = file.read();
        if let Some(good) = &good {
            switch.put(good.table.clone());
        }
        let table = switch.table();
        traffic.apply(&table, outside.now());
        let (epoch, _) = watch::channel(table.epoch);
        let unstored = good.map(|good| good.unstored).unwrap_or_default();
        let state = State { stored: table, unstored, storing: false, turn: 0 };
        Self { switch, traffic, clock: outside.clock.clone(), file, state: Mutex::new(state), epoch }
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        self.switch.table()
    }

    pub(crate) fn switch(&self) -> &Switch {
        &self.switch
    }

    pub(crate) fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// The epoch in force, as it changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.epoch.subscribe()
    }

    /// The table that changes are made on when the store has no newer one.
    pub(crate) fn stored_table(&self) -> Arc<Table> {
        self.state().stored.clone()
    }

    /// The kills that the store has not taken.
    pub(crate) fn unstored(&self) -> Vec<Kill> {
        self.state().unstored.clone()
    }

    /// A stored table comes into force, unless a later one has, with every kill on top that it does not know.
    pub(crate) fn put(&self, Stored { table, known }: Stored) {
        let mut state = self.state();
        if table.epoch < state.stored.epoch {
            return;
        }
        state.unstored.retain(|kill| !known.contains(&kill.id));
        state.stored = Arc::new(table);
        let next = state.unstored.iter().fold(Table::clone(&state.stored), |table, kill| kill.on(&table));
        self.enforce(state, next);
    }

    /// A kill comes into force here and now. Answers the table, and whether somebody must begin to store it.
    pub(crate) fn kill(&self, kill: Kill) -> (Arc<Table>, bool) {
        let mut state = self.state();
        let next = kill.on(&self.switch.table());
        state.unstored.push(kill);
        let must_begin = !std::mem::replace(&mut state.storing, true);
        self.enforce(state, next.clone());
        (Arc::new(next), must_begin)
    }

    /// Whether somebody must begin to store what is left from before.
    pub(crate) fn must_store(&self) -> bool {
        let mut state = self.state();
        !state.unstored.is_empty() && !std::mem::replace(&mut state.storing, true)
    }

    /// What is to be stored next; nothing means that the work is over.
    pub(crate) fn next_to_store(&self) -> Option<Vec<Kill>> {
        let mut state = self.state();
        state.storing = !state.unstored.is_empty();
        state.storing.then(|| state.unstored.clone())
    }

    /// Publishes the shares, which a time ramp moves without a new table.
    pub(crate) fn publish(&self) {
        self.traffic.publish(&self.switch.table(), self.clock.now());
    }

    /// In memory first, under the lock, so that tables come into force in order; then in the file.
    fn enforce(&self, mut state: MutexGuard<'_, State>, next: Table) {
        let is_newer = self.switch.put(next);
        let table = self.switch.table();
        if is_newer {
            self.traffic.apply(&table, self.clock.now());
            self.epoch.send_replace(table.epoch);
        }
        state.turn += 1;
        let (turn, unstored) = (state.turn, state.unstored.clone());
        drop(state);
        if is_newer {
            tracing::info!(epoch = table.epoch, "a decision table is in force");
        }
        self.file.write(turn, &Good { table: Table::clone(&table), unstored });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "force_tests.rs"]
pub(crate) mod tests;
