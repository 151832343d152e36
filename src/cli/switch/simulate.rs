//! `banyan switch simulate`: who would move between two binding files. Pure: it asks no server.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use ::switch::{Binding, BindingFile, Known};
use anyhow::{Context, anyhow};
use clap::Args;
use jiff::Timestamp;
use kernel::Target;
use serde_json::{Value, json};

use super::{Desk, Failure, Outcome, apply::read};
use crate::moving::{Met, Moving};

#[derive(Debug, Args)]
pub(in crate::cli) struct Simulate {
    /// The binding file as it is
    #[arg(long, value_name = "A.toml")]
    from: PathBuf,
    /// The binding file as it would be
    #[arg(long, value_name = "B.toml")]
    to: PathBuf,
    /// Subjects to look at: one per line, or JSON log lines with a `subject`
    #[arg(long, value_name = "LOG")]
    traffic: Option<PathBuf>,
}

impl Simulate {
    pub(super) fn run(self, desk: &Desk<'_>) -> Outcome {
        let (from, to) = (read(&self.from)?, read(&self.to)?);
        if from.module != to.module {
            let words = format!("the files are of two names, `{}` and `{}`", from.module, to.module);
            return Err(Failure::input(anyhow!(words)));
        }
        let now = desk.house.outside.now();
        let known = names(&[&from, &to]);
        let binding = |file: &BindingFile, path: &Path| -> Result<Binding, Failure> {
            file.binding(&known, now).with_context(|| path.display().to_string()).map_err(Failure::input)
        };
        let moving = Moving::between(&to.module, binding(&from, &self.from)?, binding(&to, &self.to)?, now);
        let met = self.traffic.as_deref().map(|log| meet(&moving, log)).transpose()?;
        tell(desk, &to.module, &moving, met.as_ref(), now);
        Ok(())
    }
}

/// A file may name what it likes here: nothing is sent anywhere.
fn names(files: &[&BindingFile]) -> Known {
    let hops = files.iter().filter_map(|file| file.hop.as_ref()).flat_map(|hop| [&hop.from, &hop.to]);
    let rules = files.iter().flat_map(|file| &file.rules).map(|rule| &rule.target);
    let fallbacks = files.iter().filter_map(|file| file.breaker.fallback.as_ref());
    let ranges = files.iter().flat_map(|file| file.ranges.keys());
    let upstreams: BTreeSet<String> = ranges
        .chain(hops)
        .chain(rules)
        .chain(fallbacks)
        .filter_map(|target| match target {
            Target::Here => None,
            Target::Remote(name) | Target::Legacy(name) => Some(name.to_string()),
        })
        .collect();
    Known {
        modules: files.iter().map(|file| file.module.clone()).collect(),
        upstreams: upstreams.into_iter().collect(),
        sites: Vec::new(),
    }
}

fn meet(moving: &Moving, log: &Path) -> Result<Met, Failure> {
    let reading = || format!("reading {}", log.display());
    let file = File::open(log).with_context(reading).map_err(Failure::input)?;
    let (mut without, mut broken) = (0_u64, None);
    let lines =
        BufReader::new(file).lines().map_while(|line| line.map_err(|error| broken = Some(error)).ok());
    let subjects = lines.filter(|line| !line.trim().is_empty()).filter_map(|line| {
        let found = subject(line.trim());
        without += u64::from(found.is_none());
        found
    });
    let met = moving.meet(subjects);
    if let Some(error) = broken {
        return Err(Failure::input(anyhow!(error).context(reading())));
    }
    if without > 0 {
        eprintln!("warning: {without} lines of {} name no subject and were passed over", log.display());
    }
    Ok(met)
}

/// A line is a subject, or a JSON object that has one (under `fields` in some logs).
fn subject(line: &str) -> Option<String> {
    if !line.starts_with('{') {
        return Some(line.to_owned());
    }
    let line: Value = serde_json::from_str(line).ok()?;
    let found = line.get("subject").or_else(|| line.get("fields")?.get("subject"))?;
    found.as_str().map(str::to_owned)
}

fn tell(desk: &Desk<'_>, module: &str, moving: &Moving, met: Option<&Met>, now: Timestamp) {
    let buckets = moving.buckets();
    if desk.json() {
        let moves: Vec<_> = buckets
            .iter()
            .map(|m| json!({ "from": m.from, "to": m.to, "buckets": m.buckets, "percent": f64::from(m.buckets) / 1_000.0 }))
            .collect();
        println!("{}", json!({ "module": module, "at": now, "moves": moves, "traffic": met }));
        return;
    }
    for m in buckets {
        let share = f64::from(m.buckets) / 1_000.0;
        println!("{share} % move from {} to {} ({} buckets)", m.from, m.to, m.buckets);
    }
    if buckets.is_empty() {
        println!("nobody moves");
    }
    let Some(met) = met else { return };
    println!("of {} subjects, {} move", met.subjects, met.moved);
    for m in &met.moves {
        println!("  {} from {} to {}", m.subjects, m.from, m.to);
    }
    for who in &met.who {
        println!("  {}  {} → {}", who.subject, who.from, who.to);
    }
    let named = u64::try_from(met.who.len()).unwrap_or(u64::MAX);
    if met.moved > named {
        println!("  … and {} more", met.moved - named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_log() {
        for (line, found) in [
            ("s-1", Some("s-1")),
            ("machine/a b", Some("machine/a b")),
            ("{\"subject\":\"s-2\",\"x\":1}", Some("s-2")),
            ("{\"fields\":{\"subject\":\"s-3\"}}", Some("s-3")),
            ("{\"x\":1}", None),
            ("{\"subject\":7}", None),
            ("{", None),
        ] {
            assert_eq!(subject(line).as_deref(), found, "{line}");
        }
    }
}
