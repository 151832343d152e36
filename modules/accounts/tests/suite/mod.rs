//! What `Accounts` promises, whatever stands behind it: in process, through serde, over a socket, through a fork.

use std::sync::Arc;

use accounts_api::{
    Account, Accounts, AccountsError, ChangePassword, CreateAccount, EndSessions, FindAccounts, NewAccount,
    NewMachineToken, OpenedSession, PersonOf, RequestReset, ResetPassword, SessionId, SetRole, ShownToken,
    SignIn,
};
use kernel::{
    Actor, Ctx, FeedAfter, FeedError, IdempotencyKey, MailDue, MailOutcome, Outside, PageAsk, Role, Secret,
    TakeMail,
};

const PASSWORD: &str = "a boat of paper";
const OTHER: &str = "a house of straw";

/// Runs every behaviour, one after the other, with people of its own.
pub(crate) async fn all(accounts: Arc<dyn Accounts>) {
    let home = Home { accounts, tag: Outside::system().uuid().simple().to_string() };
    home.signs_up_once().await;
    home.tells_what_is_wrong_with_a_form().await;
    home.signs_in_and_out().await;
    home.does_not_tell_who_is_known().await;
    home.lists_and_ends_sessions().await;
    home.changes_a_password().await;
    home.mails_a_link_that_works_once().await;
    home.keeps_roles_to_administrators().await;
    home.gives_machines_tokens().await;
    home.keeps_strangers_out().await;
    home.finds_accounts_in_pages().await;
    home.does_a_keyed_command_once().await;
    home.tells_its_feed().await;
}

struct Home {
    accounts: Arc<dyn Accounts>,
    tag: String,
}

impl Home {
    async fn signs_up_once(&self) {
        let account = self.sign_up("up").await;
        assert_eq!((account.role, account.confirmed), (Role::Traveller, false));
        assert!(!account.subject.is_empty());
        let again = self.accounts.sign_up(&nobody(), form(&self.address("UP"), PASSWORD, PASSWORD)).await;
        assert_eq!(
            words(&again),
            "email: User with this email is already signed up",
            "case makes no new address"
        );
    }

    async fn tells_what_is_wrong_with_a_form(&self) {
        let fine = self.address("form");
        for (email, password, repeat, wrong) in [
            ("", PASSWORD, PASSWORD, "email: This field is required"),
            ("nonsense", PASSWORD, PASSWORD, "email: Invalid email address"),
            (&*fine, PASSWORD, OTHER, "repeat_password: Your passwords do not match"),
            (
                &*fine,
                "password1234",
                "password1234",
                "password: This password is used by many people. Use something harder to guess",
            ),
        ] {
            let answer = self.accounts.sign_up(&nobody(), form(email, password, repeat)).await;
            assert_eq!(words(&answer), wrong);
        }
        let answer = self.sign_in_as("", "").await;
        assert_eq!(words(&answer), "email: This field is required; password: This field is required");
    }

    async fn signs_in_and_out(&self) {
        let account = self.sign_up("in").await;
        let opened = self.sign_in("in", PASSWORD).await.unwrap();
        assert_eq!(opened.session.account.id, account.id);
        assert!(opened.token.expose().len() >= 43, "256 bits");
        let shown = ShownToken { token: opened.token.clone() };
        let found = self.accounts.session(&nobody(), shown.clone()).await.unwrap().unwrap();
        assert_eq!((found.id, found.account.id), (opened.session.id, account.id));
        self.accounts.sign_out(&nobody(), shown.clone()).await.unwrap();
        assert_eq!(self.accounts.session(&nobody(), shown.clone()).await.unwrap(), None);
        self.accounts.sign_out(&nobody(), shown).await.unwrap();
        let made_up = ShownToken { token: Secret::new("made-up") };
        assert_eq!(self.accounts.session(&nobody(), made_up).await.unwrap(), None);
    }

