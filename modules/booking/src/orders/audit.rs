//! Booking's audit trail: what staff did, to what, and why, written in the transaction of the act.

use diesel::prelude::*;
use kernel::{AuditRow, Page, PageAsk};
use store::{Conn, DbError, Micros, Tx, UuidText};

use super::{paging::Place, schema::audit};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
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

pub(crate) fn write(tx: &mut Tx<'_>, action: &str, subject: String, reason: &str) -> Result<(), DbError> {
    let ctx = tx.ctx();
    let row = Row {
        id: UuidText(tx.outside().uuid()),
        at: Micros(tx.now()),
        actor: ctx.actor.label(),
        action: action.to_owned(),
        subject,
        reason: reason.to_owned(),
        request_id: ctx.request_id.to_string(),
    };
    diesel::insert_into(audit::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Newest first.
pub(crate) fn page(conn: &mut Conn, ask: &PageAsk) -> Result<Page<AuditRow>, DbError> {
    let limit = ask.bounded();
    let mut query = audit::table.into_boxed();
    if let Some(Place { at, id }) = ask.after.as_ref().and_then(Place::read) {
        let earlier = audit::at.lt(Micros(at)).or(audit::at.eq(Micros(at)).and(audit::id.lt(id)));
        query = query.filter(earlier);
    }
    let mut rows: Vec<Row> =
        query.order((audit::at.desc(), audit::id.desc())).limit(i64::from(limit) + 1).load(conn)?;
    let next = super::paging::cut(&mut rows, limit, |row| (row.at.0, row.id.0.to_string()));
    Ok(Page { items: rows.into_iter().map(AuditRow::from).collect(), next })
}

impl From<Row> for AuditRow {
    fn from(row: Row) -> Self {
        Self {
            at: row.at.0,
            module: "booking".to_owned(),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            reason: row.reason,
            request_id: row.request_id,
        }
    }
}
