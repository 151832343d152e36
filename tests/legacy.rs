//! Banyan in front of the system that it replaces: booking's pages come from there, through the portal's own address,
//! while search, status and notes are here; then some people, then nobody, go there.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

#[path = "journeys/browser.rs"]
#[expect(dead_code, reason = "journeys do more in it")]
mod browser;
#[path = "legacy/house.rs"]
mod house;
#[path = "notejam/person.rs"]
#[expect(dead_code, reason = "a visitor can do more than is needed here")]
mod person;
#[path = "process/mod.rs"]
mod process;
#[path = "legacy/site.rs"]
mod site;
#[path = "../modules/booking/tests/suite/mod.rs"]
mod suite;
#[path = "legacy/talk.rs"]
mod talk;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use browser::{Scripts, browse};
use person::Person;
use process::{Process, banyan, faces, free, keys, until_it_answers};
use reqwest::{Client, header};
use site::SESSION;
use suite::kit::Airline;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Where a visitor goes.
pub(crate) struct Site {
    pub(crate) base: String,
}

/// A portal with two flights a day, and the old system beside it.
struct Town {
    legacy: site::Site,
    site: Site,
    public: u16,
    /// The day after tomorrow.
    soon: String,
    folder: tempfile::TempDir,
    _portal: Process,
}

/// Booking's public pages, as a group; a form and its POST move together.
const ROUTES: &str = r#"
routes = [
  { match = "GET /baskets/{rest..}", kind = "query" },
  { match = "POST /baskets/{rest..}", kind = "unkeyed" },
  { match = "POST /baskets", kind = "unkeyed" },
  { match = "GET /trips", kind = "query" },
  { match = "POST /trips", kind = "unkeyed" },
  { match = "GET /trips/{locator}", kind = "query" },
  { match = "POST /trips/{rest..}", kind = "unkeyed" },
  { match = "GET /trips/{locator}/events", kind = "query" },
  { match = "GET /trips/{locator}/talk", kind = "unkeyed", upgrade = true },
]
"#;
const OURS: &str = "Booking reference";
const THEIRS: &str = "Legacy reservations";

impl Town {
    async fn build() -> Self {
        ::banyan::wire::prepare_process();
        let folder = tempfile::tempdir().unwrap();
        let legacy = site::Site::open();
        let upstream = format!(
            "[switch.upstreams.res]\naddress = \"http://{}\"\ncalls = false\ncookies = [\"{SESSION}\"]\nset_cookies = [\"{SESSION}\"]\n",
            legacy.address
        );
        std::fs::write(folder.path().join("banyan.toml"), upstream).unwrap();
        let (public, service) = (free(), free());
        let data = folder.path().join("data");
        let keys = keys(&data);
        let listen = format!("127.0.0.1:{public}");
        let mut command = banyan(&data, service, &["serve", "--listen", &listen, "--ops", ""]);
        command.current_dir(folder.path()).env("BANYAN__LIMITS__ENABLED", "false");
        let portal = Process::start(command);
        let faces = faces(service, &keys);
        until_it_answers(&faces).await;
        let soon = Airline::open(&faces, "ZZ", "Y90").await.day(2).to_string();
        let site = Site { base: format!("http://{listen}") };
        Self { legacy, site, public, soon, folder, _portal: portal }
    }

