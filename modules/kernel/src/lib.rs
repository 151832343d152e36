//! What every module shares: the seam (`interface!`, `Ctx`, `Fault`, `Fork`, `Remote`, `Served`) and the
//! values that cross it. No database, no web framework, no HTTP client lives here.

mod air;
mod audit;
mod ctx;
mod decide;
mod email;
mod fare;
mod fault;
mod feed;
mod fork;
mod forms;
mod id;
mod interface;
mod locale;
mod mail;
mod money;
mod outside;
mod paging;
mod pin;
mod remote;
mod secret;
mod served;
mod watch;
mod zone;

pub use air::{Carrier, Designator, Iata, Locator, NotParsed};
pub use audit::AuditRow;
pub use ctx::{Actor, Ctx, Deadline, IdempotencyKey, PersonId, Role};
pub use decide::{Always, Decide, Fallback, Seen, Targets, Unseen};
pub use email::Email;
pub use fare::{Conditions, Party};
pub use fault::{Fault, InterfaceError};
pub use feed::{
    Event, FeedAfter, FeedBatch, FeedError, NewEvent, Position, ReaderState, ReaderStatus, ReadersAsk,
    ReplayReader,
};
pub use fork::Fork;
pub use forms::{FieldError, FieldErrors};
pub use interface::{Kind, Op, OpSchema};
pub use locale::Locale;
pub use mail::{MailDue, MailOutcome, TakeMail};
pub use money::{Currency, Money, MoneyError};
pub use outside::{Clock, Entropy, FixedClock, Outside, SeededEntropy, SystemClock, SystemEntropy};
pub use paging::{Cursor, Page, PageAsk};
pub use pin::{Pin, Target};
pub use remote::{Loopback, Remote, Transport};
pub use secret::Secret;
pub use served::{Dispatch, Served, WireCall};
pub use watch::{Outcome, Unwatched, Watch};
pub use zone::zone;

#[doc(hidden)]
pub mod macro_support {
    //! What the text of [`crate::interface!`] names, so that callers need no dependencies of their own.
    pub use async_trait::async_trait;
    pub use schemars::schema_for;
    pub use serde_json;
}
