//! Takes a file of fares in: each origin and destination of the file is replaced as a whole, and told as one event.

use std::{sync::Arc, time::Duration};

use booking_api::{
    BookingError, ImportReport, ImportText, Remark,
    events::{Fare, FaresChanged},
};
use kernel::{Ctx, Fault, Iata, NewEvent};
use store::{DbError, Tx, TxError};

use super::{
    file::{self, FareFile, Pair},
    rows,
};
use crate::{Booking, schedule::places::Places};

/// Pairs in one transaction.
const BATCH: usize = 500;
/// What one event may hold, with room for its frame.
const MOST_BYTES: usize = 250 * 1024;
const PATIENCE: Duration = Duration::from_mins(10);

/// One direction with its fares, and those once more as they lie in the table.
#[derive(Debug, Clone)]
struct Market {
    line: u32,
    from: Iata,
    to: Iata,
    fares: Vec<Fare>,
    json: String,
}

pub(crate) async fn import(
    booking: &Booking,
    ctx: &Ctx,
    text: ImportText,
) -> Result<ImportReport, BookingError> {
    let places = booking.places.clone();
    let reading = tokio::task::spawn_blocking(move || read(&text.text, &places));
    let (mut report, markets) = reading.await.map_err(Fault::unavailable)?;
    let ctx = ctx.clone().with_time(PATIENCE);
    for batch in markets.chunks(BATCH) {
        let batch = Arc::new(batch.to_vec());
        let (accepted, unchanged) = booking
            .db
            .change::<_, BookingError>(&ctx, move |tx| put(tx, &batch).map_err(TxError::Db))
            .await?;
        report.accepted += accepted;
        report.unchanged += unchanged;
    }
    Ok(report)
}

/// What the file says, and what of it fits into events.
fn read(text: &str, places: &Places) -> (ImportReport, Vec<Market>) {
    let FareFile { recognised, read, pairs, mut refused, warnings } = file::read(text, places);
    let markets = pairs.into_iter().map(|((from, to), Pair { line, fares })| Market {
        json: serde_json::to_string(&fares).unwrap_or_default(),
        line,
        from,
        to,
        fares,
    });
    let (fitting, oversized): (Vec<_>, Vec<_>) = markets.partition(|market| market.json.len() <= MOST_BYTES);
    refused.extend(oversized.iter().map(|Market { line, from, to, fares, .. }| Remark {
        line: *line,
        reason: format!("{from}-{to} has {} fares, more than one market may have", fares.len()),
    }));
    (ImportReport { recognised, read, refused, warnings, ..ImportReport::default() }, fitting)
}

/// (Fares that are new or changed their market, fares of markets that stay as they were.)
fn put(tx: &mut Tx<'_>, markets: &[Market]) -> Result<(u32, u32), DbError> {
    let starts: Vec<Iata> = markets.iter().map(|market| market.from).collect();
    let before = rows::texts_from(tx.conn(), starts)?;
    let now = tx.now();
    let (mut accepted, mut unchanged) = (0, 0);
    let mut news = Vec::new();
    for Market { from, to, fares, json, .. } in markets {
        let count = u32::try_from(fares.len()).unwrap_or(u32::MAX);
        if before.get(&(*from, *to)) == Some(json) {
            unchanged += count;
            continue;
        }
        accepted += count;
        rows::put_pair(tx.conn(), *from, *to, json, now)?;
        let changed = FaresChanged { from: *from, to: *to, fares: fares.clone() };
        news.push((format!("fares/{from}-{to}"), NewEvent::new("fares.changed", now, &changed)));
    }
    tx.append_all(news)?;
    Ok((accepted, unchanged))
}
