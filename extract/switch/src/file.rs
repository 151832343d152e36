//! Config as code: one TOML file per module or group, in the same schema as the API's binding. What a file says is
//! checked here, against the names that exist, before anything changes.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil, tz::TimeZone};
use kernel::Target;
use serde::{Deserialize, Serialize};

use crate::{
    Approve, BUCKETS, Binding, BreakerRule, Gate, Glide, Hop, Ramp, Ranges, Route, RouteKind, Rule, State,
    When, gate, table::seed,
};

/// A binding as people write it. Keys that are left out have their defaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingFile {
    /// A module, or `module/group` for routes that move on their own.
    pub module: String,
    /// Keys are targets, values whole buckets; the sum is 100,000.
    pub ranges: BTreeMap<Target, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<Hop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleFile>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Ramp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub breaker: BreakerRule,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<Approve>,
    /// May be written, and must be what it always is: another one would move everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<String>,
    /// As `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buckets: Option<u32>,
}

fn is_default(rule: &BreakerRule) -> bool {
    *rule == BreakerRule::default()
}

/// A rule as people write it: the end may be a date (midnight UTC) or an instant, quoted or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    pub when: When,
    pub target: Target,
    pub until: Until,
}

/// The end of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Until {
    Text(String),
    Toml(toml::value::Datetime),
}

impl Until {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Toml(datetime) => datetime.to_string(),
        }
    }
}

/// Always as text, which JSON has too.
impl Serialize for Until {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

/// The names that a file may use.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub modules: Vec<String>,
    /// Keys of `switch.upstreams`.
    pub upstreams: Vec<String>,
    /// Those of them that are said not to speak the protocol of calls.
    pub sites: Vec<String>,
}

/// Why a file is refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("not a binding file: {0}")]
    Syntax(String),
    #[error(
        "there is no module `{0}`; modules are {1}. Routes that move on their own are named `module/group`"
    )]
    Module(String, String),
    #[error("`{0}` is no name for a group: write `module/group` in lower case, with its `routes`")]
    Group(String),
    #[error("`{0}` names no entry of switch.upstreams; known are {1}. Add it to the configuration first")]
    Upstream(Target, String),
    #[error(transparent)]
    Ranges(#[from] crate::RangesError),
    #[error("`{0}` is not a date or time: write 2027-01-31 or 2027-01-31T12:00:00Z")]
    Until(String),
    #[error("more than one remote has a share: a hop has two sides, `{0}` and `{1}` are one too many")]
    TwoRemotes(Target, Target),
    #[error(
        "`{0}` has a share and is neither side of the hop from `{1}` to `{2}`, nor a third one beside it"
    )]
    Stranger(Target, Target, Target),
    #[error(
        "`{0}` and `{1}` are not neighbours while another side holds buckets between them; do it in two hops"
    )]
    NotNeighbours(Target, Target),
    #[error(
        "the seed of `{0}` cannot become `{1}`: it is `{2}` for life, another one would move everybody at once"
    )]
    Seed(String, String, String),
    #[error("there are {BUCKETS} buckets for life; `{0}` would move everybody at once")]
    Buckets(u32),
    #[error("a group needs `routes`: without them nothing would move")]
    NoRoutes,
    #[error("the route `{0}` cannot be a query: only GET and HEAD change nothing")]
    QueryRoute(String),
    #[error("the route `{0}` belongs to `{1}` already")]
    RouteTaken(String, String),
    #[error("`{0}` is a site and answers no calls; move its pages as a group with `routes` instead")]
    Site(Target),
    #[error("{0}")]
    Value(String),
}

