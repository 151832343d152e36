//! Rules before the ranges: explicit, expiring exceptions for a person, a role, or what a request carries.

use std::fmt;

use jiff::Timestamp;
use kernel::{Ctx, Role, Seen, Target};
use serde::{Deserialize, Serialize};

/// An explicit, expiring exception that comes before the ranges and is never evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub when: When,
    pub target: Target,
    pub until: Timestamp,
}

/// Whom a rule is for. Exactly one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A subject: the stable identity in the visitor's cookie or account.
    Person(String),
    Role(Role),
    /// `Name: value`, or `Name` alone for any value.
    Header(Pair),
    /// `name=value`, or `name` alone for any value.
    Cookie(Pair),
    /// The start of the raw path, whole segments: `/notes` is `/notes` and all below.
    Path(String),
}

/// A name, and the value it must have if one was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pair {
    name: String,
    value: Option<String>,
}

impl Rule {
    pub(crate) fn holds(&self, now: Timestamp, ctx: &Ctx, seen: &dyn Seen) -> bool {
        self.until > now && self.when.holds(ctx, seen)
    }
}

impl When {
    fn holds(&self, ctx: &Ctx, seen: &dyn Seen) -> bool {
        match self {
            Self::Person(subject) => &*ctx.subject == subject,
            Self::Role(role) => ctx.actor.role() == Some(*role),
            Self::Header(Pair { name, value }) => seen.has_header(name, value.as_deref()),
            Self::Cookie(Pair { name, value }) => seen.has_cookie(name, value.as_deref()),
            Self::Path(start) => {
                let start = start.strip_suffix('/').unwrap_or(start);
                seen.path().strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

/// In words, for explanations and the module's page.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(subject) => write!(f, "person {subject}"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::Header(pair) => write!(f, "header {}", pair.written(": ")),
            Self::Cookie(pair) => write!(f, "cookie {}", pair.written("=")),
            Self::Path(start) => write!(f, "path {start}"),
        }
    }
}

impl Pair {
    fn written(&self, between: &str) -> String {
        match &self.value {
            Some(value) => format!("{}{between}{value}", self.name),
            None => self.name.clone(),
        }
    }
}

impl TryFrom<String> for Pair {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let at = text.find([':', '=']);
        let (name, value) = at.map_or((text.as_str(), None), |at| {
            (text.get(..at).unwrap_or_default(), Some(text.get(at + 1..).unwrap_or_default().trim()))
        });
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!("`{text}` is not a name, or a name and a value (`X-Beta: 1`, `beta=1`)"));
        }
        Ok(Self { name: name.to_owned(), value: value.map(str::to_owned) })
    }
}

impl From<Pair> for String {
    fn from(pair: Pair) -> Self {
        pair.written("=")
    }
}
