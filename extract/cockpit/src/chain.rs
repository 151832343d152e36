//! The audit chain: each change carries the SHA-256 of itself and of the one before, so that an edited byte
//! anywhere breaks every hash after it.

use diesel::prelude::*;
use sha2::{Digest, Sha256};
use store::Micros;

use crate::schema::change_log;

/// Who changed what, and why.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) reason: String,
    pub(crate) request_id: String,
    pub(crate) detail: String,
}

/// A change as it lies in the log.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = change_log)]
pub(crate) struct ChangeRow {
    pub(crate) n: i64,
    pub(crate) epoch: i64,
    pub(crate) at: Micros,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) subject: String,
    pub(crate) reason: String,
    pub(crate) request_id: String,
    pub(crate) detail: String,
    pub(crate) previous: String,
    pub(crate) hash: String,
}

pub(crate) fn link(n: i64, epoch: i64, at: Micros, change: Change, previous: String) -> ChangeRow {
    let mut row = ChangeRow {
        n,
        epoch,
        at,
        actor: change.actor,
        action: change.action,
        subject: change.subject,
        reason: change.reason,
        request_id: change.request_id,
        detail: change.detail,
        previous,
        hash: String::new(),
    };
    row.hash = hash(&row);
    row
}

/// A walk along the chain, from its beginning, in as many pieces as one likes.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub(crate) n: i64,
    pub(crate) epoch: i64,
    hash: String,
}

impl Walk {
    /// The number of the first change that does not fit, if any.
    pub(crate) fn broken(&mut self, rows: Vec<ChangeRow>) -> Option<i64> {
        for row in rows {
            if row.n != self.n + 1 || row.previous != self.hash || row.hash != hash(&row) {
                return Some(self.n + 1);
            }
            (self.n, self.epoch, self.hash) = (row.n, row.epoch, row.hash);
        }
        None
    }
}

/// Each field with its length before it, so that no two rows read alike.
fn hash(row: &ChangeRow) -> String {
    let mut sha = Sha256::new();
    let at = row.at.0.as_microsecond().to_string();
    let (n, epoch) = (row.n.to_string(), row.epoch.to_string());
    for field in [
        &n,
        &epoch,
        &at,
        &row.actor,
        &row.action,
        &row.subject,
        &row.reason,
        &row.request_id,
        &row.detail,
        &row.previous,
    ] {
        sha.update(field.len().to_le_bytes());
        sha.update(field.as_bytes());
    }
    sha.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
