//! The module on both engines: the shared suite, what a clock decides, and what must never lie in a table.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod suite;

use std::sync::Arc;

use accounts::{Cost, Parts, migrations, start};
use accounts_api::{
    Accounts, AccountsError, NewAccount, OpenedSession, RequestReset, ResetPassword, ShownToken, SignIn,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Ctx, FixedClock, Outside, Secret, SystemEntropy, TakeMail};
use store::{Db, testing::databases_in};

const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };
const PASSWORD: &str = "a boat of paper";

struct Home {
    accounts: Arc<dyn Accounts>,
    clock: Arc<FixedClock>,
    db: Db,
}

fn homes() -> Vec<(&'static str, Home)> {
    let clock = FixedClock::at(Timestamp::from_second(1_800_000_000).unwrap());
    let outside = Outside { clock: clock.clone(), entropy: Arc::new(SystemEntropy) };
    let made = databases_in("accounts", &migrations(), &outside);
    made.into_iter()
        .map(|(engine, db)| {
            let parts = Parts { cost: CHEAP, ..Parts::new(db.clone(), [7; 32], "Banyan Air") };
            (engine, Home { accounts: start(parts).unwrap(), clock: clock.clone(), db })
        })
        .collect()
}

#[tokio::test]
async fn behaves_as_promised() {
    for (engine, home) in homes() {
        println!("on {engine}");
        suite::all(home.accounts).await;
    }
}

#[tokio::test]
async fn sessions_end_when_idle_and_for_good() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let opened = home.sign_in().await;
        for day in 1..=29 {
            home.clock.advance(SignedDuration::from_hours(24));
            assert!(home.lives(&opened).await, "{engine}: visited every day, day {day}");
        }
        home.clock.advance(SignedDuration::from_hours(24));
        assert!(!home.lives(&opened).await, "{engine}: a month is the most");
        let opened = home.sign_in().await;
        home.clock.advance(SignedDuration::from_hours(7 * 24));
        assert!(!home.lives(&opened).await, "{engine}: a week without a visit");
    }
}

#[tokio::test]
async fn last_seen_moves_once_a_minute() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let opened = home.sign_in().await;
        let start = home.seen(&opened).await;
        home.clock.advance(SignedDuration::from_secs(59));
        assert!(home.lives(&opened).await);
        assert_eq!(home.seen(&opened).await, start, "{engine}");
        home.clock.advance(SignedDuration::from_secs(1));
        assert!(home.lives(&opened).await);
        assert_eq!(home.seen(&opened).await, start + SignedDuration::from_secs(60), "{engine}");
    }
}

#[tokio::test]
async fn a_link_lives_thirty_minutes() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let token = home.link().await;
        home.clock.advance(SignedDuration::from_secs(30 * 60));
        assert_eq!(home.reset(&token).await, Err(AccountsError::LinkExpired), "{engine}");
        let token = home.link().await;
        home.clock.advance(SignedDuration::from_secs(30 * 60 - 1));
        assert_eq!(home.reset(&token).await, Ok(()), "{engine}");
    }
}

#[tokio::test]
async fn of_two_that_use_a_link_at_once_one_wins() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let token = home.link().await;
        let (one, two) = tokio::join!(home.reset(&token), home.reset(&token));
        let mut both = [one, two];
        both.sort_by_key(Result::is_err);
        assert_eq!(both, [Ok(()), Err(AccountsError::LinkExpired)], "{engine}");
    }
}

#[tokio::test]
async fn a_mail_that_nobody_reports_on_comes_back() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let first = home.link().await;
        home.clock.advance(SignedDuration::from_secs(59));
        assert_eq!(home.mails().await, [], "{engine}: leased");
        home.clock.advance(SignedDuration::from_secs(1));
        let mails = home.mails().await;
        assert_eq!((mails.len(), mails[0].attempts), (1, 1), "{engine}");
        assert_eq!(mails[0].values["token"], first, "{engine}: derived again, the same");
        home.clock.advance(SignedDuration::from_hours(1));
        assert_eq!(home.mails().await, [], "{engine}: the link is dead, so is its mail");
    }
}

