//! The interface, thin: who may ask, what is read first, and where the answer is worked out.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{
    Actor, Ctx, Cursor, Fault, FeedAfter, FeedBatch, FeedError, Page, PageAsk, ReaderStatus, ReadersAsk,
    ReplayReader, Role,
};
use status_api::{
    Board, BoardAsk, DeadLetter, FlightOf, FlightStatus, IntakeReport, Movements, Status, StatusError,
};
use store::{DbError, TxError};

use crate::{Operations, SOON, answers::View, intake::Batch, rows};

#[async_trait]
impl Status for Operations {
    async fn take(&self, ctx: &Ctx, messages: Movements) -> Result<IntakeReport, StatusError> {
        allow(ctx, &[Role::Ops])?;
        self.hear_booking_out().await?;
        self.ready().await?;
        let batch = Arc::new(Batch::read(self.world().await?, messages.messages.clone()));
        let report = self
            .db
            .change(ctx, move |tx| {
                let once = tx.once("status.take", &messages, |tx| Ok(batch.apply(tx, true)?));
                once.map_err(|error| match error {
                    TxError::Db(DbError::KeyReused) => TxError::Own(StatusError::KeyReused),
                    other => other,
                })
            })
            .await?;
        self.teller.bell.notify_one();
        self.show().await?;
        Ok(report)
    }

    async fn flight(&self, _ctx: &Ctx, of: FlightOf) -> Result<Option<FlightStatus>, StatusError> {
        let places = self.ready().await?;
        let timetable = self.schedule.timetable();
        let boards = self.boards.read();
        Ok(View { timetable: &timetable, boards: &boards, places: &places, now: self.outside.now() }
            .flight(&of))
    }

    async fn board(&self, _ctx: &Ctx, ask: BoardAsk) -> Result<Board, StatusError> {
        let places = self.ready().await?;
        let timetable = self.schedule.timetable();
        if !places.knows(ask.airport) && !timetable.calls_at(ask.airport) {
            return Err(StatusError::UnknownAirport(ask.airport));
        }
        let log_id = self.board_reader.status().log_id.unwrap_or_default();
        let boards = self.boards.read();
        let version = format!("{log_id}:{}", boards.seq(ask.airport));
        let view = View { timetable: &timetable, boards: &boards, places: &places, now: self.outside.now() };
        let rows = view.board(&ask);
        Ok(Board { airport: places.station(ask.airport), direction: ask.direction, rows, version })
    }

    async fn dead_letters(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<DeadLetter>, StatusError> {
        allow(ctx, &[Role::Ops])?;
        let limit = page.bounded();
        let before = page.after.as_ref().and_then(place);
        let mut rows =
            self.db.ask::<_, StatusError>(move |conn| rows::strays(conn, before, limit + 1)).await?;
        let wanted = usize::try_from(limit).unwrap_or(500);
        let more = rows.len() > wanted;
        rows.truncate(wanted);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| Cursor(format!("{}_{}", row.received_at.0.as_microsecond(), row.id)));
        Ok(Page { items: rows.into_iter().map(DeadLetter::from).collect(), next })
    }

    async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        let may = matches!(ctx.actor, Actor::System { .. }) || ctx.actor.role().is_some_and(Role::is_staff);
        if !may {
            return Err(FeedError::Forbidden);
        }
        let wait_ms = ask.wait_ms.min(u64::try_from(ctx.deadline.left().as_millis()).unwrap_or(u64::MAX) / 2);
        let batch = self.db.feed(FeedAfter { wait_ms, ..ask }).await.map_err(Fault::from)?;
        if let Some(last) = batch.events.last() {
            // Who hears of a change here asks for the board next, and must find it there.
            let soon = SOON.min(ctx.deadline.left() / 4);
            drop(self.board_reader.has_read(last.seq, soon).await);
        }
        Ok(batch)
    }

    async fn readers(&self, _ctx: &Ctx, _ask: ReadersAsk) -> Result<Vec<ReaderStatus>, StatusError> {
        Ok(vec![self.schedule_reader.status(), self.board_reader.status()])
    }

    async fn replay(&self, ctx: &Ctx, ask: ReplayReader) -> Result<(), StatusError> {
        allow(ctx, &[Role::Ops, Role::Migrator])?;
        tracing::info!(reader = ask.reader, by = ctx.actor.label(), reason = ask.reason, "replays a reader");
        match ask.reader.as_str() {
            "status.schedule" => self.schedule_reader.replay().await,
            "status.board" => self.board_reader.replay().await,
            _ => return Err(StatusError::UnknownReader(ask.reader)),
        }
        Ok(())
    }
}

fn allow(ctx: &Ctx, roles: &[Role]) -> Result<(), StatusError> {
    if ctx.actor.may(roles) { Ok(()) } else { Err(StatusError::Forbidden) }
}

fn place(cursor: &Cursor) -> Option<(Timestamp, String)> {
    let (at, id) = cursor.0.split_once('_')?;
    Some((Timestamp::from_microsecond(at.parse().ok()?).ok()?, id.to_owned()))
}
