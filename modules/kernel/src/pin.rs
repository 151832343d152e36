//! A request's one look at the decision table, carried through every nested call, near and far.

use std::{fmt, str::FromStr, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Kind, NotParsed};

/// Where a call or request goes. Names are keys of `switch.upstreams`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    Here,
    Remote(Arc<str>),
    Legacy(Arc<str>),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => f.write_str("here"),
            Self::Remote(name) => write!(f, "remote:{name}"),
            Self::Legacy(name) => write!(f, "legacy:{name}"),
        }
    }
}

impl FromStr for Target {
    type Err = NotParsed;
    fn from_str(text: &str) -> Result<Self, NotParsed> {
        match text.split_once(':') {
            None if text == "here" => Ok(Self::Here),
            Some(("remote", name)) if !name.is_empty() => Ok(Self::Remote(name.into())),
            Some(("legacy", name)) if !name.is_empty() => Ok(Self::Legacy(name.into())),
            _ => Err(NotParsed::new("target", text, "`here`, `remote:NAME` or `legacy:NAME`")),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = NotParsed;
    fn try_from(text: String) -> Result<Self, NotParsed> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// The targets of every module for one request, with the epoch of the table that chose them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    pub epoch: u64,
    modules: Arc<[Pinned]>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
struct Pinned {
    module: Arc<str>,
    query: Target,
    command: Target,
    feed: Target,
}

impl Pin {
    /// `modules` holds, per module, the targets of queries, commands and feeds.
    pub fn new(epoch: u64, modules: impl IntoIterator<Item = (Arc<str>, crate::Targets)>) -> Self {
        let modules = modules
            .into_iter()
            .map(|(module, t)| Pinned { module, query: t.query, command: t.command, feed: t.feed })
            .collect();
        Self { epoch, modules }
    }

    /// The target of one kind of operation, if this pin speaks of the module.
    pub fn target(&self, module: &str, kind: Kind) -> Option<&Target> {
        let pinned = self.modules.iter().find(|p| &*p.module == module)?;
        Some(match kind {
            Kind::Query => &pinned.query,
            Kind::Command => &pinned.command,
            Kind::Feed => &pinned.feed,
        })
    }

    /// Module and query target of each pinned module, for the staff header and logs.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.modules.iter().map(|p| (&*p.module, &p.query))
    }
}