    async fn does_not_tell_who_is_known(&self) {
        self.sign_up("known").await;
        let wrong = self.sign_in("known", OTHER).await.unwrap_err();
        let unknown = self.sign_in("unknown", OTHER).await.unwrap_err();
        assert_eq!((&wrong, &unknown), (&AccountsError::WrongPassword, &AccountsError::WrongPassword));
        for name in ["known", "unknown"] {
            let ask = RequestReset { email: self.address(name) };
            assert_eq!(self.accounts.request_reset(&nobody(), ask).await, Ok(()));
        }
        assert_eq!(self.mails_to("unknown").await, []);
    }

    async fn lists_and_ends_sessions(&self) {
        let account = self.sign_up("list").await;
        let mut opened = Vec::new();
        for _ in 0..3 {
            opened.push(self.sign_in("list", PASSWORD).await.unwrap());
        }
        let me = person(&account);
        let of = PersonOf { person: account.id };
        let listed = self.accounts.sessions(&me, of).await.unwrap();
        assert_eq!(listed.len(), 3);
        assert!(listed.iter().all(|session| session.device == "Firefox, 192.0.2.0"));
        let [first, second, third] = &opened[..] else { unreachable!() };
        let one = EndSessions { only: Some(first.session.id), ..end(&account) };
        assert_eq!(self.accounts.end_sessions(&me, one.clone()).await, Ok(1));
        assert_eq!(self.accounts.end_sessions(&me, one).await, Err(AccountsError::NotFound));
        let others = EndSessions { keep: Some(second.session.id), ..end(&account) };
        assert_eq!(self.accounts.end_sessions(&me, others).await, Ok(1));
        assert!(self.lives(second).await && !self.lives(third).await && !self.lives(first).await);
        let silent = self.accounts.end_sessions(&boss(), end(&account)).await;
        assert_eq!(words(&silent), "reason: This field is required");
        let reasoned = EndSessions { reason: "a lost laptop".to_owned(), ..end(&account) };
        assert_eq!(self.accounts.end_sessions(&boss(), reasoned).await, Ok(1));
        assert_eq!(self.acts_on(&account).await, ["session.ended: a lost laptop"]);
    }

    async fn changes_a_password(&self) {
        let account = self.sign_up("change").await;
        let kept = self.sign_in("change", PASSWORD).await.unwrap();
        let other = self.sign_in("change", PASSWORD).await.unwrap();
        let change = |old: &str, new: &str, repeat: &str| ChangePassword {
            old_password: Secret::new(old),
            new_password: Secret::new(new),
            repeat_new_password: Secret::new(repeat),
            keep: Some(kept.session.id),
        };
        for (old, new, repeat, wrong) in [
            (
                "",
                "",
                "",
                "old_password: This field is required; new_password: This field is required; repeat_new_password: This field is required",
            ),
            (OTHER, OTHER, OTHER, "old_password: Incorrect old password"),
            (PASSWORD, OTHER, PASSWORD, "repeat_new_password: Your passwords do not match"),
            (PASSWORD, "short", "short", "new_password: Use at least 12 characters"),
        ] {
            let answer = self.accounts.change_password(&person(&account), change(old, new, repeat)).await;
            assert_eq!(words(&answer), wrong);
        }
        assert!(self.lives(&other).await, "nothing was changed yet");
        self.accounts.change_password(&person(&account), change(PASSWORD, OTHER, OTHER)).await.unwrap();
        assert!(self.lives(&kept).await && !self.lives(&other).await);
        assert_eq!(self.sign_in("change", PASSWORD).await.unwrap_err(), AccountsError::WrongPassword);
        self.sign_in("change", OTHER).await.unwrap();
        assert_eq!(self.mails_to("change").await[0].template, "password_changed");
    }

