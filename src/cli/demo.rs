//! `banyan demo`: a made-up airline, built by a generator and read by the importers that users have.

mod build;
mod day;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use actix_web::web::Data;
use anyhow::{Context, anyhow, bail};
use clap::Args;
use jiff::{SignedDuration, civil, tz::TimeZone};
use kernel::{Clock, Ctx, FeedAfter, ReaderStatus, ReadersAsk, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{oneshot, watch};

use super::{Failure, Global, Outcome, house::House, serve::flags};
use crate::{
    demo::World,
    portal::Portal,
    serve::{self, Running},
};

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Public address; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Address for probes and metrics
    #[arg(long, value_name = "ADDR")]
    ops: Option<String>,
    /// The same seed, days and date give the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Days that can be booked
    #[arg(long, default_value_t = 30)]
    days: u16,
    /// The first operating day [default: today]
    #[arg(long, value_name = "DATE")]
    from: Option<civil::Date>,
    /// Only fill the folder, for the server that was started for it
    #[arg(long, hide = true)]
    fill: bool,
}

/// What the folder is a demo of. Its presence makes it a demo folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Mark {
    seed: u64,
    days: u16,
    from: civil::Date,
    /// Written last: a demo that was cut short while it was built is known by its absence.
    complete: bool,
}

/// One sign-in per role, the same in every demo: there is nothing to steal.
const PASSWORD: &str = "banyan grows roots";

impl Demo {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, flags(Some(self.listen.clone()), self.ops.clone()))?;
        if self.fill {
            let mark = read_mark(&house.data)?.context("only a server fills a folder")?;
            return Ok(House::block_on(build::build(&house, &mark))?);
        }
        let mark = self.mark(&house)?;
        if !mark.complete {
            fs::create_dir_all(&house.data)?;
            write_mark(&house.data, &mark)?;
        }
        let (say, said) = oneshot::channel();
        let opening = Opening {
            mark,
            data: house.data.clone(),
            config: global.config.clone(),
            json: global.json,
            said,
        };
        let clock = house.outside.clock.clone();
        let beside: serve::Beside =
            Box::new(move |portal, stop| tokio::spawn(opening.open(clock, portal, stop)));
        // Only fails when the opening has ended, which then ends the process.
        house.serve(None, Some(beside), |running| drop(say.send(running.clone())))
    }

    fn mark(&self, house: &House) -> Result<Mark, Failure> {
        if let Some(mark) = read_mark(&house.data)? {
            if mark.complete {
                return Ok(mark);
            }
            return Err(Failure::refused(anyhow!(
                "{} holds a demo that was cut short while it was built; empty it and start again",
                house.data.display()
            )));
        }
        if house.data.exists() && fs::read_dir(&house.data)?.next().is_some() {
            return Err(Failure::refused(anyhow!(
                "{} is neither empty nor a demo folder; choose another with --data",
                house.data.display()
            )));
        }
        let today = house.outside.now().to_zoned(TimeZone::UTC).date();
        Ok(Mark { seed: self.seed, days: self.days, from: self.from.unwrap_or(today), complete: false })
    }
}

const MARK: &str = "demo.json";

fn read_mark(data: &Path) -> anyhow::Result<Option<Mark>> {
    let path = data.join(MARK);
    match fs::read(&path) {
        Ok(text) => {
            Ok(Some(serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?))
        }
        Err(_) => Ok(None),
    }
}

fn write_mark(data: &Path, mark: &Mark) -> anyhow::Result<()> {
    Ok(fs::write(data.join(MARK), serde_json::to_vec(mark)?)?)
}

/// What is done once the listeners are open: the folder is filled by a process of its own beside the server, so that the
/// first page need not wait and the server stays small; then the addresses are printed and the day begins.
struct Opening {
    mark: Mark,
    data: PathBuf,
    config: Option<PathBuf>,
    json: bool,
    said: oneshot::Receiver<Running>,
}

impl Opening {
    async fn open(self, clock: Arc<dyn Clock>, portal: Data<Portal>, stop: watch::Receiver<bool>) {
        // A folder that was filled before has missed the messages since.
        let missed = if self.mark.complete { SignedDuration::from_hours(36) } else { SignedDuration::ZERO };
        let played = clock.now() - missed;
        let mut stopping = stop.clone();
        let Ok(running) = self.said.await else { return };
        if !self.mark.complete {
            let filled = tokio::select! {
                filled = fill(&self.data, self.config.as_deref()) => filled,
                _ = stopping.changed() => return,
            };
            if let Err(error) = filled {
                eprintln!("banyan: the demo could not be built: {error:#}");
                std::process::exit(1);
            }
        }
        has_read(&portal).await;
        tell(self.json, &running);
        // The world is drawn anew for each day that is played, rather than kept.
        let Mark { seed, from, days, .. } = self.mark;
        let messages_of = move |day| World::build(seed, from, days).movements(day);
        day::play(messages_of, clock, played, portal, stop).await;
    }
}

/// Runs this program once more, to fill the folder. It ends with us.
async fn fill(data: &Path, config: Option<&Path>) -> anyhow::Result<()> {
    let status = tokio::process::Command::new(std::env::current_exe()?)
        .args(["--quiet", "demo", "--fill", "--data"])
        .arg(data)
        .args(config.iter().flat_map(|path| [Path::new("--config"), path]))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await?;
    if status.success() {
        Ok(())
    } else {
        bail!("the process that fills {} ended with {status}", data.display())
    }
}

/// Waits until search and status have read what was written, so that the first question finds it.
async fn has_read(portal: &Portal) {
    let ctx = Ctx::system("demo");
    let end = FeedAfter { after: i64::MAX - 1, limit: 1, wait_ms: 0 };
    let head = portal.faces.schedule.feed(&ctx, end).await.map_or(0, |batch| batch.head);
    for _ in 0..2_000 {
        let (search, status) = futures_util::join!(
            portal.faces.search.readers(&ctx, ReadersAsk {}),
            portal.faces.status.readers(&ctx, ReadersAsk {})
        );
        let readers = [search.unwrap_or_default(), status.unwrap_or_default()].concat();
        if all_passed(&readers, head) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn all_passed(readers: &[ReaderStatus], head: i64) -> bool {
    let mut of_booking = readers.iter().filter(|reader| reader.source == "booking").peekable();
    of_booking.peek().is_some() && of_booking.all(|reader| reader.position >= head)
}

fn email(role: Role) -> String {
    format!("{role}@example.com")
}

fn tell(json: bool, running: &Running) {
    if json {
        let accounts: Vec<_> = Role::ALL
            .iter()
            .map(|role| json!({ "role": role, "email": email(*role), "password": PASSWORD }))
            .collect();
        println!("{}", json!({ "url": running.url, "ops": running.ops, "accounts": accounts }));
        return;
    }
    println!("Banyan Air, a made-up airline, is open: {}", running.url.as_deref().unwrap_or_default());
    println!("Probes and metrics: {}", running.ops.as_deref().unwrap_or_default());
    println!("Sign in with the password `{PASSWORD}` as:");
    for role in Role::ALL {
        println!("  {:10} {}", role, email(role));
    }
    println!("Stop it with Ctrl-C.");
}
