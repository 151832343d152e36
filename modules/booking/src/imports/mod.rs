//! Existing bookings: JSON lines become orders and group blocks. A line that is wrong, or whose flight is not in the
//! schedule, is refused alone; what is there already is left as it is, so a file may be run again.

mod find;
mod lines;
mod store_orders;
pub(crate) mod taken;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use booking_api::{BookingError, ImportReport, ImportText, Remark, events::Fare};
use kernel::{Ctx, Fault, Iata};
use store::TxError;

use crate::{Booking, fares, inventory::blocks};
use find::{Fares, Finder};
use lines::{Line, Sold, WrittenOrder};
use taken::{TakenBlock, TakenOrder};

/// Orders and blocks in one transaction.
const ORDERS: usize = 250;
const BLOCKS: usize = 2_000;
const PATIENCE: Duration = Duration::from_mins(10);

pub(crate) async fn import(
    booking: &Booking,
    ctx: &Ctx,
    file: ImportText,
) -> Result<ImportReport, BookingError> {
    let reading = tokio::task::spawn_blocking(move || read(&file.text));
    let Read { mut report, orders, sold } = reading.await.map_err(Fault::unavailable)?;
    if !report.recognised {
        return Ok(report);
    }
    booking.refresh_schedule().await.map_err(Fault::from)?;
    let finder = Finder { booking, fares: fares_of(booking, &orders).await? };
    let orders = sort_out(&mut report, orders, |line, order| finder.order(line, order));
    let blocks = sort_out(&mut report, sold, |_, sold| finder.block(&sold));
    let ctx = ctx.clone().with_time(PATIENCE);
    put_orders(booking, &ctx, orders, &mut report).await?;
    put_blocks(booking, &ctx, &blocks, &mut report).await?;
    report.refused.sort_by_key(|remark| remark.line);
    Ok(report)
}

/// A file before anybody looked into the schedule.
struct Read {
    report: ImportReport,
    orders: Vec<(u32, WrittenOrder)>,
    sold: Vec<(u32, Sold)>,
}

fn read(text: &str) -> Read {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut read = Read { report: ImportReport::default(), orders: Vec::new(), sold: Vec::new() };
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).peekable();
    if !lines.peek().is_some_and(|(_, first)| lines::is_of_this_kind(first)) {
        let reason =
            "this is not a file of bookings: its first line is not a JSON object with `order` or `sold`";
        read.report.refused.push(Remark { line: 1, reason: reason.to_owned() });
        return read;
    }
    read.report.recognised = true;
    for (line, text) in lines {
        read.report.read += 1;
        match lines::read(text) {
            Ok(Line::Order(order)) => read.orders.push((line, order)),
            Ok(Line::Sold(sold)) => read.sold.push((line, sold)),
            Err(reason) => read.report.refused.push(Remark { line, reason }),
        }
    }
    read
}

/// Those that were found; the others are refused.
fn sort_out<W, F>(
    report: &mut ImportReport,
    written: Vec<(u32, W)>,
    find: impl Fn(u32, W) -> Result<F, String>,
) -> Vec<F> {
    let mut found = Vec::with_capacity(written.len());
    for (line, what) in written {
        match find(line, what) {
            Ok(one) => found.push(one),
            Err(reason) => report.refused.push(Remark { line, reason }),
        }
    }
    found
}

/// The published fares of every pair that the orders may need.
async fn fares_of(booking: &Booking, orders: &[(u32, WrittenOrder)]) -> Result<Fares, BookingError> {
    let mut pairs: Vec<(Iata, Iata)> = orders.iter().flat_map(|(_, order)| find::pairs(order)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let asked = booking.db.ask::<HashMap<(Iata, Iata), Vec<Fare>>, BookingError>(move |conn| {
        pairs.into_iter().map(|(from, to)| Ok(((from, to), fares::rows::of_pair(conn, from, to)?))).collect()
    });
    asked.await
}

async fn put_orders(
    booking: &Booking,
    ctx: &Ctx,
    orders: Vec<TakenOrder>,
    report: &mut ImportReport,
) -> Result<(), BookingError> {
    for batch in orders.chunks(ORDERS) {
        let batch = Arc::new(batch.to_vec());
        let put = move |tx: &mut store::Tx<'_>| store_orders::put(tx, &batch).map_err(TxError::Db);
        let outcome = booking.db.change::<_, BookingError>(ctx, put).await?;
        report.accepted += outcome.accepted;
        report.unchanged += outcome.unchanged;
        report.refused.extend(outcome.refused);
    }
    Ok(())
}

async fn put_blocks(
    booking: &Booking,
    ctx: &Ctx,
    taken: &[TakenBlock],
    report: &mut ImportReport,
) -> Result<(), BookingError> {
    for batch in taken.chunks(BLOCKS) {
        let all = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let levels: BTreeMap<_, _> =
            batch.iter().map(|taken| (taken.block.leg, taken.levels.clone())).collect();
        let blocks: Vec<_> = batch.iter().map(|taken| taken.block.clone()).collect();
        let work = Arc::new((blocks, levels));
        let put = move |tx: &mut store::Tx<'_>| blocks::take_over(tx, &work.0, &work.1).map_err(TxError::Db);
        let new = booking.db.change::<_, BookingError>(ctx, put).await?;
        report.accepted += new;
        report.unchanged += all.saturating_sub(new);
    }
    Ok(())
}