    async fn mails_a_link_that_works_once(&self) {
        self.sign_up("reset").await;
        let open = self.sign_in("reset", PASSWORD).await.unwrap();
        let ask = RequestReset { email: self.address("Reset") };
        self.accounts.request_reset(&nobody(), ask).await.unwrap();
        let mails = self.mails_to("reset").await;
        let [mail] = &mails[..] else { panic!("one mail, not {mails:?}") };
        assert_eq!((&*mail.template, mail.attempts), ("password_reset", 0));
        assert_eq!(self.mails_to("reset").await, [], "leased");
        let failed = MailOutcome { id: mail.id, failure: Some("no route to host".to_owned()) };
        self.accounts.mail_done(&worker(), failed).await.unwrap();
        assert_eq!(self.mails_to("reset").await, [], "pausing");
        self.accounts.mail_done(&worker(), MailOutcome { id: mail.id, failure: None }).await.unwrap();

        self.sign_in("reset", PASSWORD).await.expect("the old password works until the link is used");
        let reset = |token: &str, new: &str| ResetPassword {
            token: Secret::new(token),
            new_password: Secret::new(new),
            repeat_new_password: Secret::new(new),
        };
        let token = &*mail.values["token"];
        let short = self.accounts.reset_password(&nobody(), reset(token, "short")).await;
        assert_eq!(words(&short), "new_password: Use at least 12 characters");
        self.accounts.reset_password(&nobody(), reset(token, OTHER)).await.unwrap();
        for used in [token, "made-up", ""] {
            let again = self.accounts.reset_password(&nobody(), reset(used, "a third of a cup")).await;
            assert_eq!(again, Err(AccountsError::LinkExpired), "{used}");
        }
        assert!(!self.lives(&open).await, "all sessions end");
        let opened = self.sign_in("reset", OTHER).await.unwrap();
        assert!(opened.session.account.confirmed, "the address was proven");
    }

    async fn keeps_roles_to_administrators(&self) {
        let made = self.create("agent", Role::Agent).await.unwrap();
        assert_eq!(made.role, Role::Agent);
        assert_eq!(
            words(&self.create("agent", Role::Ops).await),
            "email: User with this email is already signed up"
        );
        let open = self.sign_in("agent", PASSWORD).await.unwrap();
        let change = |reason: &str| SetRole { person: made.id, role: Role::Ops, reason: reason.to_owned() };
        let by_agent = acting(Actor::Person {
            id: kernel::PersonId(uuid_of(1)),
            role: Role::Agent,
            email: made.email.clone(),
        });
        assert_eq!(self.accounts.set_role(&by_agent, change("why not")).await, Err(AccountsError::Forbidden));
        assert_eq!(
            words(&self.accounts.set_role(&boss(), change(" ")).await),
            "reason: This field is required"
        );
        let changed = self.accounts.set_role(&boss(), change("moved to operations")).await.unwrap();
        assert_eq!(changed.role, Role::Ops);
        assert!(!self.lives(&open).await, "sessions end with the old role");
        let own = acting(Actor::Person { id: made.id, role: Role::Admin, email: made.email.clone() });
        assert_eq!(self.accounts.set_role(&own, change("me too")).await, Err(AccountsError::OwnRole));
        let mut acts = self.acts_on(&made).await;
        acts.sort();
        assert_eq!(
            acts,
            ["account.created: role agent", "account.role_changed: agent to ops: moved to operations"]
        );
    }

    async fn gives_machines_tokens(&self) {
        let new = NewMachineToken { name: format!("robot {}", self.tag), role: Role::Ops };
        let issued = self.accounts.issue_token(&boss(), new.clone()).await.unwrap();
        let shown = ShownToken { token: issued.token };
        let machine = self.accounts.machine(&nobody(), shown.clone()).await.unwrap().unwrap();
        assert_eq!((machine.name, machine.role), (new.name.clone(), Role::Ops));
        assert_eq!(self.accounts.session(&nobody(), shown).await, Ok(None), "a machine has no session");
        let made_up = ShownToken { token: Secret::new("banyan_made-up") };
        assert_eq!(self.accounts.machine(&nobody(), made_up).await, Ok(None));
        assert_eq!(self.accounts.issue_token(&nobody(), new).await.err(), Some(AccountsError::Forbidden));
    }

