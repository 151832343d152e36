//! The running operational day: each message of the generator goes in at its time of arrival.

use std::{sync::Arc, time::Duration};

use actix_web::web::Data;
use jiff::{Timestamp, civil, tz::TimeZone};
use kernel::{Clock, Ctx};
use status_api::{Movements, RawMessage};
use tokio::sync::watch;

use crate::{demo::TimedMessage, portal::Portal};

/// Plays what comes after `played`, until it is told to stop.
pub(super) async fn play(
    messages_of: impl Fn(civil::Date) -> Vec<TimedMessage>,
    clock: Arc<dyn Clock>,
    mut played: Timestamp,
    portal: Data<Portal>,
    mut stop: watch::Receiver<bool>,
) {
    const PAUSE: Duration = Duration::from_secs(2);
    let mut today: (civil::Date, Vec<TimedMessage>) = (civil::Date::MIN, Vec::new());
    while !*stop.borrow() {
        let now = clock.now();
        let date = now.to_zoned(TimeZone::UTC).date();
        if today.0 != date {
            let days = [date.yesterday().unwrap_or(date), date];
            today = (date, days.into_iter().flat_map(&messages_of).collect());
        }
        let due = today.1.iter().filter(|message| played < message.at && message.at <= now);
        let messages: Vec<_> =
            due.map(|m| RawMessage { received_at: m.at, text: m.text.clone(), line: 0 }).collect();
        // A folder that was closed for a day has thousands to catch up with: a few at a time keep the process small.
        for batch in messages.chunks(200) {
            let taken =
                portal.faces.status.take(&Ctx::system("demo"), Movements { messages: batch.to_vec() }).await;
            if let Err(error) = taken {
                tracing::warn!(%error, "the demo's operational day stumbled");
            }
        }
        played = now;
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.changed() => break,
        }
    }
}
