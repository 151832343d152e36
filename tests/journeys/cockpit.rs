//! The migration team at work: a share moved with a look at who moves, on, back, KILL, an override for oneself with
//! its banner, and a change that needs two people.

use thirtyfour::By;

use super::browser::Browser;

const NOTES: &str = "/admin/switch/notes";

/// One percent with a look before, a step on, everybody back, and KILL.
pub(crate) async fn move_and_take_back(browser: &Browser) {
    enter(browser, "migrator").await;
    browser.go(NOTES).await;
    browser.fill("Percent of people", "1").await;
    browser.press("Who would move").await;
    browser.see("1 % of people go from here to remote:notes").await;
    browser.fill("Reason", "First look").await;
    browser.press("Put it in force").await;
    browser.see("notes is saved").await;
    assert_eq!(browser.read(".stepper [aria-current]").await, "READ_RAMP");
    browser.see("“First look”").await;

    browser.press("Advance to 5 %").await;
    browser.see("Going forward needs a reason").await;
    browser.fill("Reason for this step", "It looks well").await;
    browser.press("Advance to 5 %").await;
    browser.see("notes has taken its next step").await;
    assert_eq!(browser.read(".remote .percent").await, "5 %");

    browser.fill("Reason for this step", "Enough for today").await;
    browser.press("Send everybody back").await;
    browser.see("notes is back").await;
    assert_eq!(browser.read(".here .percent").await, "100 %");

    browser.fill("Reason for this step", "Once more").await;
    browser.press("Advance to").await;
    browser.see("notes has taken its next step").await;
    browser.go("/admin/switch").await;
    let kill = By::Css("#module-notes .kill");
    browser.first(kill, "KILL").await.click().await.unwrap();
    browser.at("notes is killed and frozen").await;
    browser.see("took it").await;
    browser.follow("To the board").await;
    assert_eq!(browser.read("#module-notes .stepper [aria-current]").await, "HALTED");
    browser.go(NOTES).await;
    browser.press("Send everybody back").await;
    browser.see("notes is back").await;
}

/// The other side for oneself, said on every page, until it is ended there.
pub(crate) async fn try_it(browser: &Browser) {
    enter(browser, "migrator").await;
    browser.go("/admin/switch/try?binding=status").await;
    browser.see("here has 100 % of all buckets").await;
    browser.pick("Show me", "status").await;
    browser.pick("At", "remote:notes").await;
    browser.press("Show it to me").await;
    browser.see("You see status at remote:notes until").await;
    browser.go("/admin/switch/try?binding=status").await;
    browser.see("is in force").await;
    browser.go("/trips").await;
    let banner = browser.read(".override").await;
    assert!(banner.starts_with("You see status at remote:notes until"), "{banner}");
    browser.press("End it").await;
    assert_eq!(browser.path().await, "/trips");
    assert!(browser.driver.find_all(By::Css(".override")).await.unwrap().is_empty());
}

/// A group of routes whose steps need a second person: asked by one, agreed by another.
pub(crate) async fn two_people(browser: &Browser) {
    enter(browser, "migrator").await;
    browser.go("/admin/switch/new").await;
    browser.fill("Group", "trips/receipt").await;
    browser.fill("Percent of people", "0").await;
    browser.fill("Routes", "GET /trips/{locator}/receipt query").await;
    browser.unfold("Approval").await;
    browser.fill("So many people", "2").await;
    browser.press("Who would move").await;
    browser.see("Nobody.").await;
    browser.fill("Reason", "Receipts first").await;
    browser.press("Put it in force").await;
    browser.at("trips/receipt").await;
    browser.fill("Reason for this step", "Let us begin").await;
    browser.press("Advance to").await;
    browser.see("waits until one more person agrees").await;
    browser.see("somebody else must agree").await;

    browser.be_a_stranger().await;
    enter(browser, "admin").await;
    browser.go("/admin/switch").await;
    browser.see("Let us begin").await;
    browser.press("Approve").await;
    browser.see("Agreed: epoch").await;
    browser.go("/admin/switch/audit?verify=yes").await;
    browser.see("The chain holds").await;
    browser.see("trips/receipt").await;
    browser.go("/admin/switch/trips/receipt").await;
    browser.press("Send everybody back").await;
    browser.see("trips/receipt is back").await;
    browser.press("Remove trips/receipt").await;
    browser.see("waits until one more person agrees").await;
    browser.fill("Why not", "Receipts stay a group").await;
    browser.press("Withdraw").await;
    browser.see("The change is rejected").await;
}

async fn enter(browser: &Browser, role: &str) {
    let (email, password) = browser.house.account(role);
    browser.sign_in(&email, &password).await;
}
