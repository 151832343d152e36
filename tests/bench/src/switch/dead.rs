//! A dead remote at one percent, in every way of being dead, told as figures.

use std::time::Duration;

use anyhow::Result;

use super::{
    binary,
    dying::{Illness, Town},
    house::House,
};
use crate::{Options, figures::Figures};

/// Each with the names of its figures: failed calls, people's errors.
const ILLNESSES: [(Illness, &str, &str); 4] = [
    (Illness::Refused, "dead.refused_calls", "dead.refused_errors"),
    (Illness::Reset, "dead.reset_calls", "dead.reset_errors"),
    (Illness::Half, "dead.half_calls", "dead.half_errors"),
    (Illness::Silent, "dead.silent_calls", "dead.silent_errors"),
];

pub(super) fn run(options: &Options) -> Result<Figures> {
    let time = Duration::from_secs(if options.quick { 8 } else { 30 });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let town = Town::build(House::new(binary::banyan()?)?).await?;
        let mut figures = Figures::default();
        for (illness, calls, errors) in ILLNESSES {
            let seen = town.suffer(illness, time).await?;
            let on = format!(
                "failed at the remote before its breaker opened; {} of 64 visitors belong there",
                town.there
            );
            figures.less(calls, "", count(seen.failed), Some(5.0), &on);
            let on =
                format!("of {} pages of notes in {time:?}; the slowest took {:?}", seen.pages, seen.slowest);
            figures.less(errors, "", count(seen.errors), Some(0.0), &on);
            if !seen.opened {
                figures.wrong.push(format!("{illness:?}: the breaker did not open"));
            }
            figures.wrong.extend(seen.wrong.into_iter().take(5));
        }
        Ok(figures)
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of a minute")]
fn count(number: usize) -> f64 {
    number as f64
}
