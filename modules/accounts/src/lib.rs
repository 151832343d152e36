//! accounts: people, passwords, sessions, roles and machine tokens, in a database of its own.
//!
//! Mails in the outbox have one of two templates: `password_reset` (value `token`) and `password_changed` (none).

mod hashing;
mod passwords;
mod people;
mod rows;
mod rules;
mod schema;
mod secrets;
mod sessions;
mod tokens;
mod trouble;

use std::sync::Arc;

use accounts_api::{
    Account, Accounts, AccountsError, ChangePassword, CreateAccount, EndSessions, FindAccounts, IssuedToken,
    Machine, NewAccount, NewMachineToken, OpenedSession, PersonOf, RequestReset, ResetPassword, Session,
    SessionInfo, SetRole, ShownToken, SignIn,
};
use async_trait::async_trait;
use kernel::{
    AuditRow, Ctx, Fault, FeedAfter, FeedBatch, FeedError, MailDue, MailOutcome, Outside, Page, PageAsk,
    Role, TakeMail,
};
use store::{Conn, Db, DbError, Migrations, Tx, embed_migrations};

use crate::{hashing::Hashing, tokens::Derived, trouble::Trouble};

pub use hashing::Cost;
pub use rules::{SessionLimit, SessionLimits};

/// What the module needs to live.
pub struct Parts {
    /// Opened with [`migrations`].
    pub db: Db,
    /// Feeds one-time links and machine tokens; from the installation's key file.
    pub link_key: [u8; 32],
    /// The airline's name, of which no password may be made.
    pub brand: String,
    pub sessions: SessionLimits,
    /// What a password's hash costs.
    pub cost: Cost,
}

impl Parts {
    /// The usual limits and cost.
    pub fn new(db: Db, link_key: [u8; 32], brand: impl Into<String>) -> Self {
        Self { db, link_key, brand: brand.into(), sessions: SessionLimits::default(), cost: Cost::USUAL }
    }
}

/// The tables, for both engines.
pub fn migrations() -> Migrations {
    const EMBEDDED: Migrations = Migrations {
        sqlite: embed_migrations!("../../migrations/accounts/sqlite"),
        postgres: embed_migrations!("../../migrations/accounts/postgres"),
    };
    EMBEDDED
}

/// Starts the module and its hashing thread.
pub fn start(parts: Parts) -> Result<Arc<dyn Accounts>, DbError> {
    let hashing =
        Hashing::start(parts.cost).map_err(|e| DbError::Busy(format!("no thread for passwords: {e}")))?;
    let derived = Derived(parts.link_key);
    Ok(Arc::new(House { db: parts.db, hashing, derived, brand: parts.brand, limits: parts.sessions }))
}

/// The module itself; what it does is told in `people`, `sessions` and `secrets`.
struct House {
    db: Db,
    hashing: Hashing,
    derived: Derived,
    brand: String,
    limits: SessionLimits,
}

type Answer<T> = Result<T, AccountsError>;

impl House {
    fn outside(&self) -> &Outside {
        self.db.outside()
    }

    async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T, DbError> + Send + 'static,
    ) -> Answer<T> {
        Ok(self.db.read(f).await.map_err(Trouble::Db)?)
    }

    async fn write<T: Send + 'static>(
        &self,
        ctx: &Ctx,
        f: impl Fn(&mut Tx<'_>) -> Result<T, Trouble> + Send + Sync + 'static,
    ) -> Answer<T> {
        Ok(self.db.write(ctx, f).await?)
    }
}

/// One of these roles, an administrator, or Banyan itself.
fn only(ctx: &Ctx, roles: &[Role]) -> Answer<()> {
    if ctx.actor.may(roles) { Ok(()) } else { Err(AccountsError::Forbidden) }
}

#[async_trait]
impl Accounts for House {
    async fn sign_up(&self, ctx: &Ctx, new: NewAccount) -> Answer<Account> {
        self.enrol(ctx, new).await
    }

    async fn sign_in(&self, ctx: &Ctx, with: SignIn) -> Answer<OpenedSession> {
        self.open(ctx, with).await
    }

    async fn session(&self, ctx: &Ctx, shown: ShownToken) -> Answer<Option<Session>> {
        self.resolve(ctx, shown).await
    }

    async fn sign_out(&self, ctx: &Ctx, shown: ShownToken) -> Answer<()> {
        self.close(ctx, shown).await
    }

    async fn sessions(&self, ctx: &Ctx, of: PersonOf) -> Answer<Vec<SessionInfo>> {
        self.list(ctx, of).await
    }

    async fn end_sessions(&self, ctx: &Ctx, which: EndSessions) -> Answer<u32> {
        self.end(ctx, which).await
    }

    async fn change_password(&self, ctx: &Ctx, change: ChangePassword) -> Answer<()> {
        self.change(ctx, change).await
    }

    async fn request_reset(&self, ctx: &Ctx, ask: RequestReset) -> Answer<()> {
        self.mail_link(ctx, ask).await
    }

    async fn reset_password(&self, ctx: &Ctx, reset: ResetPassword) -> Answer<()> {
        self.use_link(ctx, reset).await
    }

    async fn account(&self, ctx: &Ctx, of: PersonOf) -> Answer<Account> {
        self.look_up(ctx, of).await
    }

    async fn find(&self, ctx: &Ctx, ask: FindAccounts) -> Answer<Page<Account>> {
        only(ctx, &[Role::Auditor])?;
        self.search(ask).await
    }

    async fn create(&self, ctx: &Ctx, new: CreateAccount) -> Answer<Account> {
        only(ctx, &[])?;
        self.make(ctx, new).await
    }

    async fn set_role(&self, ctx: &Ctx, change: SetRole) -> Answer<Account> {
        only(ctx, &[])?;
        self.appoint(ctx, change).await
    }

    async fn issue_token(&self, ctx: &Ctx, new: NewMachineToken) -> Answer<IssuedToken> {
        only(ctx, &[])?;
        self.issue(ctx, new).await
    }

    async fn machine(&self, _: &Ctx, shown: ShownToken) -> Answer<Option<Machine>> {
        self.known_machine(shown).await
    }

    async fn take_mail(&self, ctx: &Ctx, ask: TakeMail) -> Answer<Vec<MailDue>> {
        only_system(ctx)?;
        self.lease_mail(ctx, ask).await
    }

    async fn mail_done(&self, ctx: &Ctx, outcome: MailOutcome) -> Answer<()> {
        only_system(ctx)?;
        self.settle_mail(ctx, outcome).await
    }

    async fn audit(&self, ctx: &Ctx, page: PageAsk) -> Answer<Page<AuditRow>> {
        only(ctx, &[Role::Auditor])?;
        self.trail(page).await
    }

    async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError> {
        if !ctx.actor.may(&[Role::Ops, Role::Auditor]) {
            return Err(FeedError::Forbidden);
        }
        Ok(self.db.feed(ask).await.map_err(Fault::from)?)
    }
}

/// A mail holds a one-time link: for the worker that sends it, and not even for administrators.
fn only_system(ctx: &Ctx) -> Answer<()> {
    match ctx.actor {
        kernel::Actor::System { .. } => Ok(()),
        _ => Err(AccountsError::Forbidden),
    }
}

/// Cuts a list that was asked for with one row too many.
fn page<R, T>(
    mut rows: Vec<R>,
    limit: u32,
    cursor: impl Fn(&R) -> kernel::Cursor,
    show: impl Fn(R) -> T,
) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    Page { items: rows.into_iter().map(show).collect(), next }
}