    /// Another's object and a missing one are the same answer.
    async fn keeps_strangers_out(&self) {
        let account = self.sign_up("mine").await;
        let stranger = self.sign_up("stranger").await;
        let missing = PersonOf { person: kernel::PersonId(uuid_of(7)) };
        for ctx in [nobody(), person(&stranger)] {
            for of in [PersonOf { person: account.id }, missing] {
                assert_eq!(self.accounts.account(&ctx, of).await, Err(AccountsError::NotFound));
                assert_eq!(self.accounts.sessions(&ctx, of).await, Err(AccountsError::NotFound));
                let ending = EndSessions { person: of.person, ..end(&account) };
                assert_eq!(self.accounts.end_sessions(&ctx, ending).await, Err(AccountsError::NotFound));
            }
            let (all, page) = (FindAccounts::default(), PageAsk::default());
            assert_eq!(self.accounts.find(&ctx, all).await, Err(AccountsError::Forbidden));
            assert_eq!(self.accounts.audit(&ctx, page).await, Err(AccountsError::Forbidden));
            let mail = self.accounts.take_mail(&ctx, TakeMail { limit: 1 }).await;
            assert_eq!(mail, Err(AccountsError::Forbidden));
            assert_eq!(self.accounts.feed(&ctx, FeedAfter::start()).await, Err(FeedError::Forbidden));
        }
        let of = PersonOf { person: account.id };
        assert_eq!(self.accounts.account(&person(&account), of).await.unwrap().id, account.id);
        assert_eq!(self.accounts.account(&boss(), missing).await, Err(AccountsError::NotFound));
    }

    async fn finds_accounts_in_pages(&self) {
        for name in ["find_a", "find_b", "find_c", "findxd"] {
            self.sign_up(name).await;
        }
        let ask = |text: &str, after| FindAccounts {
            text: text.to_owned(),
            role: Some(Role::Traveller),
            page: PageAsk { after, limit: 2 },
        };
        let text = format!("{}+FIND_", self.tag);
        let first = self.accounts.find(&boss(), ask(&text, None)).await.unwrap();
        assert_eq!(first.items.len(), 2);
        let second = self.accounts.find(&boss(), ask(&text, first.next.clone())).await.unwrap();
        assert_eq!((second.items.len(), &second.next), (1, &None), "an underscore stands for itself");
        assert!(first.items.iter().chain(&second.items).is_sorted_by_key(|account| account.email.clone()));
        assert_eq!(self.accounts.find(&boss(), ask("%", None)).await.unwrap().items, []);
    }

    async fn does_a_keyed_command_once(&self) {
        let key: IdempotencyKey = format!("key-{}", self.tag).parse().unwrap();
        let ctx = nobody().with_key(key.clone());
        let first =
            self.accounts.sign_up(&ctx, form(&self.address("key"), PASSWORD, PASSWORD)).await.unwrap();
        let again =
            self.accounts.sign_up(&ctx, form(&self.address("key"), PASSWORD, PASSWORD)).await.unwrap();
        assert_eq!(first, again);
        let other = self.accounts.sign_up(&ctx, form(&self.address("key2"), PASSWORD, PASSWORD)).await;
        assert_eq!(other, Err(AccountsError::KeyReused));

        let boss = boss().with_key(key.clone());
        let new = NewMachineToken { name: "keyed".to_owned(), role: Role::Agent };
        let first = self.accounts.issue_token(&boss, new.clone()).await.unwrap();
        let again = self.accounts.issue_token(&boss, new).await.unwrap();
        assert_eq!(first.token, again.token);

        let me = person(&self.sign_up("twice").await).with_key(key);
        for _ in 0..2 {
            let change = ChangePassword {
                old_password: Secret::new(PASSWORD),
                new_password: Secret::new(OTHER),
                repeat_new_password: Secret::new(OTHER),
                keep: None,
            };
            assert_eq!(self.accounts.change_password(&me, change).await, Ok(()));
        }
    }

