//! A backup is taken while people buy, and brought back into an empty folder: what it holds is one instant of the house.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[path = "../modules/booking/tests/suite/mod.rs"]
mod suite;

#[path = "process/mod.rs"]
mod process;

use std::{path::Path, process::Output, time::Duration};

use ::banyan::config::Keys;
use booking_api::{CheckOut, Choice, OrderSearch, OrderState, QuoteKey};
use futures_util::future::join_all;
use kernel::{FeedAfter, Locator, PageAsk, Party};
use process::{ONLY_BOOKING, Process, banyan, faces, free, keys, until_it_answers};
use suite::kit::{APPROVED, Airline, Faces, anybody, house, keyed, travellers};

const BUYERS: u64 = 30;
const AHEAD: i32 = 20;

#[actix_web::test]
async fn taken_under_load_and_brought_back() {
    ::banyan::wire::prepare_process();
    let folder = tempfile::tempdir().unwrap();
    let (data, copy, file) =
        (folder.path().join("data"), folder.path().join("copy"), folder.path().join("b.tar.gz"));
    let (port, keys) = (free(), keys(&data));
    let running = Process::start(banyan(&data, port, &ONLY_BOOKING));
    let faces = faces(port, &keys);
    until_it_answers(&faces).await;
    let airline = Airline::open(&faces, "ZZ", "Y90").await;

    let buying = join_all((0..BUYERS).map(|buyer| buy(&faces, &airline, &keys, buyer)));
    let copying = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let (data, file) = (data.clone(), file.clone());
        tokio::task::spawn_blocking(move || run(&data, &["backup", file.to_str().unwrap()])).await.unwrap()
    };
    let (bought, taken) = futures_util::future::join(buying, copying).await;
    assert!(taken.status.success(), "{taken:?}");
    drop(running);

    let file = file.to_str().unwrap();
    assert!(run(&copy, &["restore", file, "--dry-run"]).status.success());
    assert!(!copy.exists(), "a dry run leaves nothing behind");
    assert!(run(&copy, &["restore", file]).status.success());
    assert_eq!(run(&copy, &["restore", file]).status.code(), Some(3), "the folder is not empty any more");
    holds_together(&copy, &keys, &bought).await;
    damaged(folder.path(), file);
}

/// The restored house has some of the orders, each whole, and exactly their seats; its log begins a new history.
async fn holds_together(copy: &Path, keys: &Keys, bought: &[Locator]) {
    let port = free();
    let running = Process::start(banyan(copy, port, &ONLY_BOOKING));
    let faces = faces(port, keys);
    until_it_answers(&faces).await;
    let ask = OrderSearch { page: PageAsk::first(500), ..OrderSearch::default() };
    let orders = faces.orders.search(&house(), ask).await.unwrap().items;
    println!("{} of {} orders are in the backup", orders.len(), bought.len());
    assert!(orders.iter().all(|order| bought.contains(&order.locator)));
    let ticketed = orders.iter().filter(|order| order.state == OrderState::Ticketed).count();
    let airline = Airline {
        faces: &faces,
        carrier: "ZZ",
        today: kernel::Outside::system().now().to_zoned(jiff::tz::TimeZone::UTC).date(),
    };
    if !orders.is_empty() {
        let (sold, held) = airline.taken(AHEAD).await;
        assert_eq!(
            (sold as usize, held as usize),
            (ticketed, orders.len() - ticketed),
            "seats and orders agree"
        );
    }
    let batch = faces.schedule.feed(&house(), FeedAfter::start()).await.unwrap();
    assert!(batch.head > 0 && batch.events[0].seq == 1);
    drop(running);
}

/// A backup with one byte changed is refused, and nothing is made of it.
fn damaged(folder: &Path, file: &str) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let broken = folder.join("broken.tar.gz");
    std::fs::write(&broken, bytes).unwrap();
    let refused = run(&folder.join("none"), &["restore", broken.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(!folder.join("none").exists());
}

fn run(data: &Path, args: &[&str]) -> Output {
    banyan(data, 0, args).output().unwrap()
}

async fn buy(faces: &Faces, airline: &Airline<'_>, keys: &Keys, buyer: u64) -> Locator {
    tokio::time::sleep(Duration::from_millis(25 * buyer)).await;
    let quote =
        QuoteKey::new(keys.derive("quotes")).seal(&airline.plain_quote(1, AHEAD, "Light", Party::default()));
    let ctx = anybody();
    let basket = faces.shop.open_basket(&ctx, Choice { quotes: vec![quote] }).await.unwrap();
    let basket = faces.shop.put_passengers(&ctx, travellers(&basket)).await.unwrap();
    let ask = CheckOut { basket: basket.id, agreed: basket.offer.total };
    let placed = faces.shop.check_out(&keyed(&ctx), ask).await.unwrap();
    faces.pay(&ctx, placed.payment.id, APPROVED).await.unwrap();
    placed.order.locator
}
