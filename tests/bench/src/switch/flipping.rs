//! A thousand flips in a minute under a crowd, told as figures.

use std::time::Duration;

use anyhow::Result;

use super::{
    binary,
    flips::{self, Plan},
    house::House,
};
use crate::{Options, figures::Figures};

pub(super) fn run(options: &Options) -> Result<Figures> {
    let (flips, seconds) = if options.quick { (100, 6) } else { (1_000, 60) };
    let plan = Plan { flips, time: Duration::from_secs(seconds), routes: true };
    let house = House::new(binary::banyan()?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(flips::run(house, plan))?;

    let kinds: Vec<_> = outcome.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let far: Vec<_> = outcome.far.iter().map(|(what, far, all)| format!("{what} {far} of {all}")).collect();
    let crowd = format!("{} connections: {}", outcome.connections, kinds.join(", "));
    let ledgers = format!("clients' ledger against both sides'; at the far side: {}", far.join(", "));
    let mut figures = Figures::default();
    let took =
        format!("in {:.1} s, each moving everybody at both seams, by the API", outcome.took.as_secs_f64());
    figures.more("flips.made", "", f64::from(outcome.flips), Some(f64::from(flips)), &took);
    figures.more("flips.answered", "", count(outcome.answered), None, &crowd);
    figures.less("flips.lost", "", count(outcome.lost), Some(0.0), &ledgers);
    figures.less("flips.doubled", "", count(outcome.doubled), Some(0.0), &ledgers);
    figures.less(
        "flips.resets",
        "",
        f64::from(outcome.resets),
        Some(0.0),
        "connections that broke under a request",
    );
    figures.less("flips.errors", "", f64::from(outcome.failed), Some(0.0), "answers of 500 and above");
    let slowest = "by its client; uploads and streams too";
    figures.less("flips.slowest_ms", "ms", outcome.slowest.as_secs_f64() * 1e3, None, slowest);
    let slowest = outcome.slowest_flip.as_secs_f64() * 1e3;
    figures.less("flips.slowest_flip_ms", "ms", slowest, None, "from the request to its acknowledgement");
    figures.wrong = outcome.wrong.into_iter().take(10).collect();
    Ok(figures)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a minute")]
fn count(number: usize) -> f64 {
    number as f64
}