impl BindingFile {
    pub fn parse(text: &str) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|e| FileError::Syntax(e.to_string()))
    }

    /// The binding that this file means, if all its names exist. A time ramp without a beginning begins now.
    pub fn binding(&self, known: &Known, now: Timestamp) -> Result<Binding, FileError> {
        self.check_name(known)?;
        for target in self.targets() {
            check(target, known)?;
        }
        let ranges = Ranges::new(self.ranges.clone())?;
        let hop = self.hop.clone().map_or_else(|| hop_of(&ranges), Ok)?;
        check_hop(&ranges, &hop)?;
        self.check_routes(known)?;
        self.check_values()?;
        let rules = self.rules.iter().map(RuleFile::rule).collect::<Result<_, _>>()?;
        let glide = self.glide(now);
        let state = match () {
            () if hop.from == hop.to => State::Bounded,
            () if ranges.share(&hop.to) == 0 && glide.is_none() => State::Connected,
            () => State::ReadRamp,
        };
        Ok(Binding {
            ranges,
            rules,
            state,
            hop,
            routes: self.routes.clone(),
            ramp: self.ramp.clone(),
            gates: self.gates.clone(),
            breaker: self.breaker.clone(),
            approve: self.approve.clone(),
            glide,
            since: Some(now),
            last: None,
        })
    }

    /// How a binding is written down again.
    pub fn of(module: &str, binding: &Binding) -> Self {
        let begins = binding.glide.map(|glide| glide.begins);
        Self {
            module: module.to_owned(),
            ranges: binding.ranges.clone().into(),
            hop: Some(binding.hop.clone()),
            rules: binding.rules.iter().map(RuleFile::of).collect(),
            routes: binding.routes.clone(),
            ramp: binding.ramp.clone().map(|ramp| Ramp { begins, ..ramp }),
            gates: binding.gates.clone(),
            breaker: binding.breaker.clone(),
            approve: binding.approve.clone(),
            seed: None,
            buckets: None,
        }
    }

    /// As TOML, for a file.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    fn glide(&self, now: Timestamp) -> Option<Glide> {
        let ramp = self.ramp.as_ref()?;
        Some(Glide { begins: ramp.begins.unwrap_or(now), lasts: ramp.over? })
    }

    fn check_name(&self, known: &Known) -> Result<(), FileError> {
        match self.module.split_once('/') {
            None if known.modules.contains(&self.module) => {}
            None => return Err(FileError::Module(self.module.clone(), known.modules.join(", "))),
            Some((module, group)) => {
                let plain = |name: &str| {
                    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
                    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits)
                };
                if !plain(module) || !plain(group) {
                    return Err(FileError::Group(self.module.clone()));
                }
                if self.routes.is_empty() {
                    return Err(FileError::NoRoutes);
                }
            }
        }
        if let Some(other) = self.seed.as_ref().filter(|own| **own != seed(&self.module)) {
            return Err(FileError::Seed(self.module.clone(), other.clone(), seed(&self.module).to_owned()));
        }
        self.buckets.filter(|own| *own != BUCKETS).map_or(Ok(()), |own| Err(FileError::Buckets(own)))
    }

    fn check_routes(&self, known: &Known) -> Result<(), FileError> {
        let wrong = |r: &&Route| r.kind == RouteKind::Query && !r.pattern.is_read();
        if let Some(route) = self.routes.iter().find(wrong) {
            return Err(FileError::QueryRoute(route.pattern.to_string()));
        }
        for (at, route) in self.routes.iter().enumerate() {
            if self.routes.iter().skip(at + 1).any(|other| other.pattern.collides(&route.pattern)) {
                return Err(FileError::RouteTaken(route.pattern.to_string(), self.module.clone()));
            }
        }
        let calls = self.routes.is_empty();
        let site = |target: &&Target| matches!(target, Target::Remote(name) | Target::Legacy(name) if known.sites.iter().any(|s| **s == **name));
        match self.targets().find(site).filter(|_| calls) {
            Some(target) => Err(FileError::Site(target.clone())),
            None => Ok(()),
        }
    }

    fn check_values(&self) -> Result<(), FileError> {
        let troubles = [
            self.breaker.trouble(),
            self.ramp.as_ref().and_then(Ramp::trouble),
            gate::trouble(&self.gates),
            self.approve
                .as_ref()
                .filter(|approve| !(1..=10).contains(&approve.people))
                .map(|approve| format!("approve.people is {}; it is a number from 1 to 10", approve.people)),
        ];
        troubles.into_iter().flatten().next().map_or(Ok(()), |trouble| Err(FileError::Value(trouble)))
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        let hop = self.hop.iter().flat_map(|hop| [&hop.from, &hop.to]);
        let rules = self.rules.iter().map(|rule| &rule.target);
        self.ranges.keys().chain(rules).chain(hop).chain(&self.breaker.fallback)
    }
}

fn check(target: &Target, known: &Known) -> Result<(), FileError> {
    match target {
        Target::Here => Ok(()),
        Target::Remote(name) | Target::Legacy(name) if known.upstreams.iter().any(|u| **u == **name) => {
            Ok(())
        }
        Target::Remote(_) | Target::Legacy(_) => {
            Err(FileError::Upstream(target.clone(), known.upstreams.join(", ")))
        }
    }
}

fn hop_of(ranges: &Ranges) -> Result<Hop, FileError> {
    let mut remotes = ranges.shares().map(|(target, _)| target).filter(|target| **target != Target::Here);
    let to = remotes.next().cloned().unwrap_or(Target::Here);
    match remotes.next() {
        Some(second) => Err(FileError::TwoRemotes(to, second.clone())),
        None => Ok(Hop { from: Target::Here, to }),
    }
}

/// The two sides lie side by side, so that growing one takes from the other alone. One more side may stand beside them.
fn check_hop(ranges: &Ranges, hop: &Hop) -> Result<(), FileError> {
    let mut third = ranges.shares().map(|(target, _)| target).filter(|t| **t != hop.from && **t != hop.to);
    if let Some(extra) = third.nth(1) {
        return Err(FileError::Stranger(extra.clone(), hop.from.clone(), hop.to.clone()));
    }
    if hop.from != hop.to && !ranges.are_neighbours(&hop.from, &hop.to) {
        return Err(FileError::NotNeighbours(hop.from.clone(), hop.to.clone()));
    }
    Ok(())
}

impl RuleFile {
    fn of(rule: &Rule) -> Self {
        let until = Until::Text(rule.until.to_string());
        Self { when: rule.when.clone(), target: rule.target.clone(), until }
    }

    fn rule(&self) -> Result<Rule, FileError> {
        let until = self.until.text();
        let instant = until.parse::<Timestamp>().ok().or_else(|| {
            let midnight = until.parse::<civil::Date>().ok()?.to_zoned(TimeZone::UTC).ok()?;
            Some(midnight.timestamp())
        });
        let until = instant.ok_or(FileError::Until(until))?;
        Ok(Rule { when: self.when.clone(), target: self.target.clone(), until })
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
