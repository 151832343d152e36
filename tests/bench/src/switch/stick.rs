//! Who is where: the same side after every restart and in every replica, shares as they were set, and nobody moved who
//! need not be.

use std::sync::Arc;

use anyhow::{Context, Result};
use kernel::{Actor, Ctx, Decide, Kind, Op, SystemClock, Target, Unseen};
use switch::{BUCKETS, BindingFile, Known, Switch, Table};

use super::{binary, house::House, replicas};
use crate::{Options, figures::Figures};

const SHARES: [u32; 10] = [100, 1_000, 5_000, 10_000, 20_000, 25_000, 40_000, 50_000, 75_000, 90_000];
const LIST: &Op = &Op { module: "notes", name: "list", kind: Kind::Query };

/// What one pass over all subjects found.
#[derive(Default)]
struct Found {
    asked: u32,
    strayed: u32,
    needless: u32,
    worst_sigma: f64,
}

pub(super) fn run(options: &Options) -> Result<Figures> {
    let subjects = if options.quick { 10_000 } else { 200_000 };
    let mut found = Found::default();
    let mut before: Vec<bool> = vec![false; subjects as usize];
    for share in SHARES {
        step(share, subjects, &mut before, &mut found)?;
    }
    let on = format!("{} shares of {subjects} subjects", SHARES.len());
    let mut figures = Figures::default();
    let stuck = 100.0 * f64::from(found.asked - found.strayed) / f64::from(found.asked);
    let replicas =
        format!("{on}; this process, one that read the table from its file, one that got it by a pin");
    figures.more("stick.same_side_percent", "%", stuck, Some(100.0), &replicas);
    figures.less(
        "stick.needless_moves",
        "",
        f64::from(found.needless),
        Some(0.0),
        &format!("{on}, share by share up"),
    );
    figures.less(
        "stick.worst_sigma",
        "",
        found.worst_sigma,
        Some(3.0),
        &format!("{on}; furthest from its share"),
    );
    across_restarts(options, &mut figures)?;
    Ok(figures)
}

/// The real binary, killed and started again, and a second one on the same store.
fn across_restarts(options: &Options, figures: &mut Figures) -> Result<()> {
    let people = if options.quick { 100 } else { 2_000 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let agreed = runtime.block_on(replicas::run(House::new(binary::banyan()?)?, people))?;
    #[expect(clippy::cast_precision_loss, reason = "thousands of people")]
    let percent = 100.0 * (agreed.asked - agreed.strayed) as f64 / agreed.asked as f64;
    let on = format!(
        "{people} people asked of a portal, of a second replica, and after kill -9; {} of them at the far side",
        agreed.there
    );
    figures.more("stick.restart_percent", "%", percent, Some(100.0), &on);
    Ok(())
}

/// One share: decided here, decided by a table that was written down and read again, and pinned.
fn step(share: u32, subjects: u32, before: &mut [bool], found: &mut Found) -> Result<()> {
    let here = switch(table(share)?);
    let written = serde_json::to_string(&*here.table())?;
    let again = switch(serde_json::from_str(&written)?);
    let mut there = 0u32;
    for (number, was_there) in before.iter_mut().enumerate() {
        let ctx = person(number);
        let target = here.decide(&ctx, LIST);
        let pin = serde_json::to_string(&again.pin(&ctx, &Unseen))?;
        let pin: kernel::Pin = serde_json::from_str(&pin)?;
        let same = again.decide(&ctx, LIST) == target && pin.target("notes", Kind::Query) == Some(&target);
        found.strayed += u32::from(!same);
        let is_there = target != Target::Here;
        found.needless += u32::from(*was_there && !is_there);
        there += u32::from(is_there);
        *was_there = is_there;
    }
    found.asked += subjects;
    let (n, p) = (f64::from(subjects), f64::from(share) / f64::from(BUCKETS));
    let sigma = (f64::from(there) - n * p).abs() / (n * p * (1.0 - p)).sqrt();
    found.worst_sigma = found.worst_sigma.max(sigma);
    Ok(())
}

fn switch(table: Table) -> Switch {
    Switch::new(table, Arc::new(SystemClock))
}

fn table(share: u32) -> Result<Table> {
    let known =
        Known { modules: vec!["notes".to_owned()], upstreams: vec!["notes".to_owned()], sites: Vec::new() };
    let text =
        format!("module = \"notes\"\nranges = {{ \"remote:notes\" = {share}, here = {} }}", BUCKETS - share);
    let binding = BindingFile::parse(&text)?.binding(&known, jiff::Timestamp::UNIX_EPOCH);
    Ok(Table::here(&["notes"]).with("notes", binding.context("a binding")?))
}

fn person(number: usize) -> Ctx {
    Ctx { subject: format!("s-{number}").into(), ..Ctx::new(Actor::Anonymous, "bench") }
}
