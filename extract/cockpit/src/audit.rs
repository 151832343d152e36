//! Who changed what, and why: the chain of changes, read, checked, and added to.

use jiff::Timestamp;
use kernel::{AuditRow, Ctx, Cursor, Page, PageAsk};
use serde::{Deserialize, Serialize};
use switch::Override;

use crate::{
    Cockpit, CockpitError, Difference,
    chain::{Change, ChangeRow},
    rows,
};

/// A change as it lies in the chain.
#[derive(Debug, Clone, Serialize)]
pub struct AuditEntry {
    pub n: i64,
    /// The epoch that it led to, or in which it happened.
    pub epoch: i64,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub reason: String,
    pub request_id: String,
    /// What changed.
    pub detail: Detail,
    pub previous: String,
    /// SHA-256 of all of this and the hash before it.
    pub hash: String,
}

/// What a change was about, beyond words. Everything that does not apply is left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Difference>,
    /// The waiting change that this belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_id: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<String>,
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub over: Option<Override>,
}

impl Cockpit {
    /// Adds an act of staff that changes no table to the same chain: a reader rebuilt, say.
    pub async fn record(
        &self,
        ctx: &Ctx,
        action: &'static str,
        subject: &str,
        reason: &str,
    ) -> Result<(), CockpitError> {
        let epoch = self.table().epoch;
        let change = change(ctx, action, subject, reason, &Detail::default());
        let record = move |tx: &mut store::Tx<'_>| {
            let at = tx.now().into();
            Ok(rows::record(tx.conn(), epoch, change.clone(), at)?)
        };
        self.database.write(ctx, record).await
    }

    /// Who changed what, newest first.
    pub async fn audit(&self, page: PageAsk) -> Result<Page<AuditRow>, CockpitError> {
        Ok(self.audit_entries(page).await?.map(AuditRow::from))
    }

    /// The same with number, epoch, difference and hash.
    pub async fn audit_entries(&self, page: PageAsk) -> Result<Page<AuditEntry>, CockpitError> {
        let below = page.after.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(i64::MAX);
        let limit = i64::from(page.bounded());
        let rows = self.database.read(move |conn| rows::changes_below(conn, below, limit + 1)).await?;
        Ok(paged(rows, limit))
    }

    /// Changes after a number, oldest first: for export, piece by piece.
    pub async fn audit_after(&self, n: i64, limit: u32) -> Result<Page<AuditEntry>, CockpitError> {
        let limit = i64::from(limit.clamp(1, 5_000));
        let rows = self.database.read(move |conn| rows::changes_above(conn, n, limit + 1)).await?;
        Ok(paged(rows, limit))
    }

    /// Checks the whole chain; the number of the first change that was tampered with or is missing.
    pub async fn verify(&self) -> Result<Option<i64>, CockpitError> {
        self.database.read(rows::first_broken).await
    }
}

pub(crate) fn change(ctx: &Ctx, action: &str, subject: &str, reason: &str, detail: &Detail) -> Change {
    Change {
        actor: ctx.actor.label(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        reason: reason.trim().to_owned(),
        request_id: ctx.request_id.to_string(),
        detail: serde_json::to_string(detail).unwrap_or_default(),
    }
}

fn paged(mut rows: Vec<ChangeRow>, limit: i64) -> Page<AuditEntry> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Cursor(row.n.to_string()));
    Page { items: rows.into_iter().map(AuditEntry::from).collect(), next }
}

impl From<ChangeRow> for AuditEntry {
    fn from(row: ChangeRow) -> Self {
        Self {
            n: row.n,
            epoch: row.epoch,
            at: row.at.0,
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            reason: row.reason,
            request_id: row.request_id,
            // The previous release kept less; that is no reason not to show the rest.
            detail: serde_json::from_str(&row.detail).unwrap_or_default(),
            previous: row.previous,
            hash: row.hash,
        }
    }
}

impl From<AuditEntry> for AuditRow {
    fn from(entry: AuditEntry) -> Self {
        Self {
            at: entry.at,
            module: "switch".into(),
            actor: entry.actor,
            action: entry.action,
            subject: entry.subject,
            reason: entry.reason,
            request_id: entry.request_id,
        }
    }
}
