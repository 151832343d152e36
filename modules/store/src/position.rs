//! The row that says how far a projection is. It moves by compare-and-set, in the transaction of the rows it accounts
//! for; whoever finds it moved has lost and rolls back.

use diesel::prelude::*;
use jiff::Timestamp;
use kernel::Event;
use uuid::Uuid;

use crate::{
    Conn, DbError, Micros, Projection, Tx, UuidText, both, dead_letter,
    schema::projection::{self as row, table as rows},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) log_id: Uuid,
    pub(crate) position: i64,
    pub(crate) lease_epoch: i64,
    pub(crate) moved_at: Timestamp,
}

impl Place {
    pub(crate) fn moved_to(mut self, events: &[Event]) -> Self {
        self.position = events.last().map_or(self.position, |event| event.seq);
        self
    }
}

pub(crate) fn find(conn: &mut Conn, projection: &dyn Projection) -> Result<Option<Place>, DbError> {
    let found: Option<(UuidText, i64, i64, Micros)> = rows
        .find((projection.name(), projection.version()))
        .select((row::log_id, row::position, row::lease_epoch, row::moved_at))
        .first(conn)
        .optional()?;
    Ok(found.map(|(log_id, position, lease_epoch, moved_at)| Place {
        log_id: log_id.0,
        position,
        lease_epoch,
        moved_at: moved_at.0,
    }))
}

/// Makes the row, at the beginning of no log yet, unless it is there.
pub(crate) fn declare(tx: &mut Tx<'_>, projection: &dyn Projection) -> Result<Place, DbError> {
    let values = (
        row::name.eq(projection.name()),
        row::version.eq(projection.version()),
        row::log_id.eq(UuidText(Uuid::nil())),
        row::position.eq(0),
        row::lease_epoch.eq(0),
        row::moved_at.eq(Micros(tx.now())),
    );
    both!(tx.conn(), c => diesel::insert_into(rows).values(values).on_conflict_do_nothing().execute(c))?;
    find(tx.conn(), projection)?.ok_or_else(|| DbError::Raced(projection.name().to_owned()))
}

pub(crate) fn fence(conn: &mut Conn, projection: &dyn Projection, epoch: i64) -> Result<(), DbError> {
    diesel::update(rows.find((projection.name(), projection.version())))
        .set(row::lease_epoch.eq(epoch))
        .execute(conn)?;
    Ok(())
}

/// From `was` to `next`, if nobody else moved it.
pub(crate) fn step(
    tx: &mut Tx<'_>,
    projection: &dyn Projection,
    was: Place,
    next: i64,
) -> Result<(), DbError> {
    let now = Micros(tx.now());
    let changed = diesel::update(rows.find((projection.name(), projection.version())))
        .filter(row::log_id.eq(UuidText(was.log_id)))
        .filter(row::position.eq(was.position))
        .filter(row::lease_epoch.eq(was.lease_epoch))
        .set((row::position.eq(next), row::moved_at.eq(now)))
        .execute(tx.conn())?;
    if changed == 1 { Ok(()) } else { Err(DbError::Raced(projection.name().to_owned())) }
}

/// Back to the beginning of a log, with nothing in the tables.
pub(crate) fn begin_again(
    tx: &mut Tx<'_>,
    projection: &dyn Projection,
    was: Place,
    log_id: Uuid,
) -> Result<(), DbError> {
    step(tx, projection, was, 0)?;
    diesel::update(rows.find((projection.name(), projection.version())))
        .set(row::log_id.eq(UuidText(log_id)))
        .execute(tx.conn())?;
    dead_letter::forget(tx.conn(), projection.name())?;
    projection.clear(tx)
}
