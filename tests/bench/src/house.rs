//! The modules as the binary wires them, on a throw-away database: booking with a real season file, and search behind it.

use std::{io::Read, path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use booking_api::{
    Airport, AllAirports, CancelLeg, Disruption, ImportReport, ImportText, LegKey, QuoteKey, Schedule,
    events::{ConnectingTimes, SeasonFlight},
};
use flate2::read::MultiGzDecoder;
use kernel::{Ctx, FeedAfter, IdempotencyKey, Outside, ReadersAsk};
use search::{Searching, reference::World};
use search_api::{ItinerariesAsk, Search};
use serde_json::from_value;
use store::{Db, DbOptions};
use tokio::sync::watch;

pub(crate) struct House {
    pub(crate) booking: Arc<booking::Booking>,
    pub(crate) search: Arc<Searching>,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl House {
    pub(crate) async fn build() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let outside = Outside::system();
        let key = QuoteKey::new(outside.bytes());
        let url = folder.path().join("booking.db").display().to_string();
        let options = DbOptions { url, module: "booking", readers: 2, outside: outside.clone() };
        let db = Db::open(options, &booking::migrations())?;
        let parts = booking::Parts { db, outside: outside.clone(), quote_key: key.clone() };
        let booking = booking::start(parts).await?;
        let schedule: Arc<dyn Schedule> = booking.clone();
        let search = search::start(search::Parts { schedule, outside, quote_key: key });
        Ok(Self { booking, search, stop: watch::Sender::new(false), _folder: folder })
    }

    pub(crate) async fn import(&self, name: &str, text: String) -> Result<ImportReport> {
        let file = ImportText { name: name.to_owned(), text };
        let schedule: &dyn Schedule = self.booking.as_ref();
        let patient = Ctx::system("bench").with_time(std::time::Duration::from_mins(10));
        let report = schedule.import_schedule(&patient, file).await?;
        if !report.recognised || !report.refused.is_empty() {
            bail!("{name} was refused: {:?}", report.refused.first());
        }
        Ok(report)
    }

    /// Starts the follower and waits until search has read everything.
    pub(crate) async fn follow(&self) -> Result<()> {
        tokio::spawn(self.search.clone().follow(self.stop.subscribe()));
        loop {
            let readers = self.search.readers(&Ctx::system("bench"), ReadersAsk {}).await?;
            if readers.iter().all(|reader| reader.position > 0 && reader.lag() == Some(0)) {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }

    pub(crate) async fn cancel(&self, leg: LegKey) -> Result<()> {
        let disruption: &dyn Disruption = self.booking.as_ref();
        let key: IdempotencyKey = format!("bench-{}-{}", leg.designator, leg.from).parse()?;
        let ask = CancelLeg { leg, reason: "bench".to_owned() };
        disruption.cancel_leg(&Ctx::system("bench").with_key(key), ask).await?;
        Ok(())
    }

    /// Asks until the leg is in no answer.
    pub(crate) async fn until_gone(&self, leg: LegKey) -> Result<()> {
        let ask = ItinerariesAsk { max_legs: 1, ..ItinerariesAsk::new(leg.from, leg.to, leg.date) };
        loop {
            let answer = self.search.itineraries(&Ctx::system("bench"), ask.clone()).await?;
            let shown = answer.page.items.iter().flat_map(|item| &item.legs);
            if !shown.into_iter().any(|shown| shown.designator == leg.designator) {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    /// What the feed tells, as the slow way takes it.
    pub(crate) async fn world(&self) -> Result<World> {
        let schedule: &dyn Schedule = self.booking.as_ref();
        let ctx = Ctx::system("bench");
        let airports: Vec<Airport> = schedule.airports(&ctx, AllAirports {}).await?;
        let mut world = World { airports, ..World::default() };
        let mut ask = FeedAfter::start();
        loop {
            let batch = schedule.feed(&ctx, ask.clone()).await?;
            for event in batch.events {
                match event.kind.as_str() {
                    "schedule.loaded" => world.flights.push(from_value::<SeasonFlight>(event.payload)?),
                    "connecting_times.changed" => world.times = from_value::<ConnectingTimes>(event.payload)?,
                    _ => {}
                }
            }
            ask.after = batch.next;
            if batch.next >= batch.head {
                return Ok(world);
            }
        }
    }
}

/// A season file's text, unpacked if it is packed.
pub(crate) fn read(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut text = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text)?;
    } else {
        text = bytes;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
