//! Notes: pads and notes of one person, alone or against a trip. Somebody else's thing and a missing one are the
//! same to everybody; a trip's title comes from booking's feed, so that notes can be read while booking is away.

mod rows;
mod rules;
mod schema;
#[cfg(test)]
mod tests;
mod trips;
mod writes;

use std::sync::Arc;

use async_trait::async_trait;
use booking_api::Schedule;
use kernel::{Ctx, FeedAfter, FeedBatch, FeedError, Outside, Page, ReaderStatus, ReadersAsk, ReplayReader};
use notes_api::{
    Note, NoteDraft, NoteEdit, NoteId, NoteList, NoteOf, Notes, NotesError, NotesOf, Pad, PadDraft, PadEdit,
    PadId, PadOf, PadsOf,
};
use serde::{Serialize, de::DeserializeOwned};
use store::{Db, DbError, Migrations, ReaderHandle, Tx, TxError, embed_migrations};
use tokio::sync::watch;

use rows::Listing;
use rules::Place;
use trips::Trips;
use writes::Stamp;

/// What notes needs from the house.
pub struct Parts {
    pub db: Db,
    pub outside: Outside,
    /// Booking, near or far, for the titles of trips. Without it a trip is shown by its locator.
    pub schedule: Option<Arc<dyn Schedule>>,
}

/// The notes module of this process.
pub struct Running {
    db: Db,
    outside: Outside,
    trips: Option<Trips>,
}

/// The module's tables, for `Db::open` and `banyan migrate`.
pub fn migrations() -> Migrations {
    const EMBEDDED: Migrations = Migrations {
        sqlite: embed_migrations!("../../migrations/notes/sqlite"),
        postgres: embed_migrations!("../../migrations/notes/postgres"),
    };
    EMBEDDED
}

/// Starts notes. Call [`Running::follow`] on a task of its own in a process that serves.
pub fn start(parts: Parts) -> Arc<Running> {
    let Parts { db, outside, schedule } = parts;
    let trips = schedule.map(|schedule| Trips::new(db.clone(), schedule));
    Arc::new(Running { db, outside, trips })
}

impl Running {
    /// Keeps the titles of trips up to date until it is told to stop.
    pub async fn follow(self: Arc<Self>, stop: watch::Receiver<bool>) {
        if let Some(trips) = &self.trips {
            trips.follow(stop).await;
        }
    }

    /// The reader of booking's feed, for whoever wants to wait for it.
    pub fn trips(&self) -> Option<ReaderHandle> {
        self.trips.as_ref().map(Trips::handle)
    }

    /// A command: done once for a key, in one transaction with its events.
    async fn once<Q, T>(
        &self,
        ctx: &Ctx,
        op: &'static str,
        question: Q,
        f: impl Fn(&mut Tx<'_>, &Q) -> Result<T, TxError<NotesError>> + Send + Sync + 'static,
    ) -> Result<T, NotesError>
    where
        Q: Serialize + Send + Sync + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let done: Result<T, TxError<NotesError>> =
            self.db.write(ctx, move |tx| tx.once(op, &question, |tx| f(tx, &question))).await;
        done.map_err(|error| match error {
            TxError::Db(DbError::KeyReused) => NotesError::KeyReused,
            other => other.into_own(),
        })
    }

    fn stamp(&self, ctx: &Ctx) -> Result<Stamp, NotesError> {
        Ok(Stamp { owner: rules::owner(ctx)?, now: self.outside.now() })
    }
}

