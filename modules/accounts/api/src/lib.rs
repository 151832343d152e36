//! The accounts interface: people, passwords, sessions, roles and machine tokens. The portal holds no
//! session of its own; it shows a token and is told who that is.

use jiff::Timestamp;
use kernel::{
    AuditRow, Ctx, Email, Fault, FeedAfter, FeedBatch, FeedError, FieldErrors, MailDue, MailOutcome, Page,
    PageAsk, PersonId, Role, Secret, TakeMail,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::interface! { "accounts",
    /// Who people are, and what they may do.
    pub trait Accounts {
        /// Makes a traveller's account. Field names in errors: `email`, `password`, `repeat_password`.
        #[command]
        async fn sign_up(&self, ctx: &Ctx, new: NewAccount) -> Result<Account, AccountsError>;
        /// Checks a password and opens a session. A wrong password and an unknown address are the same answer, and last the same.
        #[command]
        async fn sign_in(&self, ctx: &Ctx, with: SignIn) -> Result<OpenedSession, AccountsError>;
        /// Who holds this session token; `None` if it is not (or no longer) valid.
        #[query]
        async fn session(&self, ctx: &Ctx, shown: ShownToken) -> Result<Option<Session>, AccountsError>;
        /// Ends the session that holds this token.
        #[command]
        async fn sign_out(&self, ctx: &Ctx, shown: ShownToken) -> Result<(), AccountsError>;
        /// A person's open sessions, latest first. Own, or any for an administrator.
        #[query]
        async fn sessions(&self, ctx: &Ctx, of: PersonOf) -> Result<Vec<SessionInfo>, AccountsError>;
        /// Ends sessions. Own, or any for an administrator. Answers how many ended.
        #[command]
        async fn end_sessions(&self, ctx: &Ctx, which: EndSessions) -> Result<u32, AccountsError>;
        /// Changes the asker's password and ends their other sessions. Field names: `old_password`, `new_password`.
        #[command]
        async fn change_password(&self, ctx: &Ctx, change: ChangePassword) -> Result<(), AccountsError>;
        /// Sends a one-use link, valid for 30 minutes, if the address is known. The answer never tells.
        #[command]
        async fn request_reset(&self, ctx: &Ctx, ask: RequestReset) -> Result<(), AccountsError>;
        /// Uses the link: sets the password and ends all sessions. Field names: `new_password`, `repeat_new_password`.
        #[command]
        async fn reset_password(&self, ctx: &Ctx, reset: ResetPassword) -> Result<(), AccountsError>;
        /// One account, for its owner or staff.
        #[query]
        async fn account(&self, ctx: &Ctx, of: PersonOf) -> Result<Account, AccountsError>;
        /// Accounts whose address or name contains the text; for administrators and auditors.
        #[query]
        async fn find(&self, ctx: &Ctx, ask: FindAccounts) -> Result<Page<Account>, AccountsError>;
        /// Makes an account with a role and a password, without mail: the command line and the demo.
        #[command]
        async fn create(&self, ctx: &Ctx, new: CreateAccount) -> Result<Account, AccountsError>;
        /// Changes a role; the person's sessions end. Administrators only, with a reason, and never one's own.
        #[command]
        async fn set_role(&self, ctx: &Ctx, change: SetRole) -> Result<Account, AccountsError>;
        /// Makes a machine token. The secret is in this answer and nowhere else.
        #[command]
        async fn issue_token(&self, ctx: &Ctx, new: NewMachineToken) -> Result<IssuedToken, AccountsError>;
        /// The machine that holds this bearer token; `None` if it is not valid.
        #[query]
        async fn machine(&self, ctx: &Ctx, shown: ShownToken) -> Result<Option<Machine>, AccountsError>;
        /// Takes a few mails from the outbox, leased to the asker for a minute.
        #[command]
        async fn take_mail(&self, ctx: &Ctx, ask: TakeMail) -> Result<Vec<MailDue>, AccountsError>;
        /// Tells what became of a mail.
        #[command]
        async fn mail_done(&self, ctx: &Ctx, outcome: MailOutcome) -> Result<(), AccountsError>;
        /// Who did what, newest first; for administrators and auditors.
        #[query]
        async fn audit(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<AuditRow>, AccountsError>;
        /// The event log: `account.created`, `account.role_changed`, `account.password_changed`, `session.ended`.
        #[feed]
        async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError>;
    }
}

kernel::id!(
    /// An open session, as it is listed. Not the token.
    SessionId
);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    pub id: PersonId,
    pub email: Email,
    pub role: Role,
    pub created_at: Timestamp,
    #[serde(default)]
    pub last_seen: Option<Timestamp>,
    /// Whether the address was proven by a mailed link.
    #[serde(default)]
    pub confirmed: bool,
    /// The stable identity for the switch, kept with the account.
    pub subject: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NewAccount {
    pub email: String,
    pub password: Secret,
    pub repeat_password: Secret,
    /// The visitor's subject, if the switch has given one.
    #[serde(default)]
    pub subject: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SignIn {
    pub email: String,
    pub password: Secret,
    /// A short word on browser and address, for the list of sessions.
    pub device: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OpenedSession {
    /// For the cookie; only its hash is stored.
    pub token: Secret,
    pub session: Session,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    pub id: SessionId,
    pub account: Account,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionInfo {
    pub id: SessionId,
    pub device: String,
    pub created_at: Timestamp,
    pub last_seen: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ShownToken {
    pub token: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonOf {
    pub person: PersonId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndSessions {
    pub person: PersonId,
    /// Only this one; else all but `keep`.
    #[serde(default)]
    pub only: Option<SessionId>,
    #[serde(default)]
    pub keep: Option<SessionId>,
    /// Why, when staff ends somebody else's.
    #[serde(default)]
    pub reason: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangePassword {
    pub old_password: Secret,
    pub new_password: Secret,
    pub repeat_new_password: Secret,
    /// The session that goes on.
    #[serde(default)]
    pub keep: Option<SessionId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestReset {
    pub email: String,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ResetPassword {
    pub token: Secret,
    pub new_password: Secret,
    pub repeat_new_password: Secret,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindAccounts {
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub role: Option<Role>,
    #[serde(default)]
    pub page: PageAsk,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct CreateAccount {
    pub email: String,
    pub password: Secret,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetRole {
    pub person: PersonId,
    pub role: Role,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewMachineToken {
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct IssuedToken {
    pub token: Secret,
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    pub name: String,
    pub role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum AccountsError {
    #[error("there is no such account or session")]
    NotFound,
    #[error("wrong email or password")]
    WrongPassword,
    #[error("the link is not valid any more")]
    LinkExpired,
    #[error("{0}")]
    Invalid(FieldErrors),
    #[error("this needs another role")]
    Forbidden,
    #[error("nobody changes their own role")]
    OwnRole,
    #[error("this key was used for something else")]
    KeyReused,
    /// Too many tries for this account; seconds to wait.
    #[error("too many tries; wait {0} seconds")]
    SlowDown(u32),
    #[error(transparent)]
    Fault(#[from] Fault),
}
kernel::interface_error!(AccountsError);