    async fn tells_its_feed(&self) {
        let account = self.sign_up("feed").await;
        let opened = self.sign_in("feed", PASSWORD).await.unwrap();
        self.accounts.sign_out(&nobody(), ShownToken { token: opened.token }).await.unwrap();
        let mut events = Vec::new();
        let mut ask = FeedAfter::start();
        loop {
            let batch = self.accounts.feed(&worker(), ask.clone()).await.unwrap();
            if batch.events.is_empty() {
                break;
            }
            ask.after = batch.next;
            events.extend(batch.events);
        }
        let mine = format!("account/{}", account.id);
        let kinds: Vec<_> = events.iter().filter(|e| e.stream == mine).map(|e| e.kind.as_str()).collect();
        assert_eq!(kinds, ["account.created", "session.ended"]);
        let whole = serde_json::to_string(&events).unwrap();
        assert!(!whole.contains(PASSWORD) && !whole.contains("argon2") && !whole.contains('@'));
    }

    fn address(&self, name: &str) -> String {
        format!("{}+{name}@example.com", self.tag)
    }

    async fn sign_up(&self, name: &str) -> Account {
        self.accounts.sign_up(&nobody(), form(&self.address(name), PASSWORD, PASSWORD)).await.unwrap()
    }

    async fn sign_in(&self, name: &str, password: &str) -> Result<OpenedSession, AccountsError> {
        self.sign_in_as(&self.address(name), password).await
    }

    async fn sign_in_as(&self, email: &str, password: &str) -> Result<OpenedSession, AccountsError> {
        let device = "Firefox, 192.0.2.0".to_owned();
        let with = SignIn { email: email.to_owned(), password: Secret::new(password), device };
        self.accounts.sign_in(&nobody(), with).await
    }

    async fn create(&self, name: &str, role: Role) -> Result<Account, AccountsError> {
        let new = CreateAccount { email: self.address(name), password: Secret::new(PASSWORD), role };
        self.accounts.create(&worker(), new).await
    }

    async fn lives(&self, opened: &OpenedSession) -> bool {
        let shown = ShownToken { token: opened.token.clone() };
        self.accounts.session(&nobody(), shown).await.unwrap().is_some()
    }

    /// The audit rows about a person, page by page.
    async fn acts_on(&self, account: &Account) -> Vec<String> {
        let (mut acts, mut ask) = (Vec::new(), PageAsk::first(2));
        loop {
            let page = self.accounts.audit(&boss(), ask.clone()).await.unwrap();
            let about = page.items.into_iter().filter(|row| row.subject == format!("account/{}", account.id));
            acts.extend(about.map(|row| format!("{}: {}", row.action, row.reason)));
            ask.after = page.next;
            if ask.after.is_none() {
                return acts;
            }
        }
    }

    async fn mails_to(&self, name: &str) -> Vec<MailDue> {
        let to = self.address(name).to_lowercase();
        let mails = self.accounts.take_mail(&worker(), TakeMail { limit: 100 }).await.unwrap();
        mails.into_iter().filter(|mail| mail.to.as_str() == to).collect()
    }
}

fn form(email: &str, password: &str, repeat: &str) -> NewAccount {
    NewAccount {
        email: email.to_owned(),
        password: Secret::new(password),
        repeat_password: Secret::new(repeat),
        subject: None,
    }
}

fn acting(actor: Actor) -> Ctx {
    Ctx::new(actor, "suite")
}

fn nobody() -> Ctx {
    acting(Actor::Anonymous)
}

fn worker() -> Ctx {
    Ctx::system("suite")
}

fn person(account: &Account) -> Ctx {
    acting(Actor::Person { id: account.id, role: account.role, email: account.email.clone() })
}

fn boss() -> Ctx {
    let email = "boss@example.com".parse().unwrap();
    acting(Actor::Person { id: kernel::PersonId(uuid_of(99)), role: Role::Admin, email })
}

fn end(account: &Account) -> EndSessions {
    EndSessions { person: account.id, only: None, keep: None::<SessionId>, reason: String::new() }
}

fn uuid_of(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

/// What is wrong with the form, or nothing.
fn words<T>(answer: &Result<T, AccountsError>) -> String {
    match answer {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}
