//! The last good table in a local file, with the kills that the store has not taken, so that a process starts and kills
//! with the database away.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use switch::Table;

use crate::kill::Kill;

/// What a restart must know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Good {
    #[serde(flatten)]
    pub(crate) table: Table,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unstored: Vec<Kill>,
}

pub(crate) struct LastGood {
    path: PathBuf,
    beside: PathBuf,
    /// The turn that was written last: of two writers at once, the later value stays.
    written: Mutex<u64>,
}

impl LastGood {
    /// `mark` tells this process's unfinished file from another's.
    pub(crate) fn new(path: PathBuf, mark: &str) -> Self {
        let beside = path.with_extension(format!("{mark}.new"));
        Self { path, beside, written: Mutex::new(0) }
    }

    pub(crate) fn read(&self) -> Option<Good> {
        let text = fs::read(&self.path).ok()?;
        serde_json::from_slice(&text)
            .inspect_err(|error| {
                let path = self.path.display();
                tracing::warn!(%path, %error, "the last good decision table cannot be read and is passed over");
            })
            .ok()
    }

    /// Written beside and renamed, so that a crash leaves the old file or the new one.
    pub(crate) fn write(&self, turn: u64, good: &Good) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if turn <= *written {
            return;
        }
        match self.replace(good) {
            Ok(()) => *written = turn,
            Err(error) => {
                let path = self.path.display();
                tracing::error!(%path, %error, "the last good decision table could not be written");
            }
        }
    }

    fn replace(&self, good: &Good) -> io::Result<()> {
        fs::write(&self.beside, serde_json::to_vec(good)?)?;
        fs::rename(&self.beside, &self.path)
    }
}
