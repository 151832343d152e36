//! The route seam's proxy beside nginx: one run, one core each, the same upstream, the same load, turn by turn, so that
//! whatever else the machine does happens to both.

mod contenders;
mod door;
mod load;
mod ready;
mod report;
mod upstream;
mod usage;

use std::{net::SocketAddr, time::Duration};

use anyhow::Result;
use clap::Subcommand;
use rustix::thread::{CpuSet, sched_setaffinity};

use self::{contenders::Contender, load::Load};
use crate::{Options, figures::Figures};

/// One end of the comparison, run as a child so that its processor time is its own.
#[derive(Subcommand)]
pub(crate) enum Aid {
    Upstream,
    Door { upstream: SocketAddr },
    Load { to: SocketAddr, path: String, connections: usize, milliseconds: u64 },
}

/// The core of whoever is measured; everything else runs on the other.
const MEASURED: usize = 0;
const REST: usize = 1;

/// What is asked for, over how many connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ask {
    path: &'static str,
    connections: usize,
}

const SMALL: Ask = Ask { path: "/1k", connections: 64 };
const LARGE: Ask = Ask { path: "/64k", connections: 64 };
const ALONE: Ask = Ask { path: "/1k", connections: 1 };

/// What one round gave.
#[derive(Debug, Clone, Copy)]
struct Sample {
    cpu_us: f64,
    per_second: f64,
    p50_us: f64,
}

/// One contender and all its rounds.
struct Side {
    contender: Contender,
    samples: Vec<(Ask, Sample)>,
}

impl Aid {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::Upstream => {
                stay_on(REST);
                upstream::serve()
            }
            Self::Door { upstream } => {
                stay_on(MEASURED);
                door::serve(upstream)
            }
            Self::Load { to, path, connections, milliseconds } => {
                stay_on(REST);
                let load = load::offer(to, &path, connections, Duration::from_millis(milliseconds))?;
                println!("{}", serde_json::to_string(&load)?);
                Ok(())
            }
        }
    }
}

pub(super) fn run(options: &Options) -> Result<Figures> {
    let upstream = contenders::upstream()?;
    let mut ours = Side::new(contenders::door(upstream.address)?);
    let mut peer = contenders::nginx(upstream.address).map(Side::new);
    let mut portal = contenders::portal(upstream.address).map(Side::new);
    let (rounds, time) = if options.quick { (3, 300) } else { (9, 1_500) };
    let time = Duration::from_millis(time);
    for ask in [SMALL, LARGE, ALONE] {
        ours.contender.load(ask, time / 2)?;
        for _ in 0..rounds {
            ours.play(ask, time)?;
            for other in [&mut peer, &mut portal].into_iter().flatten() {
                other.play(ask, time)?;
            }
        }
    }
    let mut figures = Figures::default();
    report::alone(&ours, &peer, rounds, &mut figures);
    report::whole(&portal, &peer, &mut figures);
    Ok(figures)
}

impl Side {
    fn new(contender: Contender) -> Self {
        Self { contender, samples: Vec::new() }
    }

    fn play(&mut self, ask: Ask, time: Duration) -> Result<()> {
        let before = self.contender.cpu();
        let load = self.contender.load(ask, time)?;
        let spent = self.contender.cpu().saturating_sub(before);
        self.samples.push((ask, sample(load, spent)));
        Ok(())
    }

    fn samples(&self, ask: Ask) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |(of, _)| *of == ask).map(|(_, sample)| sample)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn sample(load: Load, spent: Duration) -> Sample {
    let requests = load.requests as f64;
    Sample {
        cpu_us: spent.as_secs_f64() * 1e6 / requests,
        per_second: requests / load.seconds,
        p50_us: load.p50_us,
    }
}

/// Children take the place that they are started from.
fn stay_anywhere() {
    let mut set = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|core| set.set(core));
    let _ = sched_setaffinity(None, &set);
}

/// On a machine with one core there is nothing to choose, and everybody shares it.
fn stay_on(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    if sched_setaffinity(None, &set).is_err() {
        eprintln!("core {core} cannot be had alone");
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Tells the parent where this process listens.
fn announce(address: SocketAddr) {
    println!("{address}");
}
