//! Tells booking what messages mean for it. What is to be told was written with the facts; it is told with a key made
//! from the message, so that telling twice does nothing, and again later if booking is away.

use std::{sync::Arc, time::Duration};

use booking_api::{BookingError, Disruption};
use futures_util::{StreamExt, stream};
use kernel::{Ctx, Fault};
use store::{Db, DbError};
use tokio::sync::{Notify, watch};

use crate::{
    rows::{self, TellingRow},
    schedule::JOB,
};

/// What booking is told, and when.
pub(crate) struct Teller {
    pub(crate) db: Db,
    pub(crate) disruption: Arc<dyn Disruption>,
    /// Rung after an intake that has something to tell.
    pub(crate) bell: Notify,
}

const AT_ONCE: usize = 16;
const BATCH: i64 = 200;
/// How often other processes' intake is looked for.
const LOOK: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Teller {
    /// Until it is told to stop.
    pub(crate) async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut pause = LOOK;
        loop {
            pause = match self.tell_all().await {
                Ok(_) => LOOK,
                Err(why) => {
                    tracing::warn!("booking was not told: {why}");
                    (pause * 2).min(LONGEST_PAUSE)
                }
            };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
                () = self.bell.notified(), if pause == LOOK => {}
            }
        }
    }

    /// Everything that waits; the fault that ended it, if one did.
    pub(crate) async fn tell_all(&self) -> Result<u32, Fault> {
        let mut told = 0;
        loop {
            let waiting = self.db.read(|conn| rows::tellings(conn, BATCH)).await?;
            if waiting.is_empty() {
                return Ok(told);
            }
            let answers: Vec<_> =
                stream::iter(waiting).map(|row| self.tell(row)).buffer_unordered(AT_ONCE).collect().await;
            let mut fault = None;
            let mut keys = Vec::new();
            for answer in answers {
                match answer {
                    Ok(key) => keys.push(key),
                    Err(why) => fault = Some(why),
                }
            }
            told += u32::try_from(keys.len()).unwrap_or(u32::MAX);
            self.db
                .write(&Ctx::system(JOB), move |tx| rows::told(tx.conn(), &keys))
                .await
                .map_err(|e: DbError| Fault::from(e))?;
            if let Some(why) = fault {
                return Err(why);
            }
        }
    }

    /// The key of what needs telling no more: booking has taken it, or has said that it never will.
    async fn tell(&self, row: TellingRow) -> Result<String, Fault> {
        let ctx = Ctx::system(JOB);
        let ctx = match row.key.parse() {
            Ok(key) => ctx.with_key(key),
            Err(_) => ctx,
        };
        match self.disruption.hear(&ctx, row.news.0).await {
            Ok(()) => Ok(row.key),
            Err(BookingError::Fault(fault)) => Err(fault),
            Err(no) => {
                tracing::warn!(leg = row.leg, kind = row.kind, "booking does not take the news: {no}");
                Ok(row.key)
            }
        }
    }
}
