//! The last good table in a local file, so that a process starts and kills with the database away.

use std::{fs, io, path::Path};

use switch::Table;

pub(crate) fn read(path: &Path) -> Option<Table> {
    let text = fs::read(path).ok()?;
    match serde_json::from_slice(&text) {
        Ok(table) => Some(table),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the last good decision table cannot be read and is passed over");
            None
        }
    }
}

/// Written beside and renamed, so that a crash leaves the old file or the new one.
pub(crate) fn write(path: &Path, table: &Table) -> io::Result<()> {
    let beside = path.with_extension("new");
    fs::write(&beside, serde_json::to_vec_pretty(table)?)?;
    fs::rename(beside, path)
}
