//! Every page that people see, one after another: as a stranger, while buying, as a traveller, as staff, and the
//! ones that nobody wants to see.

use super::{
    axe::judge,
    browser::Browser,
    buying::{self, soon},
    house::day,
};

pub(crate) async fn every_page(browser: &Browser) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(as_a_stranger(browser).await);
    wrong.extend(while_buying(browser).await);
    wrong.extend(as_a_traveller(browser).await);
    wrong.extend(as_staff(browser).await);
    wrong
}

/// Opens each and judges it.
async fn visit(browser: &Browser, pages: &[(&str, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, path) in pages {
        browser.go(path).await;
        wrong.extend(judge(browser, name).await);
    }
    wrong
}

async fn as_a_stranger(browser: &Browser) -> Vec<String> {
    let board = browser.house.ask("/api/v1/airports/AMS/departures").await;
    let row = &board["data"][0];
    let text = |key: &str| row[key].as_str().unwrap().to_owned();
    let soon = soon();
    let mut wrong = visit(
        browser,
        &[
            ("home", "/"),
            ("results", &format!("/flights?from=AMS&to=BCN&depart={soon}&adults=1")),
            (
                "results-return",
                &format!("/flights?from=AMS&to=LHR&depart={soon}&return={soon}&adults=2&sort=price"),
            ),
            ("results-none", &format!("/flights?from=AMS&to=BCN&depart={}&adults=1", day(60))),
            ("search-wrong", "/flights?from=AMS&to=AMS&depart=2001-01-01"),
            ("status", "/status"),
            ("status-wrong", "/status?flight=nonsense"),
            ("board", "/status/airports/AMS"),
            ("board-arrivals", "/status/airports/LHR?board=arrivals"),
            ("flight", &format!("/status/flights/{}/{}", text("designator"), text("date"))),
            ("find-booking", "/trips"),
            ("sign-in", "/signin/"),
            ("sign-up", "/signup/"),
            ("forgot-password", "/forgot-password/"),
            ("error-404", "/nowhere"),
        ],
    )
    .await;
    browser.go("/trips").await;
    browser.press("Find booking").await;
    browser.see("to mend").await;
    wrong.extend(judge(browser, "find-booking-wrong").await);
    browser.go("/signin/").await;
    browser.fill("Email", "nobody@example.com").await;
    browser.fill("Password", "nothing of the sort").await;
    browser.press("Sign in").await;
    browser.see("to mend").await;
    wrong.extend(judge(browser, "sign-in-wrong").await);
    wrong
}

async fn while_buying(browser: &Browser) -> Vec<String> {
    let mut wrong = Vec::new();
    buying::search(browser).await;
    buying::select(browser).await;
    wrong.extend(judge(browser, "passengers").await);
    browser.press("Continue").await;
    browser.see("to mend").await;
    wrong.extend(judge(browser, "passengers-wrong").await);
    buying::name_passengers(browser).await;
    wrong.extend(judge(browser, "review").await);
    buying::review(browser).await;
    wrong.extend(judge(browser, "card").await);
    buying::card(browser, "4000 0000 0000 0002").await;
    browser.see("Your seats are still held").await;
    wrong.extend(judge(browser, "card-declined").await);
    buying::card(browser, "4000 0000 0000 3155").await;
    browser.at("Is this you?").await;
    wrong.extend(judge(browser, "card-question").await);
    browser.press("Approve").await;
    browser.see("Passengers and tickets").await;
    wrong.extend(judge(browser, "trip-new").await);
    let trip = browser.path().await;
    let pages = [("receipt", format!("{trip}/receipt")), ("cancellation", format!("{trip}/cancellation"))];
    wrong.extend(visit(browser, &pages.each_ref().map(|(name, path)| (*name, path.as_str()))).await);
    wrong
}

async fn as_a_traveller(browser: &Browser) -> Vec<String> {
    browser.be_a_stranger().await;
    let (email, password) = browser.house.account("traveller");
    browser.sign_in(&email, &password).await;
    let mut wrong = visit(
        browser,
        &[
            ("notes", "/notes/"),
            ("note-new", "/notes/create/"),
            ("pad-new", "/pads/create/"),
            ("settings", "/settings/"),
            ("sign-out", "/signout/"),
            ("trips", "/trips"),
            ("error-404-signed-in", "/trips/AAAAAA"),
            ("error-403", "/admin/"),
        ],
    )
    .await;
    wrong.extend(through(browser, "/notes/", "main table tbody th a", "note").await);
    let note = browser.path().await;
    wrong.extend(
        visit(browser, &[("note-edit", &format!("{note}edit/")), ("note-delete", &format!("{note}delete/"))])
            .await,
    );
    wrong.extend(through(browser, "/notes/", "main .side-list a", "pad").await);
    wrong.extend(through(browser, "/trips", "main .trip-list a", "trip").await);
    browser.go("/notes/create/").await;
    browser.press("Save").await;
    browser.see("to mend").await;
    wrong.extend(judge(browser, "note-wrong").await);
    wrong
}

async fn as_staff(browser: &Browser) -> Vec<String> {
    browser.be_a_stranger().await;
    let (email, password) = browser.house.account("admin");
    browser.sign_in(&email, &password).await;
    let mut wrong = visit(
        browser,
        &[
            ("admin", "/admin/"),
            ("admin-bookings", "/admin/bookings"),
            ("admin-flights", "/admin/flights"),
            ("admin-accounts", "/admin/accounts"),
            ("admin-feeds", "/admin/feeds"),
            ("admin-switch", "/admin/switch"),
            ("admin-switch-notes", "/admin/switch/notes"),
            ("admin-switch-new", "/admin/switch/new"),
            ("admin-switch-audit", "/admin/switch/audit?verify=yes"),
            ("admin-switch-try", "/admin/switch/try?binding=notes"),
            ("admin-audit", "/admin/audit"),
            ("admin-bookings-none", "/admin/bookings?q=nobody+has+this+name"),
            ("admin-404", "/admin/bookings/AAAAAA"),
        ],
    )
    .await;
    for (list, name) in [
        ("/admin/bookings", "admin-booking"),
        ("/admin/flights", "admin-flight"),
        ("/admin/accounts", "admin-account"),
    ] {
        wrong.extend(through(browser, list, "main table tbody th a", name).await);
    }
    wrong
}

/// What the first link of a list leads to.
async fn through(browser: &Browser, list: &str, link: &str, name: &str) -> Vec<String> {
    browser.go(list).await;
    let link = browser.first(thirtyfour::By::Css(link), &format!("a link to a {name}")).await;
    let href = link.attr("href").await.unwrap().unwrap();
    browser.go(&href).await;
    judge(browser, name).await
}
