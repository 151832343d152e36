//! The switch: what deciding, forking, flipping, killing and proxying cost, and whether they keep their promises.

mod binary;
mod dead;
mod decision;
mod dying;
mod flipping;
mod flips;
mod fork;
mod house;
mod kill;
mod killing;
mod line;
mod proxy;
mod quantiles;
mod replicas;
mod stick;

use anyhow::{Result, bail};
use clap::Args;

use crate::{Options, figures::Figures};

pub(crate) use proxy::Aid;

type Part = fn(&Options) -> Result<Figures>;

/// In the order in which they run.
const PARTS: &[(&str, Part)] = &[
    ("decision", decision::run),
    ("fork", fork::run),
    ("stick", stick::run),
    ("flips", flipping::run),
    ("kill", kill::run),
    ("dead", dead::run),
    ("proxy", proxy::run),
];

#[derive(Args)]
pub(crate) struct SwitchOptions {
    #[command(flatten)]
    pub(crate) common: Options,
    /// Only this part; may be given more than once.
    #[arg(long, value_name = "NAME")]
    part: Vec<String>,
}

pub(crate) fn run(options: &SwitchOptions) -> Result<Figures> {
    if let Some(unknown) = options.part.iter().find(|part| !PARTS.iter().any(|(name, _)| name == part)) {
        let known: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no part `{unknown}`; parts are {}", known.join(", "));
    }
    let mut figures = Figures::default();
    for (name, part) in PARTS {
        if options.part.is_empty() || options.part.iter().any(|asked| asked == name) {
            figures.take(part(&options.common)?);
        }
    }
    Ok(figures)
}
