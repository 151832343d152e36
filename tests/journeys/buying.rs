//! The way from the home page to a paid trip, step by step, as often as journeys need it.

use super::{browser::Browser, house::day};

pub(crate) const FAMILY_NAME: &str = "Vermeer";

/// A day that is on sale and still ahead.
pub(crate) fn soon() -> String {
    day(4).to_string()
}

pub(crate) async fn search(browser: &Browser) {
    browser.go("/").await;
    browser.fill("From", "AMS").await;
    browser.fill("To", "BCN").await;
    browser.fill("Depart", &soon()).await;
    browser.press("Search flights").await;
    browser.at("Amsterdam to Barcelona").await;
}

pub(crate) async fn select(browser: &Browser) {
    browser.choose("Standard").await;
    browser.press("Select").await;
    browser.at("Who travels?").await;
}

pub(crate) async fn name_passengers(browser: &Browser) {
    browser.fill("Given name", "Johanna").await;
    browser.fill("Family name", FAMILY_NAME).await;
    browser.fill("Date of birth", "1990-02-28").await;
    browser.fill("Email", "johanna@example.com").await;
    browser.fill("Phone", "+31 20 555 0100").await;
    browser.press("Continue").await;
    browser.at("Is everything right?").await;
}

/// To the provider's page, with the seats held.
pub(crate) async fn review(browser: &Browser) {
    browser.see("Johanna Vermeer").await;
    browser.press("Pay").await;
    browser.at("Pay by card").await;
}

pub(crate) async fn card(browser: &Browser, number: &str) {
    browser.fill("Card number", number).await;
    browser.fill("Expiry", "04/31").await;
    browser.fill("Security code", "123").await;
    browser.press("Pay now").await;
}

/// All of it; answers the booking's reference.
pub(crate) async fn buy(browser: &Browser) -> String {
    search(browser).await;
    select(browser).await;
    name_passengers(browser).await;
    review(browser).await;
    card(browser, "4242 4242 4242 4242").await;
    browser.see("Passengers and tickets").await;
    browser.read("main .page-head .ref").await
}
