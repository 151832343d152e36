//! Search: what can be flown, and for how much. A read side that keeps nothing on disk: it follows booking's feed
//! into an immutable view in memory, and answers from that view without a database.

mod answer;
mod apply;
mod classes;
mod compose;
mod connecting;
mod days;
mod directory;
mod draw;
mod flights;
mod follow;
mod journey;
mod patch;
mod prices;
mod profile;
mod question;
mod rank;
pub mod reference;
mod restrict;
mod sensible;
mod stations;
mod timetable;
mod view;
mod window;

use std::sync::Arc;

use async_trait::async_trait;
use booking_api::{QuoteKey, Schedule};
use kernel::{Ctx, Fault, Iata, Outside, Page, ReaderState, ReaderStatus, ReadersAsk, ReplayReader, Role};
use search_api::{AirportHit, AirportsAsk, Itineraries, ItinerariesAsk, Place, Search, SearchError, Set};
use tokio::sync::watch;

use crate::{
    answer::Showing,
    compose::Network,
    follow::{Follower, Progress, READER},
    prices::SliceAsk,
    question::Question,
    view::{View, Views},
};

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
    views: Arc<Views>,
    progress: Arc<Progress>,
}

/// An empty view, which [`Searching::follow`] fills.
pub fn start(parts: Parts) -> Arc<Searching> {
    Arc::new(Searching { parts, views: Arc::default(), progress: Arc::new(Progress::new()) })
}

impl Searching {
    /// Follows booking's feed until it is told to stop.
    pub async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let follower = Follower {
            schedule: self.parts.schedule.clone(),
            outside: self.parts.outside.clone(),
            views: self.views.clone(),
            progress: self.progress.clone(),
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            () = follower.run() => {}
        }
        self.progress.change(|status| status.state = ReaderState::Stopped);
    }

    fn answer(&self, question: &Question) -> Result<Itineraries, SearchError> {
        let view = self.views.now();
        if !view.whole {
            return Err(Fault::unavailable("the timetable is still being read").into());
        }
        let ask = &question.ask;
        let places = (view.place(ask.from)?, view.place(ask.to)?);
        let day = days::day(ask.date);
        if !days::is_near(day) {
            return Ok(nothing(places));
        }
        let window = self.views.window(day);
        let Some((from, to)) = window.stations.id(ask.from).zip(window.stations.id(ask.to)) else {
            return Ok(nothing(places));
        };
        let mut network = Network::new(question.wanted(&window, from, to));
        let firsts = question.firsts(&network.wanted);
        let pareto = profile::pareto(&mut network, &firsts);
        let rest = match ask.set {
            Set::Pareto => Vec::new(),
            Set::Ranked => sensible::rest(&mut network, &firsts, &pareto),
        };
        let prices = view.prices.slice(&SliceAsk {
            from: ask.from,
            to: ask.to,
            date: ask.date,
            cabin: question.cabin,
            party: ask.party,
        });
        let showing = Showing {
            window: &window,
            question,
            prices: &prices,
            key: &self.parts.quote_key,
            now: self.parts.outside.now(),
        };
        Ok(showing.page(pareto, rest, places))
    }
}

#[async_trait]
impl Search for Searching {
    async fn itineraries(&self, _ctx: &Ctx, ask: ItinerariesAsk) -> Result<Itineraries, SearchError> {
        self.answer(&Question::new(ask)?)
    }

    async fn airports(&self, _ctx: &Ctx, ask: AirportsAsk) -> Result<Vec<AirportHit>, SearchError> {
        let view = self.views.now();
        let limit = usize::try_from(ask.limit.clamp(1, 50)).unwrap_or(50);
        let served = |code: Iata| view.stations.id(code).is_some();
        let hits = view.directory.find(&ask.q, served, limit).into_iter();
        Ok(hits
            .map(|airport| AirportHit { place: stations::place_of(airport), served: served(airport.iata) })
            .collect())
    }

    async fn readers(&self, _ctx: &Ctx, _ask: ReadersAsk) -> Result<Vec<ReaderStatus>, SearchError> {
        Ok(vec![self.progress.status()])
    }

    async fn replay(&self, ctx: &Ctx, ask: ReplayReader) -> Result<(), SearchError> {
        if !ctx.actor.may(&[Role::Ops, Role::Migrator]) {
            return Err(SearchError::Forbidden);
        }
        if ask.reader != READER {
            return Err(SearchError::UnknownReader(ask.reader));
        }
        tracing::info!(
            reader = READER,
            actor = ctx.actor.label(),
            reason = ask.reason,
            "a replay was asked for"
        );
        self.progress.change(|status| status.state = ReaderState::Rebuilding);
        self.progress.again.notify_one();
        Ok(())
    }
}

impl View {
    fn place(&self, code: Iata) -> Result<Place, SearchError> {
        let served = self.stations.id(code).and_then(|id| self.stations.get(id));
        let known = served.map(|station| station.place.clone());
        let known = known.or_else(|| self.directory.airport(code).map(stations::place_of));
        known.ok_or(SearchError::UnknownAirport(code))
    }
}

fn nothing((from, to): (Place, Place)) -> Itineraries {
    Itineraries { page: Page { items: Vec::new(), next: None }, by_stops: [0; 3], from, to }
}
