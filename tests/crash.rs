//! Booking in a process of its own, killed at seeded moments of buying. Buyers repeat what was not answered, with the
//! same keys; in the end the client's ledger, the seats and the payments agree. On both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

#[path = "../modules/booking/tests/suite/mod.rs"]
mod suite;

#[path = "process/mod.rs"]
mod process;

use std::{path::Path, time::Duration};

use ::banyan::config::Keys;
use booking_api::{BookingError, CheckOut, Choice, IntentState, OrderSearch, QuoteKey};
use futures_util::future::join_all;
use kernel::{Ctx, Entropy, FeedAfter, InterfaceError, Locator, Outside, PageAsk, Party, SeededEntropy};
use process::{ONLY_BOOKING, Process, banyan, faces, free, keys, until_it_answers};
use suite::kit::{APPROVED, Airline, Faces, anybody, card, house, keyed, travellers};

const BUYERS: usize = 60;
const KILLS: u32 = 20;
const AHEAD: i32 = 20;

fn start(data: &Path, port: u16, database: Option<&str>) -> Process {
    let mut command = banyan(data, port, &ONLY_BOOKING);
    if let Some(url) = database {
        command.env("BANYAN__BOOKING__DATABASE", url);
    }
    Process::start(command)
}

#[actix_web::test]
async fn killed_while_people_buy_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    killed_while_people_buy(folder.path(), None).await;
}

#[actix_web::test]
async fn killed_while_people_buy_on_postgresql() {
    let folder = tempfile::tempdir().unwrap();
    let Some(db) = store::testing::postgres("booking", &booking::migrations(), &Outside::system()) else {
        return;
    };
    killed_while_people_buy(folder.path(), Some(db.url())).await;
}

async fn killed_while_people_buy(data: &Path, database: Option<&str>) {
    ::banyan::wire::prepare_process();
    let (port, keys) = (free(), keys(data));
    let faces = faces(port, &keys);
    let mut process = start(data, port, database);
    until_it_answers(&faces).await;
    let airline = Airline::open(&faces, "ZZ", "Y90").await;

    let buying = join_all((0..BUYERS).map(|buyer| buy(&faces, &airline, &keys, buyer)));
    let killing = async {
        let chance = SeededEntropy::new(20);
        for _ in 0..KILLS {
            let mut byte = [0];
            chance.fill(&mut byte);
            tokio::time::sleep(Duration::from_millis(20 + u64::from(byte[0]))).await;
            drop(process);
            process = start(data, port, database);
            until_it_answers(&faces).await;
        }
        process
    };
    let (bought, process) = futures_util::future::join(buying, killing).await;

    let mut ledger: Vec<Locator> = bought;
    ledger.sort_unstable();
    ledger.dedup();
    assert_eq!(ledger.len(), BUYERS, "each buyer has an order of their own");
    let ask = OrderSearch { page: PageAsk::first(500), ..OrderSearch::default() };
    let mut found: Vec<_> =
        faces.orders.search(&house(), ask).await.unwrap().items.iter().map(|o| o.locator).collect();
    found.sort_unstable();
    assert_eq!(found, ledger, "there are the orders that were answered, and no others");
    let sold = u32::try_from(BUYERS).unwrap();
    assert_eq!(airline.taken(AHEAD).await, (sold, 0), "sold and held");
    assert_eq!(payments(&faces).await, BUYERS, "each was paid once");
    drop(process);
}

/// One buyer, who never gives up and never asks twice for two things.
async fn buy(faces: &Faces, airline: &Airline<'_>, keys: &Keys, buyer: usize) -> Locator {
    // They do not all come at once, so that every kill meets somebody at every step.
    tokio::time::sleep(Duration::from_millis(60 * buyer as u64)).await;
    let quote = airline.plain_quote(1, AHEAD, "Light", Party::default());
    let quotes = vec![QuoteKey::new(keys.derive("quotes")).seal(&quote)];
    let choosing = keyed(&anybody());
    let basket =
        again(&choosing, async |ctx| faces.shop.open_basket(&ctx, Choice { quotes: quotes.clone() }).await)
            .await;
    let naming = anybody();
    let basket = again(&naming, async |ctx| faces.shop.put_passengers(&ctx, travellers(&basket)).await).await;
    let ordering = keyed(&anybody());
    let ask = CheckOut { basket: basket.id, agreed: basket.offer.total };
    let placed = again(&ordering, async |ctx| faces.shop.check_out(&ctx, ask.clone()).await).await;
    let paying = keyed(&anybody());
    let paid =
        again(&paying, async |ctx| faces.payments.pay(&ctx, card(placed.payment.id, APPROVED)).await).await;
    assert_eq!(paid.state, IntentState::Succeeded, "{paid:?}");
    placed.order.locator
}

/// Asks until there is an answer, each time with fresh patience and the same key. Only a fault is asked again: a domain
/// error is an answer, and here a wrong one.
async fn again<T>(ctx: &Ctx, ask: impl AsyncFn(Ctx) -> Result<T, BookingError>) -> T {
    for _ in 0..1_200 {
        match ask(ctx.clone().with_time(Duration::from_secs(5))).await {
            Ok(answer) => return answer,
            Err(error) if error.fault().is_some() => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => panic!("a wrong answer: {error:?}"),
        }
    }
    panic!("no answer within a minute");
}

/// How many payments succeeded, by the log.
async fn payments(faces: &Faces) -> usize {
    let (mut after, mut count) = (0, 0);
    loop {
        let ctx = Ctx::system("test");
        let batch = faces.schedule.feed(&ctx, FeedAfter { after, limit: 500, wait_ms: 0 }).await.unwrap();
        if batch.events.is_empty() {
            return count;
        }
        count += batch.events.iter().filter(|event| event.kind == "payment.succeeded").count();
        after = batch.next;
    }
}