#[tokio::test]
async fn a_password_is_rehashed_when_the_cost_rises() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let dearer = Cost { passes: 2, ..CHEAP };
        let parts = Parts { cost: dearer, ..Parts::new(home.db.clone(), [7; 32], "Banyan Air") };
        let home = Home { accounts: start(parts).unwrap(), ..home };
        assert!(home.dump().await.contains("t=1,"), "{engine}");
        home.sign_in().await;
        assert!(!home.dump().await.contains("t=1,"), "{engine}");
        home.sign_in().await;
    }
}

#[tokio::test]
async fn no_secret_lies_in_a_table() {
    for (engine, home) in homes() {
        home.sign_up().await;
        let opened = home.sign_in().await;
        let token = home.link().await;
        let dump = home.dump().await;
        assert!(dump.contains("$argon2id$"), "{engine}: the dump sees the tables");
        for secret in [PASSWORD, opened.token.expose(), &*token] {
            assert!(!dump.contains(secret), "{engine}");
        }
    }
}

impl Home {
    async fn sign_up(&self) {
        let (password, repeat_password) = (Secret::new(PASSWORD), Secret::new(PASSWORD));
        let new =
            NewAccount { email: "ada@example.com".to_owned(), password, repeat_password, subject: None };
        self.accounts.sign_up(&nobody(), new).await.unwrap();
    }

    async fn sign_in(&self) -> OpenedSession {
        let (email, device) = ("ada@example.com".to_owned(), "test".to_owned());
        let with = SignIn { email, password: Secret::new(PASSWORD), device };
        self.accounts.sign_in(&nobody(), with).await.unwrap()
    }

    async fn lives(&self, opened: &OpenedSession) -> bool {
        let shown = ShownToken { token: opened.token.clone() };
        self.accounts.session(&nobody(), shown).await.unwrap().is_some()
    }

    async fn seen(&self, opened: &OpenedSession) -> Timestamp {
        let of = accounts_api::PersonOf { person: opened.session.account.id };
        self.accounts.sessions(&Ctx::system("test"), of).await.unwrap()[0].last_seen
    }

    async fn link(&self) -> String {
        let ask = RequestReset { email: "ada@example.com".to_owned() };
        self.accounts.request_reset(&nobody(), ask).await.unwrap();
        self.mails().await[0].values["token"].clone()
    }

    async fn mails(&self) -> Vec<kernel::MailDue> {
        self.accounts.take_mail(&Ctx::system("test"), TakeMail { limit: 10 }).await.unwrap()
    }

    async fn reset(&self, token: &str) -> Result<(), AccountsError> {
        let (new_password, repeat_new_password) =
            (Secret::new("a house of straw"), Secret::new("a house of straw"));
        let reset = ResetPassword { token: Secret::new(token), new_password, repeat_new_password };
        self.accounts.reset_password(&nobody(), reset).await
    }

    /// Every text of every table that may hold one.
    async fn dump(&self) -> String {
        use diesel::prelude::*;
        diesel::table! { person (id) { id -> Text, password -> Text, } }
        diesel::table! { reset_link (id) { id -> Text, token_hash -> Binary, } }
        diesel::table! { open_session (id) { id -> Text, token_hash -> Binary, device -> Text, } }
        diesel::table! { mail (id) { id -> Text, template -> Text, state -> Text, failure -> Nullable<Text>, } }
        diesel::table! { event (seq) { seq -> BigInt, payload -> Text, } }
        diesel::table! { idempotency (key) { key -> Text, fingerprint -> Text, reply -> Text, } }
        self.db
            .read(|conn| {
                let people: Vec<(String, String)> = person::table.load(conn)?;
                let links: Vec<(String, Vec<u8>)> = reset_link::table.load(conn)?;
                let sessions: Vec<(String, Vec<u8>, String)> = open_session::table.load(conn)?;
                let mails: Vec<(String, String, String, Option<String>)> = mail::table.load(conn)?;
                let events: Vec<(i64, String)> = event::table.load(conn)?;
                let replies: Vec<(String, String, String)> = idempotency::table.load(conn)?;
                let links: Vec<_> =
                    links.iter().map(|(id, hash)| (id, String::from_utf8_lossy(hash))).collect();
                let hashes: Vec<_> =
                    sessions.iter().map(|(id, hash, d)| (id, String::from_utf8_lossy(hash), d)).collect();
                Ok(format!("{people:?}{links:?}{hashes:?}{mails:?}{events:?}{replies:?}"))
            })
            .await
            .unwrap()
    }
}

fn nobody() -> Ctx {
    Ctx::new(Actor::Anonymous, "test")
}
