//! `banyan demo`: the demo airline, built by a generator and read by the importers that users have.

use std::{fs, path::Path, sync::Arc, time::Duration};

use accounts_api::CreateAccount;
use actix_web::web::Data;
use anyhow::{Context, anyhow};
use booking_api::ImportText;
use clap::Args;
use jiff::{Timestamp, civil, tz::TimeZone};
use kernel::{Actor, Clock, Ctx, Locator, Role, Secret};
use notes_api::{NoteDraft, PadDraft};
use serde::{Deserialize, Serialize};
use serde_json::json;
use status_api::{Movements, RawMessage};
use tokio::sync::watch;

use super::{
    Failure, Global, Outcome,
    house::House,
    import::{ctx, movements},
    serve::flags,
};
use crate::{
    demo::{TimedMessage, World},
    portal::Portal,
    serve,
    wire::Wired,
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
        let mark = self.mark(&house)?;
        if !mark.complete {
            House::block_on(build(&house, &mark))?;
        }
        let world = World::build(mark.seed, mark.from, mark.days);
        let clock = house.outside.clock.clone();
        let day: serve::Beside = Box::new(move |portal, stop| tokio::spawn(play(world, clock, portal, stop)));
        house.serve(None, Some(day), |running| tell(global, running))
    }

    fn mark(&self, house: &House) -> Result<Mark, Failure> {
        let path = house.data.join(MARK);
        if let Ok(text) = fs::read(&path) {
            let mark: Mark =
                serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
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

fn write_mark(data: &Path, mark: &Mark) -> anyhow::Result<()> {
    Ok(fs::write(data.join(MARK), serde_json::to_vec(mark)?)?)
}

async fn build(house: &House, mark: &Mark) -> anyhow::Result<()> {
    fs::create_dir_all(&house.data)?;
    write_mark(&house.data, mark)?;
    let world = World::build(mark.seed, mark.from, mark.days);
    let wired = house.modules(Some(&["accounts", "booking", "status", "notes"])).await?;
    let (schedule, ctx) = (&wired.faces.schedule, ctx());
    let file = |name: &str, text: String| ImportText { name: name.to_owned(), text };
    let accounts = accounts(&wired, &ctx);
    let network = async {
        schedule.import_schedule(&ctx, file("demo.ssim", world.ssim())).await?;
        schedule
            .import_connecting_times(&ctx, file("demo-connecting-times.csv", world.connecting_times_csv()))
            .await?;
        schedule.import_fares(&ctx, file("demo-fares.csv", world.fares_csv())).await?;
        anyhow::Ok(())
    };
    let (accounts, network) = futures_util::join!(accounts, network);
    network?;
    let accounts = accounts?;
    let bookings = owned(&world.bookings_jsonl(), &accounts);
    schedule.import_bookings(&ctx, file("demo-bookings.jsonl", bookings)).await?;
    movements(&wired, &ctx, &so_far(&world, mark.from, house.outside.now())).await?;
    notes(&wired, &world, &accounts).await?;
    write_mark(&house.data, &Mark { complete: true, ..mark.clone() })
}

/// The running operational day: each message goes in at its time of arrival.
async fn play(world: World, clock: Arc<dyn Clock>, portal: Data<Portal>, mut stop: watch::Receiver<bool>) {
    const PAUSE: Duration = Duration::from_secs(2);
    let mut played = clock.now();
    let mut today: (civil::Date, Vec<TimedMessage>) = (civil::Date::MIN, Vec::new());
    while !*stop.borrow() {
        let now = clock.now();
        let date = now.to_zoned(TimeZone::UTC).date();
        if today.0 != date {
            let days = [date.yesterday().unwrap_or(date), date];
            today = (date, days.iter().flat_map(|day| world.movements(*day)).collect());
        }
        let due = today.1.iter().filter(|message| played < message.at && message.at <= now);
        let messages: Vec<_> =
            due.map(|m| RawMessage { received_at: m.at, text: m.text.clone(), line: 0 }).collect();
        if !messages.is_empty()
            && let Err(error) = portal.status.take(&Ctx::system("demo"), Movements { messages }).await
        {
            tracing::warn!(%error, "the demo's operational day stumbled");
        }
        played = now;
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stop.changed() => break,
        }
    }
}

/// Messages that have arrived by now: the day before, and today so far.
fn so_far(world: &World, from: civil::Date, now: Timestamp) -> String {
    let days = [from.yesterday().unwrap_or(from), from];
    let mut text = String::new();
    for message in days.iter().flat_map(|day| world.movements(*day)).filter(|message| message.at <= now) {
        text.push_str(&message.to_string());
    }
    text
}

async fn accounts(wired: &Wired, ctx: &Ctx) -> anyhow::Result<Vec<accounts_api::Account>> {
    let mut made = Vec::new();
    for role in Role::ALL {
        let new = CreateAccount { email: email(role), password: Secret::new(PASSWORD), role };
        made.push(wired.faces.accounts.create(ctx, new).await?);
    }
    Ok(made)
}

/// The bookings with their owners: an order goes to the account whose address it was booked with.
fn owned(bookings: &str, accounts: &[accounts_api::Account]) -> String {
    let mut text = String::with_capacity(bookings.len() + 1_000);
    for line in bookings.lines() {
        let owner = accounts.iter().find(|known| line.contains(&format!("\"email\":\"{}\"", known.email)));
        match (owner, line.strip_prefix(ORDER)) {
            (Some(owner), Some(rest)) => {
                text.extend([ORDER, "\"owner\":\"", &owner.id.to_string(), "\",", rest]);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

const ORDER: &str = "{\"order\":{";

fn email(role: Role) -> String {
    format!("{role}@example.com")
}

async fn notes(wired: &Wired, world: &World, accounts: &[accounts_api::Account]) -> anyhow::Result<()> {
    for seed in world.notes() {
        let Some(account) = accounts.iter().find(|account| account.role.as_str() == seed.role) else {
            continue;
        };
        let actor = Actor::Person { id: account.id, role: account.role, email: account.email.clone() };
        let ctx = Ctx::new(actor, "demo").with_time(Duration::from_mins(1));
        let pad = match &seed.pad {
            Some(name) => Some(pad(wired, &ctx, name).await?),
            None => None,
        };
        let trip = seed.trip.as_deref().map(str::parse::<Locator>).transpose()?;
        let draft = NoteDraft { name: seed.name.clone(), text: seed.text.clone(), pad, trip };
        wired.faces.notes.add(&ctx, draft).await?;
    }
    Ok(())
}

async fn pad(wired: &Wired, ctx: &Ctx, name: &str) -> anyhow::Result<notes_api::PadId> {
    let pads = wired.faces.notes.pads(ctx, notes_api::PadsOf {}).await?;
    if let Some(pad) = pads.into_iter().find(|pad| pad.name == name) {
        return Ok(pad.id);
    }
    Ok(wired.faces.notes.add_pad(ctx, PadDraft { name: name.to_owned() }).await?.id)
}

fn tell(global: &Global, running: &serve::Running) {
    if global.json {
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
