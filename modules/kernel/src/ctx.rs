//! Who asks, with what right, for how long, and under which decision: the first argument of every call.

use std::{
    fmt,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Email, NotParsed, Pin};

crate::id!(
    /// A person with an account.
    PersonId
);

/// What a person may do. The names are the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Traveller,
    Agent,
    Ops,
    Migrator,
    Admin,
    Auditor,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Traveller, Self::Agent, Self::Ops, Self::Migrator, Self::Admin, Self::Auditor];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traveller => "traveller",
            Self::Agent => "agent",
            Self::Ops => "ops",
            Self::Migrator => "migrator",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
        }
    }

    /// Everybody who works for the airline.
    pub fn is_staff(self) -> bool {
        self != Self::Traveller
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Role {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| NotParsed::new("role", text, "traveller, agent, ops, migrator, admin or auditor"))
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// Nobody has signed in.
    Anonymous,
    Person {
        id: PersonId,
        role: Role,
        email: Email,
    },
    /// A machine token, by its name.
    Machine {
        name: String,
        role: Role,
    },
    /// Banyan itself: workers, importers, projections.
    System {
        job: String,
    },
}

impl Actor {
    pub fn system(job: &str) -> Self {
        Self::System { job: job.to_owned() }
    }

    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Person { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// The role, if there is one. Anonymous visitors have none; the system needs none.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::Person { role, .. } | Self::Machine { role, .. } => Some(*role),
            Self::Anonymous | Self::System { .. } => None,
        }
    }

    /// One of these roles, an administrator, or Banyan itself.
    pub fn may(&self, roles: &[Role]) -> bool {
        match self {
            Self::System { .. } => true,
            _ => self.role().is_some_and(|role| role == Role::Admin || roles.contains(&role)),
        }
    }

    /// An opaque name for logs, events and audit rows.
    pub fn label(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Person { id, .. } => format!("person/{id}"),
            Self::Machine { name, .. } => format!("machine/{name}"),
            Self::System { job } => format!("system/{job}"),
        }
    }
}

/// Given by whoever wants a command done at most once. At most 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(Arc<str>);

impl IdempotencyKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(NotParsed::new("idempotency key", text, "1 to 255 visible ASCII characters"))
        }
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = NotParsed;
    fn try_from(text: String) -> Result<Self, NotParsed> {
        text.parse()
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0.as_ref().to_owned()
    }
}

/// When the asker stops waiting. It travels as the milliseconds that are left, never as a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "u64")]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left)
    }

    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    pub fn has_passed(self) -> bool {
        self.left().is_zero()
    }
}

impl Serialize for Deadline {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(self.left().as_millis()).unwrap_or(u64::MAX))
    }
}

impl<'de> Deserialize<'de> for Deadline {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let millis = u64::deserialize(from)?.min(3_600_000);
        Ok(Self::after(Duration::from_millis(millis)))
    }
}

/// The circumstances of a call. Cheap to clone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Ctx {
    pub actor: Actor,
    pub request_id: Arc<str>,
    /// The W3C trace id, 32 hexadecimal digits; empty outside a trace.
    #[serde(default)]
    pub trace_id: Arc<str>,
    #[serde(rename = "left_ms")]
    pub deadline: Deadline,
    /// The stable identity that is hashed into a bucket of the decision table.
    pub subject: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<IdempotencyKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
}

impl Ctx {
    /// How long work of our own may take.
    const PATIENCE: Duration = Duration::from_secs(30);

    pub fn new(actor: Actor, request_id: impl Into<Arc<str>>) -> Self {
        Self {
            actor,
            request_id: request_id.into(),
            trace_id: "".into(),
            deadline: Deadline::after(Self::PATIENCE),
            subject: "system".into(),
            key: None,
            pin: None,
        }
    }

    /// Banyan's own work: a worker, an importer, a projection.
    pub fn system(job: &str) -> Self {
        Self::new(Actor::system(job), format!("job-{job}"))
    }

    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    #[must_use]
    pub fn with_time(mut self, left: Duration) -> Self {
        self.deadline = Deadline::after(left);
        self
    }

    /// The same request, asked by somebody else: the portal acting for a module's worker, or staff for a traveller.
    #[must_use]
    pub fn acting_as(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }
}
