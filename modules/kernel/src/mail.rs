//! What a module's outbox hands to whoever sends mail: a template's name and its values, never a rendered text.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Email;

/// Leases up to `limit` mails that are due to the asker, for a minute.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TakeMail {
    pub limit: u32,
}

/// One mail to render and send. A one-time secret among the values was derived at this moment and is not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailDue {
    pub id: Uuid,
    pub to: Email,
    pub template: String,
    pub values: BTreeMap<String, String>,
    /// How often it was tried before.
    pub attempts: i32,
}

/// What became of a leased mail. A failed one comes back later, each time after a longer pause.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct MailOutcome {
    pub id: Uuid,
    /// `None` when it was sent, else why not.
    pub failure: Option<String>,
}
