//! Who did what to which thing, and why: one row per act of staff, machines and administrators.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One row of a module's audit trail, newest first wherever it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRow {
    pub at: Timestamp,
    pub module: String,
    /// As `Actor::label` names them.
    pub actor: String,
    /// Such as `order.refunded`.
    pub action: String,
    /// The thing acted on, such as `order/7Q4ZK2`.
    pub subject: String,
    pub reason: String,
    pub request_id: String,
}
