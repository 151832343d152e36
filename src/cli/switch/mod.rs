//! `banyan switch`: the cockpit on the command line, a file per thing that is done. It speaks HTTP to the server, so
//! effects and audit rows are the same as those of the screens.

mod apply;
mod audit;
mod changes;
mod explain;
mod kill;
mod overrides;
mod plan;
mod show;
mod simulate;
mod status;
mod step;

use anyhow::anyhow;
use clap::Subcommand;

use super::{
    Failure, Global, Outcome,
    house::House,
    server::{Server, ServerArgs},
};

#[derive(Debug, Subcommand)]
pub(super) enum Switch {
    /// Where the calls of every module, or of one, go
    Status(status::Status),
    /// Plan a hop: where to, in which steps. Nobody moves yet, unless --over is given
    Plan(plan::Plan),
    /// Put a module's binding file in force
    Apply(apply::Apply),
    /// Take the next step of a module's plan
    Advance(step::Advance),
    /// Stay at this share: a time ramp stops, and the hold counts anew
    Hold(step::Step),
    /// Send a module back to where its hop began
    Back(step::Step),
    /// Send a module (or `all`) back at once, and freeze it
    Kill(kill::Kill),
    /// Drop a group of routes that has moved nobody
    Remove(step::Step),
    /// Where one subject goes, and why
    Explain(explain::Explain),
    /// Show another side to one subject for a while, or end that
    Override(overrides::Override),
    /// Agree to a change that waits for you
    Approve(changes::Approve),
    /// Turn down a change that waits, or take back one's own
    Reject(changes::Reject),
    /// Changes that wait for somebody to agree
    Changes(changes::Changes),
    /// Who changed what, newest first; `audit verify` checks the chain
    Audit(audit::Audit),
    /// Who would move between two binding files. Needs no server
    Simulate(simulate::Simulate),
    /// Differences between the answers of two sides (not there yet)
    Diff(Diff),
}

/// Comparing answers needs the shadow, which is not there yet.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Diff {
    #[arg(num_args = 0.., trailing_var_arg = true, allow_hyphen_values = true)]
    _what: Vec<String>,
}

/// Where a command works: its settings, and how it prints.
struct Desk<'a> {
    global: &'a Global,
    house: House,
}

impl Desk<'_> {
    fn server(&self, args: &ServerArgs) -> Result<Server, Failure> {
        Server::find(&self.house, args)
    }

    fn json(&self) -> bool {
        self.global.json
    }
}

impl Switch {
    pub(super) fn run(self, global: &Global) -> Outcome {
        if matches!(self, Self::Diff(_)) {
            return Err(Failure::refused(anyhow!(
                "answers are not compared yet: shadow and diff are later work. Use `banyan switch simulate` for who would move, and `status` for how both sides fare"
            )));
        }
        let desk = Desk { global, house: House::open(global, Vec::new())? };
        House::block_on(async { self.run_at(&desk).await })
    }

    async fn run_at(self, desk: &Desk<'_>) -> Outcome {
        match self {
            Self::Status(status) => status.run(desk).await,
            Self::Plan(plan) => plan.run(desk).await,
            Self::Apply(apply) => apply.run(desk).await,
            Self::Advance(advance) => advance.run(desk).await,
            Self::Hold(step) => step.run(desk, "hold").await,
            Self::Back(step) => step.run(desk, "back").await,
            Self::Remove(step) => step.remove(desk).await,
            Self::Kill(kill) => kill.run(desk).await,
            Self::Explain(explain) => explain.run(desk).await,
            Self::Override(over) => over.run(desk).await,
            Self::Approve(approve) => approve.run(desk).await,
            Self::Reject(reject) => reject.run(desk).await,
            Self::Changes(changes) => changes.run(desk).await,
            Self::Audit(audit) => audit.run(desk).await,
            Self::Simulate(simulate) => simulate.run(desk),
            Self::Diff(_) => Ok(()),
        }
    }
}

/// The address of a binding: only names, so that no address can be smuggled in.
fn module_path(name: &str, what: &str) -> Result<String, Failure> {
    let plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
    };
    if name.split('/').count() <= 2 && name.split('/').all(plain) {
        Ok(format!("/api/v1/switch/modules/{name}{what}"))
    } else {
        Err(Failure::input(anyhow!("`{name}` is no name of a module, or of a group (`module/group`)")))
    }
}

/// An id as the server gave it.
fn id(text: &str) -> Result<&str, Failure> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if fits { Ok(text) } else { Err(Failure::input(anyhow!("`{text}` is no id"))) }
}

/// `If-Match`: the epoch that was named, or the one now.
async fn expected(server: &Server, named: Option<u64>) -> Result<Option<String>, Failure> {
    match named {
        Some(epoch) => Ok(Some(format!("\"{epoch}\""))),
        None => Ok(server.get("/api/v1/switch/modules").await?.epoch),
    }
}

/// An address with a reason.
fn with_reason(path: &str, reason: &str) -> String {
    let query = serde_html_form::to_string([("reason", reason)]).unwrap_or_default();
    format!("{path}?{query}")
}
