//! Notes taken out into a process of its own by one line, while people use the portal, and back. The far process is
//! killed on the way: a trip page loses its notes panel, says so, and goes on answering 200. While both sides hold a
//! share, nobody notices: questions are asked of the other one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

#[expect(dead_code, reason = "a visitor can do more than is needed here")]
#[path = "notejam/person.rs"]
mod person;
#[path = "../modules/booking/tests/suite/mod.rs"]
mod suite;

#[path = "process/mod.rs"]
mod process;

use std::{
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use ::banyan::config::Keys;
use booking_api::{CheckOut, Choice, QuoteKey};
use kernel::Party;
use person::Person;
use process::{Process, banyan, faces, free, keys, until_it_answers, until_it_listens};
use suite::kit::{APPROVED, Airline, anybody, keyed, travellers};

/// Where a visitor goes.
pub(crate) struct Site {
    pub(crate) base: String,
}

/// The ports of one house: its pages, what it offers to services, and where notes will be.
struct Ports {
    public: u16,
    service: u16,
    notes: u16,
}

fn house_with(data: &Path, ports: &Ports, service: u16, args: &[&str]) -> Command {
    let mut command = banyan(data, service, args);
    command
        .env("BANYAN__SWITCH__UPSTREAMS__NOTES", format!("http://127.0.0.1:{}", ports.notes))
        .env("BANYAN__SWITCH__UPSTREAMS__BOOKING", format!("http://127.0.0.1:{}", ports.service))
        .env("BANYAN__LIMITS__ENABLED", "false");
    command
}

fn portal(data: &Path, ports: &Ports) -> Process {
    let listen = format!("127.0.0.1:{}", ports.public);
    Process::start(house_with(data, ports, ports.service, &["serve", "--listen", &listen, "--ops", ""]))
}

fn notes(data: &Path, ports: &Ports) -> Process {
    Process::start(house_with(data, ports, ports.notes, &["serve", "--only", "notes", "--ops", ""]))
}

fn switch(data: &Path, ports: &Ports, args: &[&str]) -> Output {
    house_with(data, ports, 0, &["switch"]).args(args).output().unwrap()
}

#[actix_web::test]
async fn notes_are_taken_out_and_brought_back() {
    ::banyan::wire::prepare_process();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ports = Ports { public: free(), service: free(), notes: free() };
    let keys = keys(&data);
    let house_is_open = portal(&data, &ports);
    let locator = buy(&ports, &keys).await;
    let mut far = Some(notes(&data, &ports));

    let site = Site { base: format!("http://127.0.0.1:{}", ports.public) };
    let mut ada = Person::new(&site);
    ada.sign_up().await;
    ada.sign_in().await.at("/notes/");
    ada.submit("/trips", &[("booking_reference", &locator), ("family_name", "lovelace")]).await.is(200);
    let trip = format!("/trips/{locator}");
    ada.get(&trip).await.is(200).shows(&locator).lacks("Notes are resting");
    ada.submit("/notes/create/", &[("name", "Packing"), ("text", "Warm socks")]).await.at("/notes/");

    // There, within a second of the command's answer.
    until_it_listens(ports.notes).await;
    let moved = apply(&data, &ports, 100_000);
    assert!(moved.contains("100 % move from here to remote:notes"), "{moved}");
    until_notes(&mut ada, 200).await;
    ada.get("/notes/").await.at("/notes/").shows("Packing");

    // Killed in the middle of a load of trip pages: every one is answered. Nobody else holds a share, so notes rest.
    let begun = Instant::now();
    for round in 0..60 {
        if round == 20 {
            drop(far.take());
        }
        ada.get(&trip).await.is(200);
    }
    println!("60 trip pages in {} ms, the notes process killed after 20", begun.elapsed().as_millis());
    ada.get(&trip).await.is(200).shows("Notes are resting").shows(&locator);
    ada.get("/notes/").await.is(503);

    // Home again without a restart, with everything that was written.
    let back = switch(&data, &ports, &["back", "notes", "--reason", "enough"]);
    assert!(back.status.success(), "{back:?}");
    until_notes(&mut ada, 200).await;
    ada.get("/notes/").await.at("/notes/").shows("Packing");
    ada.get(&trip).await.is(200).lacks("Notes are resting");

    half_and_half(&data, &ports, &site, &mut ada, &trip).await;
    refusals(&data, &ports, folder.path());
    drop(house_is_open);
}

/// Both sides hold a share, and one of them is killed: whoever asks something gets an answer.
async fn half_and_half(data: &Path, ports: &Ports, site: &Site, ada: &mut Person<'_>, trip: &str) {
    let far = notes(data, ports);
    until_it_listens(ports.notes).await;
    let moved = apply(data, ports, 50_000);
    assert!(moved.contains("50 % move from here to remote:notes"), "{moved}");
    let mut people = Vec::new();
    for _ in 0..6 {
        let mut person = Person::new(site);
        person.sign_up().await;
        person.sign_in().await.at("/notes/");
        people.push(person);
    }
    drop(far);
    for _ in 0..10 {
        for person in &mut people {
            person.get("/notes/").await.at("/notes/");
        }
        ada.get("/notes/").await.at("/notes/").shows("Packing");
        ada.get(trip).await.is(200).lacks("Notes are resting");
    }
}

/// Puts a share of notes at the far side, by a file.
fn apply(data: &Path, ports: &Ports, share: u32) -> String {
    let file = data.join("notes.toml");
    let text = format!(
        "module = \"notes\"\nhop = {{ from = \"here\", to = \"remote:notes\" }}\nranges = {{ \"remote:notes\" = {share}, here = {} }}\n",
        100_000 - share
    );
    std::fs::write(&file, text).unwrap();
    let applied = switch(data, ports, &["apply", file.to_str().unwrap(), "--reason", "test"]);
    assert!(applied.status.success(), "{applied:?}");
    String::from_utf8_lossy(&applied.stdout).into_owned()
}

/// What the command line refuses, and with which code.
fn refusals(data: &Path, ports: &Ports, folder: &Path) {
    let file = folder.join("wrong.toml");
    for (text, args, code, words) in [
        ("module = \"notes\"\nranges = { here = 5 }", &[][..], 2, "100000"),
        ("module = \"notes\"\nranges = { \"remote:elsewhere\" = 100000 }", &[], 2, "elsewhere"),
        ("module = \"nots\"\nranges = { here = 100000 }", &[], 2, "nots"),
        ("module = \"notes\"\nranges = { here = 100000 }", &["--expect-epoch", "0"], 5, "epoch"),
        ("ranges", &[], 2, "wrong.toml"),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = switch(data, ports, &[&["apply", file.to_str().unwrap()], args].concat());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(code), "{text}: {said}");
        assert!(said.contains(words), "{text}: {said}");
    }
    let killed = switch(data, ports, &["kill", "notes", "--reason", "a drill"]);
    assert!(killed.status.success(), "{killed:?}");
    let status = switch(data, ports, &["status", "--json"]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("HALTED"), "{status:?}");
}

async fn until_notes(ada: &mut Person<'_>, status: u16) {
    let begun = Instant::now();
    while ada.get("/notes/").await.status != status {
        assert!(begun.elapsed() < Duration::from_secs(1), "notes were to answer {status} within a second");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// One paid order, through the service listener.
async fn buy(ports: &Ports, keys: &Keys) -> String {
    let faces = faces(ports.service, keys);
    until_it_answers(&faces).await;
    let airline = Airline::open(&faces, "ZZ", "Y20").await;
    let quote =
        QuoteKey::new(keys.derive("quotes")).seal(&airline.plain_quote(1, 20, "Light", Party::default()));
    let ctx = anybody();
    let basket = faces.shop.open_basket(&ctx, Choice { quotes: vec![quote] }).await.unwrap();
    let basket = faces.shop.put_passengers(&ctx, travellers(&basket)).await.unwrap();
    let ask = CheckOut { basket: basket.id, agreed: basket.offer.total };
    let placed = faces.shop.check_out(&keyed(&ctx), ask).await.unwrap();
    faces.pay(&ctx, placed.payment.id, APPROVED).await.unwrap();
    placed.order.locator.to_string()
}