#[async_trait]
impl Notes for Running {
    async fn list(&self, ctx: &Ctx, of: NotesOf) -> Result<NoteList, NotesError> {
        let owner = rules::owner(ctx)?;
        let after = of.page.after.as_ref().map(|cursor| Place::read(cursor, of.order)).transpose()?;
        let (limit, order) = (of.page.bounded(), of.order);
        let listing =
            Listing { owner, pad: of.pad, trip: of.trip, order, after, limit: i64::from(limit) + 1 };
        let found = self.db.ask(move |conn| {
            let Some(total) = rows::total(conn, &listing)? else { return Ok(None) };
            Ok(Some((rows::page(conn, &listing)?, total)))
        });
        let (mut items, total) = found.await.and_then(|found| found.ok_or(NotesError::NotFound))?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Place::of(order, last).cursor());
        Ok(NoteList { page: Page { items, next }, total })
    }

    async fn note(&self, ctx: &Ctx, of: NoteOf) -> Result<Note, NotesError> {
        let owner = rules::owner(ctx)?;
        let found: Result<Option<Note>, NotesError> =
            self.db.ask(move |conn| rows::note(conn, owner, of.id)).await;
        found?.ok_or(NotesError::NotFound)
    }

    async fn pads(&self, ctx: &Ctx, _: PadsOf) -> Result<Vec<Pad>, NotesError> {
        let owner = rules::owner(ctx)?;
        self.db.ask(move |conn| rows::pads(conn, owner)).await
    }

    async fn pad(&self, ctx: &Ctx, of: PadOf) -> Result<Pad, NotesError> {
        let owner = rules::owner(ctx)?;
        let found: Result<Option<Pad>, NotesError> =
            self.db.ask(move |conn| rows::pad(conn, owner, of.id)).await;
        found?.ok_or(NotesError::NotFound)
    }

    async fn add(&self, ctx: &Ctx, note: NoteDraft) -> Result<Note, NotesError> {
        let (stamp, id) = (self.stamp(ctx)?, NoteId::new(&self.outside));
        self.once(ctx, "notes.add", note, move |tx, draft| writes::add(tx, stamp, id, draft)).await
    }

    async fn edit(&self, ctx: &Ctx, edit: NoteEdit) -> Result<Note, NotesError> {
        let stamp = self.stamp(ctx)?;
        self.once(ctx, "notes.edit", edit, move |tx, edit| writes::edit(tx, stamp, edit)).await
    }

    async fn delete(&self, ctx: &Ctx, of: NoteOf) -> Result<Note, NotesError> {
        let stamp = self.stamp(ctx)?;
        self.once(ctx, "notes.delete", of, move |tx, of| writes::delete(tx, stamp, of)).await
    }

    async fn add_pad(&self, ctx: &Ctx, pad: PadDraft) -> Result<Pad, NotesError> {
        let (stamp, id) = (self.stamp(ctx)?, PadId::new(&self.outside));
        self.once(ctx, "notes.add_pad", pad, move |tx, draft| writes::add_pad(tx, stamp, id, draft)).await
    }

    async fn rename_pad(&self, ctx: &Ctx, edit: PadEdit) -> Result<Pad, NotesError> {
        let stamp = self.stamp(ctx)?;
        self.once(ctx, "notes.rename_pad", edit, move |tx, edit| writes::rename_pad(tx, stamp, edit)).await
    }

    async fn delete_pad(&self, ctx: &Ctx, of: PadOf) -> Result<Pad, NotesError> {
        let stamp = self.stamp(ctx)?;
        self.once(ctx, "notes.delete_pad", of, move |tx, of| writes::delete_pad(tx, stamp, of)).await
    }

    async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        if !rules::runs_the_house(ctx) {
            return Err(FeedError::Forbidden);
        }
        self.db.feed(ask).await.map_err(|error| FeedError::Fault(error.into()))
    }

    async fn readers(&self, ctx: &Ctx, _: ReadersAsk) -> Result<Vec<ReaderStatus>, NotesError> {
        if !rules::runs_the_house(ctx) {
            return Err(NotesError::Forbidden);
        }
        match &self.trips {
            Some(trips) => Ok(vec![trips.status().await]),
            None => Ok(Vec::new()),
        }
    }

    async fn replay(&self, ctx: &Ctx, ask: ReplayReader) -> Result<(), NotesError> {
        if !rules::may_replay(ctx) {
            return Err(NotesError::Forbidden);
        }
        let trips = self.trips.as_ref().filter(|trips| trips.handle().name() == ask.reader);
        Ok(trips.ok_or(NotesError::NotFound)?.replay().await?)
    }
}
