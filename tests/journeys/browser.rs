//! A browser in the hands of a person: controls are found by their visible labels and buttons by their words, and
//! every wait is for something to be there.

use std::{panic::AssertUnwindSafe, path::PathBuf, sync::Arc, time::Duration};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    common::capabilities::chromium::ChromiumLikeCapabilities, extensions::query::ElementPollerWithTimeout,
    prelude::*,
};

use super::house::House;

/// Whether the pages may run theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    pub(crate) house: Arc<House>,
    _profile: TempDir,
}

/// How long anything may take to appear: a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks at what is awaited.
const SHORTLY: Duration = Duration::from_millis(50);

/// A journey in a browser of its own; the browser is closed however the journey ends.
pub(crate) fn browse(scripts: Scripts, journey: impl AsyncFnOnce(&Browser)) {
    banyan::wire::prepare_process();
    let Some(house) = House::shared() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        house.awake().await;
        let browser = Browser::open(house, scripts).await;
        let ended = AssertUnwindSafe(journey(&browser)).catch_unwind().await;
        if ended.is_err() {
            browser.tell_where().await;
        }
        browser.driver.quit().await.unwrap();
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
}

impl Browser {
    async fn open(house: Arc<House>, scripts: Scripts) -> Self {
        let profile = house.room();
        let mut wishes = DesiredCapabilities::chrome();
        for flag in FLAGS {
            wishes.add_arg(flag).unwrap();
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        if scripts == Scripts::Off {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            wishes.add_experimental_option("prefs", off).unwrap();
        }
        let driver = WebDriver::new(&house.driver, wishes).await.unwrap();
        driver.set_poller(Arc::new(ElementPollerWithTimeout::new(PATIENCE, SHORTLY)));
        Self { driver, house, _profile: profile }
    }

    /// Opens a page of the house.
    pub(crate) async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.house.url)).await.unwrap();
    }

    /// The path and query of the page that is open.
    pub(crate) async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Types over what is in the field of that label.
    pub(crate) async fn fill(&self, label: &str, value: &str) {
        let field = self.field(label).await;
        let kind = field.prop("type").await.unwrap().unwrap_or_default();
        let ways = if kind == "date" { by_hand(value) } else { vec![value.to_owned()] };
        let mut typed = String::new();
        for keys in ways {
            field.clear().await.unwrap();
            field.send_keys(keys).await.unwrap();
            typed = field.prop("value").await.unwrap().unwrap_or_default();
            if typed == value {
                return;
            }
        }
        panic!("{label} on {} took `{value}` as `{typed}`", self.path().await);
    }

    /// What stands in the field of that label.
    pub(crate) async fn typed(&self, label: &str) -> String {
        self.field(label).await.prop("value").await.unwrap().unwrap_or_default()
    }

    /// The message beside the field of that label; empty where there is none.
    pub(crate) async fn message_at(&self, label: &str) -> String {
        let field = self.field(label).await;
        let id = field.attr("id").await.unwrap().unwrap();
        let named = field.attr("aria-describedby").await.unwrap().unwrap_or_default();
        let own = format!("{id}-error");
        if !named.split_whitespace().any(|part| part == own) {
            return String::new();
        }
        self.driver.query(By::Id(own)).and_displayed().first().await.unwrap().text().await.unwrap()
    }

    /// The control that a person finds by this label.
    pub(crate) async fn field(&self, label: &str) -> WebElement {
        let by = By::XPath(format!("//label[normalize-space(.)='{label}']"));
        let label = self.first(by, &format!("the label {label}")).await;
        let id = label.attr("for").await.unwrap().unwrap();
        self.first(By::Id(id), "its field").await
    }

    /// Presses the button of these words, or one whose words begin so.
    pub(crate) async fn press(&self, words: &str) {
        let by = By::XPath(format!("//button[starts-with(normalize-space(.), '{words}')]"));
        self.leave_by(by, &format!("the button {words}")).await;
    }

    /// Follows the link of these words.
    pub(crate) async fn follow(&self, words: &str) {
        let by = By::XPath(format!("//main//a[normalize-space(.)='{words}']"));
        self.leave_by(by, &format!("the link {words}")).await;
    }

    /// Clicks on what leads to another page, and waits until this one is gone.
    async fn leave_by(&self, by: By, what: &str) {
        let page = self.driver.find(By::Tag("html")).await.unwrap();
        self.first(by, what).await.click().await.unwrap();
        page.wait_until().wait(PATIENCE, SHORTLY).stale().await.unwrap();
    }

    /// Chooses the radio button of these words, the first on the page.
    pub(crate) async fn choose(&self, words: &str) {
        let by =
            By::XPath(format!("//label[.//input[@type='radio']][contains(normalize-space(.), '{words}')]"));
        self.first(by, &format!("the choice {words}")).await.click().await.unwrap();
    }

    /// Chooses from the list of that label.
    pub(crate) async fn pick(&self, label: &str, words: &str) {
        let list = self.field(label).await;
        let choice = By::XPath(format!("./option[normalize-space(.)='{words}']"));
        list.find(choice).await.unwrap().click().await.unwrap();
    }

    /// Opens what is folded away under these words.
    pub(crate) async fn unfold(&self, words: &str) {
        let by = By::XPath(format!("//summary[starts-with(normalize-space(.), '{words}')]"));
        self.first(by, &format!("the fold {words}")).await.click().await.unwrap();
    }

    /// Waits until the page's heading begins so.
    pub(crate) async fn at(&self, heading: &str) {
        let by = By::XPath(format!("//h1[starts-with(normalize-space(.), '{heading}')]"));
        self.first(by, &format!("the page {heading}")).await;
    }

    /// Waits until these words can be seen.
    pub(crate) async fn see(&self, words: &str) {
        let by = By::XPath(format!("//main//*[contains(normalize-space(.), '{words}')]"));
        self.first(by, words).await;
    }

    /// The text of what can be seen at a place in the page.
    pub(crate) async fn read(&self, css: &str) -> String {
        self.first(By::Css(css), css).await.text().await.unwrap()
    }

    /// Another person at another machine: no cookie is left.
    pub(crate) async fn be_a_stranger(&self) {
        self.driver.delete_all_cookies().await.unwrap();
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) {
        self.go("/signin/").await;
        self.fill("Email", email).await;
        self.fill("Password", password).await;
        self.press("Sign in").await;
        self.first(By::XPath("//button[normalize-space(.)='Sign out']"), "the way out").await;
    }

    /// What a script of ours answers, also where the page may run none.
    pub(crate) async fn run(&self, script: &str, with: Vec<Value>) -> Value {
        self.driver.execute(script, with).await.unwrap().json().clone()
    }

    pub(crate) async fn first(&self, by: By, what: &str) -> WebElement {
        match self.driver.query(by).and_displayed().first().await {
            Ok(found) => found,
            Err(error) => panic!("{} shows nothing of {what}: {error}", self.path().await),
        }
    }

    /// Keeps a picture where somebody asked for pictures.
    pub(crate) async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("BANYAN_TEST_PICTURES").map(PathBuf::from) else { return };
        std::fs::create_dir_all(&folder).unwrap();
        let wish = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.driver.cdp().send_raw("Page.captureScreenshot", wish).await.unwrap();
        let bytes = base64(picture["data"].as_str().unwrap());
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    async fn tell_where(&self) {
        println!("the journey stopped at {}", self.path().await);
        let text = self.driver.find(By::Css("main")).await;
        if let Ok(main) = text {
            println!("{}", main.text().await.unwrap_or_default());
        }
        self.picture("stopped").await;
    }
}

fn base64(text: &str) -> Vec<u8> {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

/// A date as it is typed into a date field: day first or month first, as the browser's language has it.
fn by_hand(date: &str) -> Vec<String> {
    let mut parts = date.split('-');
    let mut next = || parts.next().unwrap_or_default();
    let (year, month, day) = (next(), next(), next());
    vec![format!("{day}{month}{year}"), format!("{month}{day}{year}")]
}

const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--window-size=1280,900",
    "--lang=en-GB",
    "--force-prefers-reduced-motion",
];
