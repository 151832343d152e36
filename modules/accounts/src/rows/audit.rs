//! The audit trail of accounts.

use diesel::prelude::*;
use kernel::{AuditRow, Cursor, PageAsk};
use store::{Conn, DbError, Micros, Tx, UuidText};

use crate::schema::audit;

/// What was done to whom, and why; the rest is known from the transaction.
pub(crate) struct Act<'a> {
    pub(crate) action: &'a str,
    pub(crate) subject: String,
    pub(crate) reason: &'a str,
}

pub(crate) fn write(tx: &mut Tx<'_>, act: &Act<'_>) -> Result<(), DbError> {
    let row = Row {
        id: UuidText(tx.outside().uuid()),
        at: Micros(tx.now()),
        actor: tx.ctx().actor.label(),
        action: act.action.to_owned(),
        subject: act.subject.clone(),
        reason: act.reason.trim().to_owned(),
        request_id: tx.ctx().request_id.to_string(),
    };
    diesel::insert_into(audit::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Newest first, one more than the page holds.
pub(crate) fn page(conn: &mut Conn, ask: &PageAsk) -> Result<Vec<(Cursor, AuditRow)>, DbError> {
    let mut query = audit::table.into_boxed();
    if let Some(after) = &ask.after {
        query = query.filter(audit::id.lt(after.0.clone()));
    }
    let rows: Vec<Row> = query.order(audit::id.desc()).limit(i64::from(ask.bounded()) + 1).load(conn)?;
    Ok(rows.into_iter().map(|row| (Cursor(row.id.0.to_string()), AuditRow::from(row))).collect())
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = audit)]
struct Row {
    id: UuidText,
    at: Micros,
    actor: String,
    action: String,
    subject: String,
    reason: String,
    request_id: String,
}

impl From<Row> for AuditRow {
    fn from(row: Row) -> Self {
        Self {
            at: row.at.0,
            module: "accounts".to_owned(),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            reason: row.reason,
            request_id: row.request_id,
        }
    }
}
