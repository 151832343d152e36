//! Config as code: one TOML file per module, in the same schema as the API's binding. What a file says is
//! checked here, against the names that exist, before anything changes.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil, tz::TimeZone};
use kernel::Target;
use serde::{Deserialize, Serialize};

use crate::{Binding, Hop, Ranges, Rule, State, When};

/// A binding as people write it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindingFile {
    pub module: String,
    /// Keys are targets, values whole buckets; the sum is 100,000.
    pub ranges: BTreeMap<Target, u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hop: Option<Hop>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleFile>,
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
}

/// Why a file is refused. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    #[error("not a binding file: {0}")]
    Syntax(String),
    #[error("there is no module `{0}`; modules are {1}")]
    Module(String, String),
    #[error("`{0}` names no entry of switch.upstreams; known are {1}. Add it to the configuration first")]
    Upstream(Target, String),
    #[error(transparent)]
    Ranges(#[from] crate::RangesError),
    #[error("`{0}` is not a date or time: write 2027-01-31 or 2027-01-31T12:00:00Z")]
    Until(String),
    #[error("more than one remote has a share: a hop has two sides, `{0}` and `{1}` are one too many")]
    TwoRemotes(Target, Target),
}

impl BindingFile {
    pub fn parse(text: &str) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|e| FileError::Syntax(e.to_string()))
    }

    /// The binding that this file means, if all its names exist.
    pub fn binding(&self, known: &Known) -> Result<Binding, FileError> {
        if !known.modules.contains(&self.module) {
            return Err(FileError::Module(self.module.clone(), known.modules.join(", ")));
        }
        for target in self.targets() {
            check(target, known)?;
        }
        let ranges = Ranges::new(self.ranges.clone())?;
        let hop = self.hop.clone().map_or_else(|| hop_of(&ranges), Ok)?;
        let rules = self.rules.iter().map(RuleFile::rule).collect::<Result<_, _>>()?;
        Ok(Binding { ranges, rules, hop, state: State::Moving })
    }

    /// How a binding is written down again.
    pub fn of(module: &str, binding: &Binding) -> Self {
        Self {
            module: module.to_owned(),
            ranges: binding.ranges.clone().into(),
            hop: Some(binding.hop.clone()),
            rules: binding
                .rules
                .iter()
                .map(|rule| RuleFile {
                    when: rule.when.clone(),
                    target: rule.target.clone(),
                    until: Until::Text(rule.until.to_string()),
                })
                .collect(),
        }
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        let hop = self.hop.iter().flat_map(|hop| [&hop.from, &hop.to]);
        self.ranges.keys().chain(self.rules.iter().map(|rule| &rule.target)).chain(hop)
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

impl RuleFile {
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
mod tests {
    use super::*;

    fn known() -> Known {
        Known { modules: vec!["notes".into(), "booking".into()], upstreams: vec!["notes".into()] }
    }

    #[test]
    fn one_line_moves_a_module() {
        let file = BindingFile::parse("module = \"notes\"\nranges = { \"remote:notes\" = 100000 }").unwrap();
        let binding = file.binding(&known()).unwrap();
        assert_eq!(binding.ranges.share(&Target::Remote("notes".into())), 100_000);
        assert_eq!(binding.hop.from, Target::Here);
        assert_eq!(binding.back().ranges.share(&Target::Here), 100_000);
        let again = BindingFile::of("notes", &binding).binding(&known()).unwrap();
        assert_eq!(again, binding);
    }

    #[test]
    fn rules_with_dates() {
        let text = "module = \"notes\"\nranges = { here = 100000 }\n\
                    rules = [ { when = { role = \"migrator\" }, target = \"remote:notes\", until = 2027-01-31 } ]";
        let binding = BindingFile::parse(text).unwrap().binding(&known()).unwrap();
        assert_eq!(binding.rules[0].until, "2027-01-31T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn what_is_refused_names_the_thing() {
        for (text, names) in [
            ("module = \"notes\"\nranges = { here = 99999 }", "99999"),
            ("module = \"nots\"\nranges = { here = 100000 }", "nots"),
            ("module = \"notes\"\nranges = { \"remote:elsewhere\" = 100000 }", "elsewhere"),
            ("module = \"notes\"\nranges = { \"legacy:old\" = 100000 }", "legacy:old"),
            ("module = \"notes\"\nranges = { there = 100000 }", "there"),
            ("module = \"notes\"\nrange = { here = 100000 }", "range"),
            ("module = \"notes\"\nranges = { here = -1 }", "-1"),
            ("ranges = ", "not a binding file"),
        ] {
            let refused = BindingFile::parse(text).and_then(|file| file.binding(&known())).unwrap_err();
            assert!(refused.to_string().contains(names), "{refused}");
        }
    }
}
