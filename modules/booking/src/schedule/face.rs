//! The schedule's face: imports, questions about flights, and the feed.

use async_trait::async_trait;
use booking_api::{
    Airport, AllAirports, BookingError, DatedFlight, DatedFlightOf, FlightRow, FlightsAsk, ImportReport,
    ImportText, LegInventory, LegKey, Schedule,
};
use kernel::{Actor, Ctx, FeedAfter, FeedBatch, FeedError, Page, Role};

use super::{day, import};
use crate::{Booking, fares, imports};

#[async_trait]
impl Schedule for Booking {
    async fn import_schedule(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError> {
        publishers_only(ctx)?;
        import::import(self, ctx, file).await
    }

    async fn import_fares(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError> {
        publishers_only(ctx)?;
        fares::import::import(self, ctx, file).await
    }

    async fn import_connecting_times(
        &self,
        ctx: &Ctx,
        file: ImportText,
    ) -> Result<ImportReport, BookingError> {
        publishers_only(ctx)?;
        fares::connecting::import(self, ctx, file).await
    }

    async fn import_bookings(&self, ctx: &Ctx, file: ImportText) -> Result<ImportReport, BookingError> {
        publishers_only(ctx)?;
        imports::import(self, ctx, file).await
    }

    async fn airports(&self, _ctx: &Ctx, _ask: AllAirports) -> Result<Vec<Airport>, BookingError> {
        Ok(self.places.all())
    }

    async fn dated_flight(&self, _ctx: &Ctx, of: DatedFlightOf) -> Result<Option<DatedFlight>, BookingError> {
        day::flight(self, of).await
    }

    async fn flights(&self, ctx: &Ctx, ask: FlightsAsk) -> Result<Page<FlightRow>, BookingError> {
        staff_only(ctx)?;
        day::flights(self, ask).await
    }

    async fn inventory(&self, ctx: &Ctx, of: LegKey) -> Result<LegInventory, BookingError> {
        staff_only(ctx)?;
        day::inventory(self, of).await
    }

    async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        if !may_read_feed(&ctx.actor) {
            return Err(FeedError::Forbidden);
        }
        self.db.feed(ask).await.map_err(|error| FeedError::Fault(error.into()))
    }
}

/// Whoever may change what the airline publishes.
fn publishers_only(ctx: &Ctx) -> Result<(), BookingError> {
    if ctx.actor.may(&[Role::Ops]) { Ok(()) } else { Err(BookingError::Forbidden) }
}

fn staff_only(ctx: &Ctx) -> Result<(), BookingError> {
    if ctx.actor.may(&[Role::Agent, Role::Ops, Role::Migrator, Role::Auditor]) {
        Ok(())
    } else {
        Err(BookingError::Forbidden)
    }
}

/// It carries personal data: services and staff read it, travellers never.
fn may_read_feed(actor: &Actor) -> bool {
    match actor {
        Actor::System { .. } | Actor::Machine { .. } => true,
        Actor::Person { role, .. } => role.is_staff(),
        Actor::Anonymous => false,
    }
}
