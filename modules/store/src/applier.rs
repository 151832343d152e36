//! Applying a batch: all of it in one transaction with the position, or step by step around an event that cannot go in.

use std::{collections::BTreeSet, sync::Arc};

use kernel::{Ctx, Event};

use crate::{
    Db, DbError, Projection, ReaderHandle, Tx, dead_letter,
    job::caught,
    position::{self, Place},
};

/// One projection and the database that its rows and its position lie in.
pub(crate) struct Applier {
    pub(crate) db: Db,
    pub(crate) projection: Arc<dyn Projection>,
    pub(crate) handle: ReaderHandle,
}

/// How often an event is tried before it is set aside.
const TRIES: i32 = 5;
/// More than this is a bug in the projection.
const MOST_DEAD_LETTERS: i64 = 1_000;

/// Why a batch did not go in.
enum Stuck {
    /// The event at this place of the batch, whatever it is.
    At(usize, DbError),
    Whole(DbError),
}

impl From<DbError> for Stuck {
    fn from(error: DbError) -> Self {
        Self::Whole(error)
    }
}

impl Applier {
    /// The batch as a whole if possible; else up to what is stuck, that alone, and the rest.
    pub(crate) async fn take(&self, mut place: Place, events: Vec<Event>) -> Result<(), DbError> {
        let mut rest: Arc<[Event]> = events.into();
        while !rest.is_empty() {
            match self.apply(place, rest.clone()).await {
                Ok(()) => return Ok(()),
                Err(Stuck::Whole(why)) => return Err(why),
                Err(Stuck::At(_, why)) if why.is_transient() => return Err(why),
                Err(Stuck::At(0, why)) => {
                    let first: Arc<[Event]> = rest.iter().take(1).cloned().collect();
                    place = self.insist(place, first, why).await?;
                    rest = rest.iter().skip(1).cloned().collect();
                }
                Err(Stuck::At(before, _)) => {
                    let good: Arc<[Event]> = rest.iter().take(before).cloned().collect();
                    let next = place.moved_to(&good);
                    match self.apply(place, good).await {
                        Ok(()) => {
                            place = next;
                            rest = rest.iter().skip(before).cloned().collect();
                        }
                        Err(Stuck::At(_, why)) if !why.is_transient() => {}
                        Err(Stuck::At(_, why) | Stuck::Whole(why)) => return Err(why),
                    }
                }
            }
        }
        Ok(())
    }

    /// Tries one event a few times, then sets it aside.
    async fn insist(&self, place: Place, event: Arc<[Event]>, first: DbError) -> Result<Place, DbError> {
        let mut why = first;
        for _ in 1..TRIES {
            match self.apply(place, event.clone()).await {
                Ok(()) => return Ok(place.moved_to(&event)),
                Err(Stuck::At(_, next)) if !next.is_transient() => why = next,
                Err(Stuck::At(_, next) | Stuck::Whole(next)) => return Err(next),
            }
        }
        self.set_aside(place, event.clone(), why.to_string()).await?;
        Ok(place.moved_to(&event))
    }

    /// Moves the position and makes the rows, or does neither.
    async fn apply(&self, place: Place, events: Arc<[Event]>) -> Result<(), Stuck> {
        let projection = self.projection.clone();
        let next = place.moved_to(&events);
        self.db
            .write(&self.ctx(), move |tx| {
                position::step(tx, &*projection, place, next.position)?;
                let waiting = dead_letter::streams(tx, projection.name())?;
                for (at, event) in
                    events.iter().enumerate().filter(|(_, event)| projection.wants(&event.kind))
                {
                    caught(|| apply_one(tx, &*projection, &waiting, place, event))
                        .map_err(|why| Stuck::At(at, why))?;
                }
                Ok(())
            })
            .await
    }

    async fn set_aside(&self, place: Place, event: Arc<[Event]>, why: String) -> Result<(), DbError> {
        let projection = self.projection.clone();
        let next = place.moved_to(&event);
        tracing::error!(reader = projection.name(), seq = next.position, "an event was set aside: {why}");
        let open = self
            .db
            .write(&self.ctx(), move |tx| {
                position::step(tx, &*projection, place, next.position)?;
                for event in event.iter() {
                    dead_letter::store(tx, projection.name(), place.log_id, event, &why, TRIES)?;
                }
                match dead_letter::count(tx.conn(), projection.name())? {
                    open if open > MOST_DEAD_LETTERS => Err(DbError::Encoding(format!(
                        "{} would have {open} events set aside, which is a bug and not poison: {why}",
                        projection.name()
                    ))),
                    open => Ok(open),
                }
            })
            .await?;
        self.handle.has_set_aside(open);
        Ok(())
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx::system(self.projection.name())
    }
}

/// Later events of a stream wait behind the one that was set aside; other streams go on.
fn apply_one(
    tx: &mut Tx<'_>,
    projection: &dyn Projection,
    waiting: &BTreeSet<String>,
    place: Place,
    event: &Event,
) -> Result<(), DbError> {
    if waiting.contains(&event.stream) {
        return dead_letter::park(tx, projection.name(), place.log_id, event);
    }
    tx.caused_by(event.event_id);
    projection.apply(tx, event)
}
