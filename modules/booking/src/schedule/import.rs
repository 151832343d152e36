//! Takes a season file into the schedule: reads it, works out what changes, and writes that in batches, so that others get
//! their turn in between.

use std::{sync::Arc, time::Duration};

use booking_api::{
    BookingError, ImportReport, ImportText,
    events::{SeasonFlight, SeasonFlightWithdrawn},
};
use kernel::{Ctx, Fault, NewEvent};
use store::{DbError, Tx, TxError};

use super::{
    replace::{Change, Replacement, replace},
    rows,
    ssim::{self, Season},
};
use crate::{Booking, fares};

/// Season flights in one transaction.
const BATCH: usize = 2_000;
/// How long a whole import may take.
const PATIENCE: Duration = Duration::from_mins(10);

pub(crate) async fn import(
    booking: &Booking,
    ctx: &Ctx,
    file: ImportText,
) -> Result<ImportReport, BookingError> {
    let mut season = read(booking, file).await?;
    let report = ImportReport {
        recognised: season.recognised,
        read: season.read,
        dated: season.dated,
        refused: std::mem::take(&mut season.refused),
        warnings: std::mem::take(&mut season.warnings),
        ..ImportReport::default()
    };
    if !season.recognised {
        return Ok(report);
    }
    let all = u32::try_from(season.flights.len()).unwrap_or(u32::MAX);
    let change = plan(booking, season).await?;
    let report = ImportReport {
        accepted: all.saturating_sub(change.unchanged),
        unchanged: change.unchanged,
        kept: change.kept.clone(),
        ..report
    };
    write(booking, ctx, change).await?;
    Ok(report)
}

async fn read(booking: &Booking, file: ImportText) -> Result<Season, BookingError> {
    let places = booking.places.clone();
    let today = booking.outside.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let reading = tokio::task::spawn_blocking(move || ssim::read(&file.text, &places, today));
    reading.await.map_err(|panic| Fault::unavailable(panic).into())
}

async fn plan(booking: &Booking, season: Season) -> Result<Change, BookingError> {
    booking.refresh_schedule().await.map_err(Fault::from)?;
    let Season { flights, windows, unread, .. } = season;
    let carriers: Vec<_> = windows
        .iter()
        .map(|window| window.carrier)
        .chain(flights.iter().map(|f| f.designator.carrier))
        .collect();
    let present = booking.timetable.seasons(|flight| carriers.contains(&flight.designator.carrier));
    let booked =
        if present.is_empty() { Vec::new() } else { booking.db.ask::<_, BookingError>(rows::booked).await? };
    let ask = Replacement { present: &present, flights, windows: &windows, unread: &unread, booked: &booked };
    Ok(replace(ask))
}

async fn write(booking: &Booking, ctx: &Ctx, change: Change) -> Result<(), BookingError> {
    let ctx = ctx.clone().with_time(PATIENCE);
    booking
        .db
        .change::<_, BookingError>(&ctx, |tx| fares::taxes::publish_first(tx).map_err(TxError::Db))
        .await?;
    let mut loaded = change.loaded;
    while !loaded.is_empty() {
        let rest = loaded.split_off(loaded.len().min(BATCH));
        let batch = Arc::new(std::mem::replace(&mut loaded, rest));
        booking.db.change::<_, BookingError>(&ctx, move |tx| load(tx, &batch).map_err(TxError::Db)).await?;
    }
    for keys in change.withdrawn.chunks(BATCH) {
        let keys = Arc::new(keys.to_vec());
        booking
            .db
            .change::<_, BookingError>(&ctx, move |tx| withdraw(tx, &keys).map_err(TxError::Db))
            .await?;
    }
    booking.refresh_schedule().await.map_err(|error| Fault::from(error).into())
}

fn load(tx: &mut Tx<'_>, flights: &[SeasonFlight]) -> Result<(), DbError> {
    let version = rows::next_version(tx.conn())?;
    let now = tx.now();
    let news =
        flights.iter().map(|flight| (stream(&flight.key), NewEvent::new("schedule.loaded", now, flight)));
    tx.append_all(news.collect())?;
    rows::put(tx.conn(), &rows::season_rows(flights, version)?)
}

fn withdraw(tx: &mut Tx<'_>, keys: &[String]) -> Result<(), DbError> {
    let version = rows::next_version(tx.conn())?;
    let now = tx.now();
    let gone =
        |key: &String| NewEvent::new("schedule.withdrawn", now, &SeasonFlightWithdrawn { key: key.clone() });
    tx.append_all(keys.iter().map(|key| (stream(key), gone(key))).collect())?;
    rows::withdraw(tx.conn(), keys, version)
}

fn stream(key: &str) -> String {
    format!("season/{key}")
}
