//! Search: what can be flown, and for how much. A read side that keeps nothing on disk: it follows booking's feed
//! into an immutable view in memory, and answers from that view without a database.

use std::sync::Arc;

use async_trait::async_trait;
use booking_api::{QuoteKey, Schedule};
use kernel::{Ctx, Fault, Outside, Page, ReaderStatus, ReadersAsk, ReplayReader};
use search_api::{AirportHit, AirportsAsk, Itineraries, ItinerariesAsk, Search, SearchError};
use tokio::sync::watch;

/// What search is made from.
pub struct Parts {
    /// Booking, near or far: airports and the feed come from it.
    pub schedule: Arc<dyn Schedule>,
    pub outside: Outside,
    /// Quotes are sealed with it; booking opens them with the same.
    pub quote_key: QuoteKey,
}

/// The search module of this process.
pub struct Searching {
    parts: Parts,
}

/// An empty view, which [`Searching::follow`] fills.
pub fn start(parts: Parts) -> Arc<Searching> {
    Arc::new(Searching { parts })
}

impl Searching {
    /// Follows booking's feed until it is told to stop.
    pub async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let _ = (&self.parts.schedule, &self.parts.outside, &self.parts.quote_key);
        let _ = stop.wait_for(|stop| *stop).await;
    }
}

#[async_trait]
impl Search for Searching {
    async fn itineraries(&self, _ctx: &Ctx, _ask: ItinerariesAsk) -> Result<Itineraries, SearchError> {
        Err(Fault::unavailable("the timetable is not read yet").into())
    }

    async fn airports(&self, _ctx: &Ctx, _ask: AirportsAsk) -> Result<Vec<AirportHit>, SearchError> {
        let page: Page<AirportHit> = Page { items: Vec::new(), next: None };
        Ok(page.items)
    }

    async fn readers(&self, _ctx: &Ctx, _ask: ReadersAsk) -> Result<Vec<ReaderStatus>, SearchError> {
        Ok(Vec::new())
    }

    async fn replay(&self, _ctx: &Ctx, ask: ReplayReader) -> Result<(), SearchError> {
        Err(SearchError::UnknownReader(ask.reader))
    }
}
