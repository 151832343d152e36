//! Takes a file of fares in: each origin and destination of the file is replaced as a whole, and told as one event.

use std::{sync::Arc, time::Duration};

use booking_api::{
    BookingError, ImportReport, ImportText, Remark,
    events::{Fare, FaresChanged},
};
use kernel::{Ctx, Fault, Iata, NewEvent};
use store::{DbError, Expected, Tx, TxError};

use super::{
    file::{self, FareFile, Pair},
    rows,
};
use crate::Booking;

/// Pairs in one transaction.
const BATCH: usize = 500;
/// What one event may hold, with room for its frame.
const MOST_BYTES: usize = 250 * 1024;
const PATIENCE: Duration = Duration::from_mins(10);

type Market = ((Iata, Iata), Vec<Fare>);

pub(crate) async fn import(
    booking: &Booking,
    ctx: &Ctx,
    text: ImportText,
) -> Result<ImportReport, BookingError> {
    let places = booking.places.clone();
    let reading = tokio::task::spawn_blocking(move || file::read(&text.text, &places));
    let FareFile { recognised, read, pairs, mut refused, warnings } =
        reading.await.map_err(Fault::unavailable)?;
    let (fitting, oversized): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(_, pair)| bytes(pair) <= MOST_BYTES);
    refused.extend(oversized.iter().map(|((from, to), pair)| Remark {
        line: pair.line,
        reason: format!("{from}-{to} has {} fares, more than one market may have", pair.fares.len()),
    }));
    let mut report = ImportReport { recognised, read, refused, warnings, ..ImportReport::default() };
    let markets: Vec<Market> = fitting.into_iter().map(|(key, pair)| (key, pair.fares)).collect();
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

fn bytes(pair: &Pair) -> usize {
    serde_json::to_string(&pair.fares).map_or(usize::MAX, |json| json.len())
}

/// (Fares that are new or changed their market, fares of markets that stay as they were.)
fn put(tx: &mut Tx<'_>, markets: &[Market]) -> Result<(u32, u32), DbError> {
    let (mut accepted, mut unchanged) = (0, 0);
    for ((from, to), fares) in markets {
        let count = u32::try_from(fares.len()).unwrap_or(u32::MAX);
        if rows::of_pair(tx.conn(), *from, *to)? == *fares {
            unchanged += count;
            continue;
        }
        accepted += count;
        let now = tx.now();
        rows::put_pair(tx.conn(), *from, *to, fares, now)?;
        let changed = FaresChanged { from: *from, to: *to, fares: fares.clone() };
        let event = NewEvent::new("fares.changed", now, &changed);
        tx.append(&format!("fares/{from}-{to}"), Expected::Any, event)?;
    }
    Ok((accepted, unchanged))
}
