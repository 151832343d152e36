//! Whole journeys in a real browser over the real binary: buying with scripts and without them, news on a page that
//! lies open, what goes wrong at the bank and in forms, and whether everybody can use every page.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly"
)]

#[path = "journeys/axe.rs"]
mod axe;
#[path = "journeys/browser.rs"]
mod browser;
#[path = "journeys/buying.rs"]
mod buying;
#[path = "journeys/cockpit.rs"]
mod cockpit;
#[path = "journeys/house.rs"]
mod house;
#[path = "journeys/news.rs"]
mod news;
#[path = "journeys/tour.rs"]
mod tour;

use browser::{Browser, Scripts, browse};
use thirtyfour::{By, Key};

const PASSWORD: &str = "a boat of folded paper";

#[test]
fn a_trip_with_scripts() {
    browse(Scripts::On, async |browser| {
        complete_an_airport(browser).await;
        a_whole_trip(browser, "with-scripts@example.com").await;
    });
}

#[test]
fn a_trip_without_scripts() {
    browse(Scripts::Off, async |browser| {
        browser.go("/").await;
        let scripted = browser.driver.find_all(By::Css("html.js")).await.unwrap();
        assert!(scripted.is_empty(), "the page ran its scripts");
        a_whole_trip(browser, "without-scripts@example.com").await;
    });
}

/// Search, buy, find it again, see its flight, sign up, keep a note; then the staff's view of it.
async fn a_whole_trip(browser: &Browser, email: &str) {
    let locator = buying::buy(browser).await;
    browser.see("Johanna Vermeer").await;
    browser.see("tickets issued").await;

    browser.be_a_stranger().await;
    browser.go(&format!("/trips/{locator}")).await;
    browser.at("Not found").await;
    find_booking(browser, &locator).await;

    let flight = browser.read("main .segment h3 a").await;
    browser.follow(&flight).await;
    browser.at(&flight).await;
    browser.see("Amsterdam to Barcelona").await;

    sign_up(browser, email).await;
    keep_a_note(browser, &locator).await;

    browser.press("Sign out").await;
    let (agent, password) = browser.house.account("agent");
    browser.sign_in(&agent, &password).await;
    browser.go("/admin/bookings").await;
    browser.fill("Reference, family name, ticket, flight or e-mail", &locator).await;
    browser.press("Show").await;
    browser.see(&locator).await;
    browser.follow(&locator).await;
    browser.at(&format!("Booking {locator}")).await;
    browser.see("Johanna Vermeer").await;
}

/// With scripts, part of a city's name and two keys are enough.
async fn complete_an_airport(browser: &Browser) {
    browser.go("/").await;
    let from = browser.field("From").await;
    from.send_keys("Barcel").await.unwrap();
    browser.first(By::XPath("//li[@role='option'][contains(., 'BCN')]"), "Barcelona in the list").await;
    from.send_keys(Key::Down + Key::Enter).await.unwrap();
    assert_eq!(browser.typed("From").await, "BCN");
}

async fn find_booking(browser: &Browser, locator: &str) {
    browser.go("/trips").await;
    browser.fill("Booking reference", locator).await;
    browser.fill("Family name", buying::FAMILY_NAME).await;
    browser.press("Find booking").await;
    browser.see("Passengers and tickets").await;
}

async fn sign_up(browser: &Browser, email: &str) {
    browser.go("/signup/").await;
    browser.fill("Email", email).await;
    browser.fill("Password", PASSWORD).await;
    browser.fill("Repeat password", PASSWORD).await;
    browser.press("Sign up").await;
    browser.at("Sign in").await;
    browser.sign_in(email, PASSWORD).await;
}

async fn keep_a_note(browser: &Browser, locator: &str) {
    browser.go(&format!("/trips/{locator}")).await;
    browser.fill("Name", "Door code").await;
    browser.fill("Text", "4711, second floor").await;
    browser.press("Save").await;
    browser.see("Door code").await;
    browser.go("/notes/").await;
    browser.see("Door code").await;
    browser.see(locator).await;
    browser.go(&format!("/trips/{locator}")).await;
    browser.see("4711, second floor").await;
}

