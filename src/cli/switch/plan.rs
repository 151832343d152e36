//! `banyan switch plan`: a hop with its ramp, at the share where it stands, and who would move at each step.

use ::switch::{BindingFile, Hop, Lasts, Move, Percent, Ramp, Ranges, moves};
use anyhow::Context;
use clap::Args;
use kernel::Target;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Desk, Outcome, module_path, with_reason};
use crate::cli::server::{Answer, ServerArgs};

#[derive(Debug, Args)]
pub(in crate::cli) struct Plan {
    /// A module, or a group as `module/group`
    module: String,
    /// Where to: here, remote:NAME or legacy:NAME
    #[arg(long, value_parser = target)]
    to: Target,
    /// Shares in percent, growing
    #[arg(long, value_delimiter = ',', value_name = "0.1,1,5", value_parser = percent)]
    steps: Vec<Percent>,
    /// How long a step must have stood before the next
    #[arg(long, value_name = "30m")]
    hold: Option<Lasts>,
    /// Instead of steps: the share grows by itself over this time, beginning now
    #[arg(long, value_name = "2h", conflicts_with = "steps")]
    over: Option<Lasts>,
    /// Refuse (exit 5) unless the table is at this epoch
    #[arg(long, value_name = "N")]
    expect_epoch: Option<u64>,
    #[arg(long, default_value = "")]
    reason: String,
    #[command(flatten)]
    server: ServerArgs,
}

fn target(text: &str) -> Result<Target, String> {
    text.parse().map_err(|error: kernel::NotParsed| error.to_string())
}

fn percent(text: &str) -> Result<Percent, String> {
    text.parse()
}

impl Plan {
    pub(super) async fn run(self, desk: &Desk<'_>) -> Outcome {
        let path = module_path(&self.module, "/binding")?;
        let server = desk.server(&self.server)?;
        let now = server.get(&path).await?;
        let seen = self.expect_epoch.map(|epoch| format!("\"{epoch}\"")).or(now.epoch);
        let file: BindingFile = serde_json::from_value(now.body).context("reading the binding in force")?;
        let planned = self.planned(file);
        let steps = steps(&planned);
        let path = with_reason(&path, &self.reason);
        let answer = server.send(Method::PUT, &path, json!(planned), seen.as_deref()).await?;
        self.tell(desk, &planned, &steps, answer)
    }

    /// The binding in force with this hop and ramp. Nobody moves by it.
    fn planned(&self, file: BindingFile) -> BindingFile {
        let ramp = file.ramp.clone().unwrap_or_default();
        let steps = if self.steps.is_empty() { ramp.steps } else { self.steps.clone() };
        let hold = self.hold.unwrap_or(ramp.hold);
        let ramp = Ramp { steps, hold, over: self.over, begins: None, ..ramp };
        let from = from(&file, &self.to);
        BindingFile { hop: Some(Hop { from, to: self.to.clone() }), ramp: Some(ramp), ..file }
    }

    fn tell(&self, desk: &Desk<'_>, planned: &BindingFile, steps: &[Step], mut answer: Answer) -> Outcome {
        if let (true, Some(body)) = (desk.json(), answer.body.as_object_mut()) {
            body.insert("steps".into(), json!(steps.iter().map(Step::json).collect::<Vec<_>>()));
        }
        if !desk.json() {
            self.tell_steps(planned, steps);
        }
        desk.changed(&answer)
    }

    fn tell_steps(&self, planned: &BindingFile, steps: &[Step]) {
        if let Some(over) = self.over {
            println!(
                "{} grows to all of {} over {over}, beginning now; `hold` stops it",
                self.to, self.module
            );
            return;
        }
        let hold = planned.ramp.as_ref().map(|ramp| ramp.hold).filter(|hold| !hold.get().is_zero());
        for (at, step) in steps.iter().enumerate() {
            let moves: Vec<_> = step
                .moves
                .iter()
                .map(|m| format!("{} % move from {} to {}", Percent(m.buckets), m.from, m.to))
                .collect();
            println!("step {}: {} % at {}: {}", at + 1, step.share, self.to, moves.join(", "));
        }
        match hold {
            Some(hold) => println!(
                "each step stands for {hold}; go on with: banyan switch advance {} --reason …",
                self.module
            ),
            None => println!("go on with: banyan switch advance {} --reason …", self.module),
        }
    }
}

/// Where a hop to `to` begins: where the one under way began, or at the largest side.
fn from(file: &BindingFile, to: &Target) -> Target {
    match &file.hop {
        Some(hop) if hop.from != hop.to && hop.from != *to => hop.from.clone(),
        _ => {
            let others = file.ranges.iter().filter(|(target, _)| *target != to);
            others.max_by_key(|(_, share)| **share).map_or(Target::Here, |(target, _)| target.clone())
        }
    }
}

/// A step of a plan, and who moves by it.
struct Step {
    share: Percent,
    moves: Vec<Move>,
}

impl Step {
    fn json(&self) -> Value {
        json!({ "percent": self.share, "moves": self.moves })
    }
}

/// Those that are still ahead.
fn steps(planned: &BindingFile) -> Vec<Step> {
    let (Some(hop), Some(ramp), Ok(now)) = (&planned.hop, &planned.ramp, Ranges::new(planned.ranges.clone()))
    else {
        return Vec::new();
    };
    let mut before = now.clone();
    let ahead = ramp.steps.iter().filter(|step| step.0 > now.share(&hop.to));
    ahead
        .map(|step| {
            let after = before.shifted(&hop.from, &hop.to, step.0 - before.share(&hop.to).min(step.0));
            let moves = moves(&before, &after);
            before = after;
            Step { share: *step, moves }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> BindingFile {
        BindingFile::parse(text).unwrap()
    }

    #[test]
    fn a_plan_begins_where_most_are() {
        let legacy = Target::Legacy("res".into());
        let remote = Target::Remote("notes".into());
        for (text, to, expected) in [
            ("ranges = { here = 100000 }", &remote, Target::Here),
            ("ranges = { \"legacy:res\" = 100000 }", &Target::Here, legacy.clone()),
            (
                "hop = { from = \"here\", to = \"remote:notes\" }\nranges = { here = 10, \"remote:notes\" = 99990 }",
                &remote,
                Target::Here,
            ),
            (
                "hop = { from = \"here\", to = \"remote:notes\" }\nranges = { \"remote:notes\" = 100000 }",
                &Target::Here,
                remote.clone(),
            ),
        ] {
            assert_eq!(from(&file(&format!("module = \"notes\"\n{text}")), to), expected, "{text}");
        }
    }

    #[test]
    fn each_step_moves_the_difference() {
        let planned = file(
            "module = \"notes\"\nhop = { from = \"here\", to = \"remote:notes\" }\nranges = { here = 99000, \"remote:notes\" = 1000 }\n[ramp]\nsteps = [0.1, 1, 5, 25]",
        );
        let steps: Vec<_> = steps(&planned)
            .iter()
            .map(|s| (s.share.0, s.moves.iter().map(|m| m.buckets).sum::<u32>()))
            .collect();
        assert_eq!(steps, [(5_000, 4_000), (25_000, 20_000)]);
    }
}