    /// So many of a hundred thousand go to the old system, and whoever says so in a header.
    fn move_to_legacy(&self, buckets: u32) {
        let file = self.folder.path().join("trips.toml");
        let text = format!(
            "module = \"booking/trips\"
             hop = {{ from = \"here\", to = \"legacy:res\" }}
             ranges = {{ here = {}, \"legacy:res\" = {buckets} }}
             rules = [ {{ when = {{ header = \"X-Try: legacy\" }}, target = \"legacy:res\", until = \"2999-01-01\" }} ]
             {ROUTES}",
            100_000 - buckets
        );
        std::fs::write(&file, text).unwrap();
        self.switch(&["apply", file.to_str().unwrap(), "--reason", "test"]);
    }

    fn switch(&self, args: &[&str]) {
        let data = self.folder.path().join("data");
        let mut command = banyan(&data, 0, &["switch"]);
        let output = command.current_dir(self.folder.path()).args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }

    /// A page of flights that can be chosen, as soon as search has read the timetable.
    async fn flights(&self, person: &mut Person<'_>) -> (person::Answer, String) {
        let path = format!("/flights?from=AMS&to=LHR&depart={}&adults=1", self.soon);
        for _ in 0..200 {
            let page = person.get(&path).await;
            let quote = page.source.split("name=\"quote\" value=\"").nth(1);
            if let Some(quote) = quote.and_then(|rest| rest.split('"').next()).map(str::to_owned) {
                return (page, quote);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no flight from AMS to LHR within ten seconds");
    }
}

#[actix_web::test]
async fn booking_at_legacy_and_the_rest_here() {
    let town = Town::build().await;
    town.move_to_legacy(100_000);
    let mut ada = Person::new(&town.site);
    let (page, quote) = town.flights(&mut ada).await;
    page.lacks(THEIRS);

    // Chosen here, bought there; the old system's own address is nowhere to be seen.
    let basket = ada.fill(&page, "/baskets", &[("quote", &quote)]).await;
    basket.at("/baskets/1/passengers").shows("Who travels").shows(THEIRS);
    let review = ada.forge("/baskets/1/passengers", &[("family_name", "Lovelace")]).await;
    review.at("/baskets/1/review").shows("Your basket");
    let trip = ada.forge("/baskets/1/payment", &[]).await;
    trip.at("/trips/LEG001").shows("Reservation LEG001").shows(THEIRS);
    ada.get("/trips").await.is(200).shows("Find your reservation").lacks(OURS);
    ada.forge("/trips", &[("reference", "LEG001")]).await.at("/trips/LEG001");

    // Status and notes are ours.
    ada.get("/status").await.is(200).lacks(THEIRS);
    ada.sign_up().await;
    ada.sign_in().await.at("/notes/").lacks(THEIRS);
    ada.submit("/notes/create/", &[("name", "Desk"), ("text", "ask for LEG001")]).await.at("/notes/");
    ada.get("/trips/LEG001").await.at("/trips/LEG001").shows(THEIRS);
    only_its_own_cookies(&town);
    it_can_check_who_asks(&town).await;
    events_come_one_by_one(&town).await;
    words_come_back(&town).await;

    // Back with one command: the same addresses are ours again, and nobody asks there.
    town.switch(&["back", "booking/trips", "--reason", "enough"]);
    let asked = town.legacy.books.seen().len();
    ada.get("/trips").await.is(200).shows(OURS).lacks(THEIRS);
    ada.get("/trips/LEG001").await.is(404).lacks(THEIRS);
    let (page, quote) = town.flights(&mut ada).await;
    ada.fill(&page, "/baskets", &[("quote", &quote)]).await.is(200).lacks(THEIRS);
    ada.get("/notes/").await.shows("Desk");
    assert_eq!(town.legacy.books.seen().len(), asked, "nobody asks the old system any more");
}

/// The same in a real browser, without scripts: forms and redirects cross over and come back.
#[test]
fn a_journey_through_both() {
    browse(Scripts::Off, async |browser| {
        browser.go("/").await;
        browser.fill("From", "AMS").await;
        browser.fill("To", "LHR").await;
        browser.fill("Depart", &browser.house.town.soon).await;
        browser.press("Search flights").await;
        browser.choose("Light").await;
        browser.press("Select").await;
        browser.at("Who travels").await;
        browser.fill("Family name", "Lovelace").await;
        browser.press("Continue").await;
        browser.at("Your basket").await;
        browser.press("Pay at the desk").await;
        browser.at("Reservation LEG001").await;
        assert_eq!(browser.path().await, "/trips/LEG001");

        browser.go("/status").await;
        browser.field("Flight").await;
        browser.go("/signup/").await;
        browser.fill("Email", "ada@example.com").await;
        browser.fill("Password", person::PASSWORD).await;
        browser.fill("Repeat password", person::PASSWORD).await;
        browser.press("Sign up").await;
        browser.sign_in("ada@example.com", person::PASSWORD).await;
        browser.go("/notes/create/").await;
        browser.fill("Name", "Desk").await;
        browser.fill("Text", "ask for LEG001").await;
        browser.press("Save").await;
        browser.see("Desk").await;
        browser.go("/trips/LEG001").await;
        browser.see(THEIRS).await;

        browser.house.town.switch(&["back", "booking/trips", "--reason", "enough"]);
        browser.go("/trips").await;
        browser.field(OURS).await;
    });
}

/// One session for the whole visit, and none of ours; and it is told once who asks.
fn only_its_own_cookies(town: &Town) {
    let seen = town.legacy.books.seen();
    for request in &seen {
        let said = request.headers.iter().filter(|(name, _)| name == "x-forwarded-for");
        assert_eq!(said.map(|(_, value)| &**value).collect::<Vec<_>>(), ["127.0.0.1"], "{request:?}");
    }
    let with_session: Vec<_> = seen.iter().filter(|request| !request.cookies.is_empty()).collect();
    assert!(with_session.len() >= 6, "{seen:#?}");
    for request in with_session {
        assert_eq!(request.cookies, format!("{SESSION}=session-1"), "{} {}", request.method, request.path);
    }
}

/// With nothing but its own name and the public key, which anybody may fetch.
async fn it_can_check_who_asks(town: &Town) {
    let address = format!("http://127.0.0.1:{}/.well-known/jwks.json", town.public);
    let keys: serde_json::Value = reqwest::get(address).await.unwrap().json().await.unwrap();
    let key = URL_SAFE_NO_PAD.decode(keys["keys"][0]["x"].as_str().unwrap()).unwrap();
    let (seen, now) = (town.legacy.books.seen(), kernel::Outside::system().now());
    let told = &seen.last().unwrap().headers.iter().find(|(name, _)| name == "banyan-identity").unwrap().1;
    let asking = shims::Voucher::verify(&key, told, "res", now).unwrap();
    assert!(asking.person.is_some() && asking.subject.is_some(), "{asking:?}");
    assert!(shims::Voucher::verify(&key, told, "other", now).is_err());
}

/// Each event is passed on when it is there, not when the stream is over.
async fn events_come_one_by_one(town: &Town) {
    let url = format!("{}/trips/LEG001/events", town.site.base);
    let mut answer = client().get(url).send().await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let first = answer.chunk().await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&first), "id: 0\ndata: gate 0\n\n");
    let mut rest = String::new();
    while let Some(piece) = answer.chunk().await.unwrap() {
        rest.push_str(&String::from_utf8_lossy(&piece));
    }
    assert_eq!(rest.matches("data: gate").count(), 2, "{rest}");
}

/// A WebSocket through the portal: what is said comes back, and a close closes it.
async fn words_come_back(town: &Town) {
    let mut stream = TcpStream::connect(("127.0.0.1", town.public)).await.unwrap();
    let request = format!(
        "GET /trips/LEG001/talk HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        town.public
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = until(&mut stream, b"\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    for word in ["gate B7", "on time"] {
        stream.write_all(&talk::masked(1, word.as_bytes())).await.unwrap();
        let mut echo = vec![0; word.len() + 2];
        stream.read_exact(&mut echo).await.unwrap();
        assert_eq!(echo, talk::frame(1, word.as_bytes()));
    }
    stream.write_all(&talk::masked(8, &[])).await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, talk::frame(8, &[]));
}

async fn until(stream: &mut TcpStream, mark: &[u8]) -> String {
    let mut read = Vec::new();
    while !read.ends_with(mark) {
        read.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(read).unwrap()
}

/// Some people and a header: everybody stays where their first visit sent them.
#[actix_web::test]
async fn ten_percent_and_a_header() {
    const PEOPLE: u32 = 200;
    let town = Town::build().await;
    town.move_to_legacy(10_000);
    let client = client();
    let url = format!("{}/trips", town.site.base);
    let mut there = 0;
    for _ in 0..PEOPLE {
        let (first, subject) = side(client.get(&url)).await;
        let subject = subject.expect("a visitor is known by a cookie");
        let again = |name: &'static str, value: &'static str| {
            side(client.get(&url).header(header::COOKIE, &subject).header(name, value))
        };
        assert_eq!(again("accept", "text/html").await.0, first, "the same side again");
        assert!(again("x-try", "legacy").await.0, "the header sends everybody there");
        assert_eq!(again("x-try", "mine").await.0, first);
        there += u32::from(first);
    }
    // Three sigma around 20 of 200.
    assert!((7..=33).contains(&there), "{there} of {PEOPLE}");
    println!("{there} of {PEOPLE} people are at legacy with a tenth of the buckets");
}

/// Whether the old system answered, and the subject's cookie if one was set.
async fn side(request: reqwest::RequestBuilder) -> (bool, Option<String>) {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
    let pair = |line: &header::HeaderValue| line.to_str().unwrap().split(';').next().unwrap().to_owned();
    let subject = cookies.map(pair).find(|pair| pair.starts_with("subject="));
    let page = answer.text().await.unwrap();
    assert_ne!(page.contains(THEIRS), page.contains(OURS), "{page}");
    (page.contains(THEIRS), subject)
}

fn client() -> Client {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