#[test]
fn news_on_an_open_page() {
    browse(Scripts::On, async |browser| {
        let first = news::waiting(&browser.house, 0).await;
        browser.go(&format!("/status/flights/{}/{}", first.designator, first.date)).await;
        browser.see("Live").await;
        news::late(browser, &first, 55).await;
        let second = news::waiting(&browser.house, 1).await;
        browser.go(&format!("/status/airports/{}", second.airport)).await;
        browser.see("Live").await;
        news::late(browser, &second, 65).await;
    });
}

#[test]
fn a_bank_that_says_no() {
    browse(Scripts::On, async |browser| {
        buying::search(browser).await;
        buying::select(browser).await;
        buying::name_passengers(browser).await;
        buying::review(browser).await;

        browser.press("Pay now").await;
        browser.at("Pay by card").await;
        for label in ["Card number", "Expiry", "Security code"] {
            assert_ne!(browser.message_at(label).await, "", "{label}");
        }
        browser.fill("Card number", "4242 4242 4242 4242").await;
        browser.fill("Expiry", "01/20").await;
        browser.fill("Security code", "123").await;
        browser.press("Pay now").await;
        browser.see("to mend").await;
        assert_ne!(browser.message_at("Expiry").await, "");
        assert_eq!(browser.message_at("Card number").await, "");
        assert_eq!(browser.typed("Expiry").await, "01/20");

        buying::card(browser, "4000 0000 0000 0002").await;
        browser.see("Your seats are still held").await;

        buying::card(browser, "4000 0000 0000 3155").await;
        browser.at("Is this you?").await;
        browser.press("Reject").await;
        browser.see("Your seats are still held").await;

        buying::card(browser, "4000 0000 0000 0341").await;
        browser.at("Asking the bank").await;
        browser.see("Passengers and tickets").await;
    });
}

#[test]
fn forms_keep_what_was_typed() {
    browse(Scripts::Off, async |browser| {
        browser.go("/flights?from=AMS&to=AMS&depart=2001-01-01").await;
        assert_eq!(browser.typed("From").await, "AMS");
        assert_ne!(browser.message_at("To").await, "");
        assert_ne!(browser.message_at("Depart").await, "");

        browser.go("/trips").await;
        browser.fill("Booking reference", "wrong").await;
        browser.press("Find booking").await;
        assert_ne!(browser.message_at("Booking reference").await, "");
        assert_ne!(browser.message_at("Family name").await, "");
        assert_eq!(browser.typed("Booking reference").await, "wrong");

        browser.go("/signup/").await;
        browser.fill("Email", "somebody@example.com").await;
        browser.fill("Password", "short").await;
        browser.press("Sign up").await;
        assert_ne!(browser.message_at("Password").await, "");
        assert_eq!(browser.typed("Email").await, "somebody@example.com");
        assert_eq!(browser.typed("Password").await, "", "a password is never sent back");

        buying::search(browser).await;
        buying::select(browser).await;
        browser.fill("Given name", "Johanna").await;
        browser.fill("Date of birth", "2091-02-28").await;
        browser.press("Continue").await;
        assert_ne!(browser.message_at("Family name").await, "");
        assert_ne!(browser.message_at("Date of birth").await, "");
        assert_ne!(browser.message_at("Email").await, "");
        assert_eq!(browser.typed("Given name").await, "Johanna");

        let (email, password) = browser.house.account("traveller");
        browser.sign_in(&email, &password).await;
        browser.go("/notes/create/").await;
        browser.fill("Text", "A text without a name").await;
        browser.press("Save").await;
        assert_ne!(browser.message_at("Name").await, "");
        assert_eq!(browser.typed("Text").await, "A text without a name");
    });
}

/// One after another: a change is refused to whoever saw an older table.
#[test]
fn the_switch() {
    browse(Scripts::Off, cockpit::move_and_take_back);
    browse(Scripts::On, async |browser| {
        cockpit::try_it(browser).await;
        browser.be_a_stranger().await;
        cockpit::two_people(browser).await;
    });
}

#[test]
fn everybody_can_use_every_page() {
    browse(Scripts::On, async |browser| {
        let wrong = tour::every_page(browser).await;
        assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
    });
}
