//! Orders: what somebody bought, how it stands, and what can still be done with it.

use jiff::{Timestamp, civil};
use kernel::{
    AuditRow, Ctx, Designator, Iata, Locator, MailDue, MailOutcome, Money, Page, PageAsk, PersonId, TakeMail,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BookingError, Contact, Item, Passenger, Slice};

kernel::interface! { "booking",
    /// Orders of travellers, and what staff does with them.
    pub trait Orders {
        /// One order. It is shown to its owner, to staff, and to whoever names a passenger's family name; to others it does not exist.
        #[query]
        async fn find(&self, ctx: &Ctx, of: OrderOf) -> Result<Order, BookingError>;
        /// The asker's orders, next departure first.
        #[query]
        async fn mine(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<OrderSummary>, BookingError>;
        /// Orders by locator, family name, ticket number, flight or e-mail; for staff. Newest first.
        #[query]
        async fn search(&self, ctx: &Ctx, ask: OrderSearch) -> Result<Page<OrderSummary>, BookingError>;
        /// What cancelling would give back now.
        #[query]
        async fn quote_cancellation(&self, ctx: &Ctx, of: OrderOf) -> Result<CancellationQuote, BookingError>;
        /// Cancels at the quoted terms, releases the seats and refunds to the same means.
        #[command]
        async fn cancel(&self, ctx: &Ctx, ask: Cancel) -> Result<Order, BookingError>;
        /// Staff gives money back, with a reason, beyond what the conditions say.
        #[command]
        async fn refund(&self, ctx: &Ctx, ask: Refund) -> Result<Order, BookingError>;
        /// Takes a few mails from the outbox, leased to the asker for a minute.
        #[command]
        async fn take_mail(&self, ctx: &Ctx, ask: TakeMail) -> Result<Vec<MailDue>, BookingError>;
        /// Tells what became of a mail.
        #[command]
        async fn mail_done(&self, ctx: &Ctx, outcome: MailOutcome) -> Result<(), BookingError>;
        /// Who did what, newest first; for administrators and auditors.
        #[query]
        async fn audit(&self, ctx: &Ctx, page: PageAsk) -> Result<Page<AuditRow>, BookingError>;
    }
}

kernel::id!(
    /// An order, inside. Outside it is known by its locator.
    OrderId
);

/// Which order, and the proof that the asker may see it, if they are neither its owner nor staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderOf {
    pub locator: Locator,
    /// Compared without case, accents and blanks.
    #[serde(default)]
    pub family_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    pub id: OrderId,
    pub locator: Locator,
    pub state: OrderState,
    #[serde(default)]
    pub owner: Option<PersonId>,
    pub created_at: Timestamp,
    pub slices: Vec<Slice>,
    pub passengers: Vec<OrderPassenger>,
    pub contact: Contact,
    pub items: Vec<Item>,
    pub total: Money,
    pub paid: Money,
    pub refunded: Money,
    /// Until when the seats are held, while money is awaited.
    #[serde(default)]
    pub hold_until: Option<Timestamp>,
    /// The payment that can still be made, while money is awaited.
    #[serde(default)]
    pub payment: Option<crate::IntentId>,
    /// Oldest first: the order's append-only history.
    #[serde(default)]
    pub history: Vec<HistoryLine>,
    pub version: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    PendingPayment,
    Held,
    Confirmed,
    Ticketed,
    TicketingFailed,
    ActionRequired,
    Cancelled,
    Expired,
    Completed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPassenger {
    #[serde(flatten)]
    pub person: Passenger,
    /// 13 digits; empty until ticketed.
    #[serde(default)]
    pub tickets: Vec<Ticket>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ticket {
    pub number: String,
    pub coupons: Vec<Coupon>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coupon {
    /// 1 to 4 on its ticket.
    pub number: u8,
    pub designator: Designator,
    pub date: civil::Date,
    pub from: Iata,
    pub to: Iata,
    /// O C L F E R V S.
    pub status: char,
}

/// One flight of a slice, as bought: one designator, one or more legs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Segment {
    pub designator: Designator,
    /// The flight's date: local, at its first station.
    pub date: civil::Date,
    pub from: Iata,
    pub to: Iata,
    pub departs: Timestamp,
    pub arrives: Timestamp,
    pub departs_local: civil::DateTime,
    pub arrives_local: civil::DateTime,
    pub departs_zone: String,
    pub arrives_zone: String,
    pub from_city: String,
    pub to_city: String,
    pub class: char,
    pub aircraft: String,
    /// Whether the airline has cancelled it.
    #[serde(default)]
    pub cancelled: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryLine {
    pub at: Timestamp,
    /// Such as `order.confirmed`.
    pub event: String,
    /// In plain words.
    pub text: String,
    pub actor: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSummary {
    pub locator: Locator,
    pub state: OrderState,
    /// Family name of the first passenger, and how many travel.
    pub name: String,
    pub passengers: u32,
    pub from: Iata,
    pub to: Iata,
    pub from_city: String,
    pub to_city: String,
    pub departs_local: civil::DateTime,
    pub departs: Timestamp,
    pub flights: Vec<String>,
    pub total: Money,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSearch {
    /// A locator, family name, ticket number, designator (with or without `/date`), or e-mail address; empty for all.
    #[serde(default)]
    pub text: String,
    #[serde(default)]
    pub state: Option<OrderState>,
    #[serde(default)]
    pub page: PageAsk,
}

/// What comes back, and how that is made up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancellationQuote {
    pub locator: Locator,
    pub paid: Money,
    pub fee: Money,
    pub refund: Money,
    /// The rule in plain words, such as `Within 24 hours of booking: free of charge`.
    pub because: String,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    pub of: OrderOf,
    /// The refund that was shown; another one now is `PriceChanged`.
    pub agreed_refund: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    pub locator: Locator,
    /// At most what is paid and not yet refunded.
    pub amount: Money,
    pub reason: String,
}
