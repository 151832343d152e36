//! Building the demo airline: what the generator wrote goes in through the importers that users have.

use std::time::Duration;

use accounts_api::CreateAccount;
use booking_api::ImportText;
use jiff::{Timestamp, civil};
use kernel::{Actor, Ctx, Locator, Role, Secret};
use notes_api::{NoteDraft, PadDraft};

use super::{Mark, PASSWORD, email, write_mark};
use crate::{
    cli::{
        house::House,
        import::{ctx, movements},
    },
    demo::World,
    wire::Wired,
};

/// Fills an empty folder, and says so in its mark at the end.
pub(super) async fn build(house: &House, mark: &Mark) -> anyhow::Result<()> {
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
