//! The form of a binding: what it shows of the binding in force, and the file that it means. A field that a post leaves
//! out stays as it is. Pure.

use std::collections::BTreeMap;

use ::switch::{
    Approve, BUCKETS, Binding, BindingFile, BreakerRule, Hop, Lasts, Pair, Percent, Ramp, Route, RouteKind,
    RuleFile, State, Until, When,
};
use kernel::{Role, Target};

use super::words::percent;
use crate::pages::pieces::Troubles;

/// What stands in the fields, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields {
    texts: BTreeMap<String, String>,
    pub(super) rules: Vec<RuleFields>,
}

/// One row of the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleFields {
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) target: String,
    pub(super) until: String,
}

/// The kinds of rules, as a select has them.
pub(super) const RULE_KINDS: [(&str, &str); 5] = [
    ("person", "Person (subject)"),
    ("role", "Role"),
    ("header", "Header"),
    ("cookie", "Cookie"),
    ("path", "Path and below"),
];

impl Fields {
    /// What a binding looks like in the form.
    pub(super) fn of(binding: &Binding) -> Self {
        let Hop { from, to } = &binding.hop;
        let third = binding.ranges.shares().find(|(target, _)| *target != from && *target != to);
        let share = if from == to { 0 } else { binding.ranges.share(to) };
        let mut fields = Self::default();
        let mut put = |name: &str, text: String| fields.texts.insert(name.to_owned(), text);
        put("from", from.to_string());
        put("target", to.to_string());
        put("percent", percent(share));
        put("third", third.map(|(target, _)| target.to_string()).unwrap_or_default());
        put("third_percent", third.map(|(_, share)| percent(share)).unwrap_or_default());
        put("routes", binding.routes.iter().map(route_line).collect::<Vec<_>>().join("\n"));
        put("people", binding.approve.as_ref().map(|a| a.people.to_string()).unwrap_or_default());
        let from_state = binding.approve.as_ref().map_or(State::ReadRamp, |a| a.from_state);
        put("from_state", from_state.as_str().to_owned());
        for (name, text) in
            ramp_texts(binding.ramp.as_ref()).into_iter().chain(breaker_texts(&binding.breaker))
        {
            put(name, text);
        }
        fields.rules = binding.rules.iter().map(|rule| RuleFields::of(&RuleFields::file_of(rule))).collect();
        fields
    }

    /// With what was sent over it.
    pub(super) fn with(mut self, sent: &[(String, String)]) -> Self {
        let all = |name: &str| -> Vec<String> {
            sent.iter().filter(|(own, _)| own == name).map(|(_, text)| text.trim().to_owned()).collect()
        };
        if sent.iter().any(|(name, _)| name == "rule_kind") {
            let (values, targets, untils) = (all("rule_value"), all("rule_target"), all("rule_until"));
            let at = |list: &[String], at: usize| list.get(at).cloned().unwrap_or_default();
            let rows = all("rule_kind").into_iter().enumerate().map(|(n, kind)| RuleFields {
                kind,
                value: at(&values, n),
                target: at(&targets, n),
                until: at(&untils, n),
            });
            self.rules = rows.filter(|row| !row.is_blank()).collect();
        }
        for (name, text) in sent.iter().filter(|(name, _)| !name.starts_with("rule_")) {
            self.texts.insert(name.clone(), text.trim().to_owned());
        }
        self
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    pub(super) fn put(&mut self, name: &str, text: impl Into<String>) {
        self.texts.insert(name.to_owned(), text.into());
    }

    /// The file that the form means, over the binding that it began from.
    pub(super) fn file(&self, name: &str, binding: &Binding) -> Result<BindingFile, Troubles> {
        let mut wrong = Troubles::default();
        let hop = self.hop(&mut wrong);
        let ranges = self.ranges(&hop, &mut wrong);
        let routes = self.routes(&mut wrong);
        let rules = self.rules(&mut wrong);
        let ramp = self.ramp(binding, &mut wrong);
        let breaker = self.breaker(&mut wrong);
        let approve = self.approve(&mut wrong);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let gates = binding.gates.clone();
        let hop = Some(hop);
        Ok(BindingFile {
            module: name.to_owned(),
            ranges,
            hop,
            rules,
            routes,
            ramp,
            gates,
            breaker,
            approve,
            seed: None,
            buckets: None,
        })
    }

    fn hop(&self, wrong: &mut Troubles) -> Hop {
        Hop { from: self.target("from", wrong), to: self.target("target", wrong) }
    }

    fn target(&self, field: &str, wrong: &mut Troubles) -> Target {
        let parsed: Result<Target, kernel::NotParsed> = self.get(field).parse();
        parsed.unwrap_or_else(|error| {
            wrong.push(field, error.to_string());
            Target::Here
        })
    }

    /// `to` has its percent, a third side its own, `from` the rest.
    fn ranges(&self, hop: &Hop, wrong: &mut Troubles) -> BTreeMap<Target, u32> {
        let to = if hop.from == hop.to { 0 } else { self.share("percent", wrong) };
        let mut ranges = BTreeMap::new();
        let mut third = 0;
        if !self.get("third").is_empty() {
            let target = self.target("third", wrong);
            third = self.share("third_percent", wrong);
            if third > 0 && (target == hop.from || target == hop.to) {
                wrong.push("third", format!("{target} is a side of the hop already"));
            }
            ranges.insert(target, third);
        }
        let Some(rest) = BUCKETS.checked_sub(to + third) else {
            wrong.push(
                "percent",
                format!("{} % and {} % are more than everybody", percent(to), percent(third)),
            );
            return ranges;
        };
        ranges.insert(hop.to.clone(), to);
        *ranges.entry(hop.from.clone()).or_default() += rest;
        ranges.retain(|_, share| *share > 0);
        ranges
    }

    fn share(&self, field: &str, wrong: &mut Troubles) -> u32 {
        if self.get(field).is_empty() {
            return 0;
        }
        self.get(field).parse::<Percent>().map_or_else(
            |error| {
                wrong.push(field, error);
                0
            },
            |percent| percent.0,
        )
    }

    fn routes(&self, wrong: &mut Troubles) -> Vec<Route> {
        let lines = self.get("routes").lines().map(str::trim).filter(|line| !line.is_empty());
        let mut routes = Vec::new();
        for line in lines {
            match read_route(line) {
                Ok(route) => routes.push(route),
                Err(why) => wrong.push("routes", why),
            }
        }
        routes
    }

    fn rules(&self, wrong: &mut Troubles) -> Vec<RuleFile> {
        let mut rules = Vec::new();
        for (at, row) in self.rules.iter().enumerate() {
            match row.file() {
                Ok(rule) => rules.push(rule),
                Err((field, why)) => wrong.push(&format!("rule-{at}-{field}"), why),
            }
        }
        rules
    }

    /// None is written where there was none and nothing was filled in.
    fn ramp(&self, binding: &Binding, wrong: &mut Troubles) -> Option<Ramp> {
        let names = ["steps", "hold", "over", "freeze", "min_subjects"];
        if binding.ramp.is_none() && names.iter().all(|name| self.get(name).is_empty()) {
            return None;
        }
        let default = Ramp::default();
        let over = self.value("over", wrong);
        let same = binding.ramp.as_ref().is_some_and(|ramp| ramp.over == over);
        Some(Ramp {
            steps: self.list("steps", &[',', ' '], wrong).unwrap_or(default.steps),
            hold: self.value("hold", wrong).unwrap_or(default.hold),
            min_subjects: self.value("min_subjects", wrong).unwrap_or_default(),
            freeze: self.freeze(wrong),
            over,
            begins: binding.glide.filter(|_| same).map(|glide| glide.begins),
        })
    }

    fn freeze(&self, wrong: &mut Troubles) -> Vec<::switch::Freeze> {
        let windows = self.get("freeze").split([',', '\n']).map(str::trim).filter(|text| !text.is_empty());
        let mut all = Vec::new();
        for window in windows {
            match window.to_owned().try_into() {
                Ok(freeze) => all.push(freeze),
                Err(why) => wrong.push("freeze", why),
            }
        }
        all
    }

    fn breaker(&self, wrong: &mut Troubles) -> BreakerRule {
        let default = BreakerRule::default();
        BreakerRule {
            consecutive: self.value("consecutive", wrong).unwrap_or(default.consecutive),
            window: self.value("window", wrong).unwrap_or(default.window),
            min: self.value("min", wrong).unwrap_or(default.min),
            ratio: self.value("ratio", wrong).unwrap_or(default.ratio),
            probe: default.probe,
            in_flight: self.value("in_flight", wrong).unwrap_or(default.in_flight),
            fallback: (!self.get("fallback").is_empty()).then(|| self.target("fallback", wrong)),
            wait: self.value("wait", wrong).unwrap_or(default.wait),
        }
    }

    fn approve(&self, wrong: &mut Troubles) -> Option<Approve> {
        let people: u32 = self.value("people", wrong)?;
        let from_state = self.value("from_state", wrong).unwrap_or(State::ReadRamp);
        Some(Approve { from_state, people })
    }

    /// Nothing for an empty field.
    fn value<T: std::str::FromStr<Err: ToString>>(&self, field: &str, wrong: &mut Troubles) -> Option<T> {
        let text = self.get(field);
        if text.is_empty() {
            return None;
        }
        text.parse().map_err(|error: T::Err| wrong.push(field, error.to_string())).ok()
    }

    fn list<T: std::str::FromStr<Err: ToString>>(
        &self,
        field: &str,
        between: &[char],
        wrong: &mut Troubles,
    ) -> Option<Vec<T>> {
        let parts = self.get(field).split(between).map(str::trim).filter(|part| !part.is_empty());
        let parsed: Result<Vec<T>, T::Err> = parts.map(str::parse).collect();
        match parsed {
            Ok(all) => (!all.is_empty()).then_some(all),
            Err(error) => {
                wrong.push(field, error.to_string());
                None
            }
        }
    }
}

impl RuleFields {
    fn file_of(rule: &::switch::Rule) -> RuleFile {
        RuleFile {
            when: rule.when.clone(),
            target: rule.target.clone(),
            until: Until::Text(rule.until.to_string()),
        }
    }

    fn of(rule: &RuleFile) -> Self {
        let when = rule.when.to_string();
        let (kind, value) = when.split_once(' ').unwrap_or((&when, ""));
        let until = match &rule.until {
            Until::Text(text) => text.clone(),
            Until::Toml(datetime) => datetime.to_string(),
        };
        Self { kind: kind.to_owned(), value: value.to_owned(), target: rule.target.to_string(), until }
    }

    fn is_blank(&self) -> bool {
        self.value.is_empty() && self.until.is_empty()
    }

    /// Else the field that is wrong, and why.
    fn file(&self) -> Result<RuleFile, (&'static str, String)> {
        let value = self.value.clone();
        if value.is_empty() {
            return Err(("value", "Say whom or what the rule is for".to_owned()));
        }
        let wrong = |why: String| ("value", why);
        let when = match self.kind.as_str() {
            "person" => When::Person(value),
            "role" => When::Role(value.parse::<Role>().map_err(|e| wrong(e.to_string()))?),
            "header" => When::Header(Pair::try_from(value).map_err(wrong)?),
            "cookie" => When::Cookie(Pair::try_from(value).map_err(wrong)?),
            "path" => When::Path(value),
            other => return Err(("value", format!("`{other}` is no kind of rule"))),
        };
        let target = self.target.parse().map_err(|e: kernel::NotParsed| ("target", e.to_string()))?;
        if self.until.is_empty() {
            return Err(("until", "Say when the rule ends: 2027-01-31 or 2027-01-31T12:00:00Z".to_owned()));
        }
        Ok(RuleFile { when, target, until: Until::Text(self.until.clone()) })
    }
}

/// `GET /trips/{locator} query`, `POST /x command key=Idempotency-Key`, `GET /live query upgrade`.
fn route_line(route: &Route) -> String {
    let key = route.key.as_ref().map(|key| format!(" key={key}")).unwrap_or_default();
    let upgrade = if route.upgrade { " upgrade" } else { "" };
    format!("{} {}{key}{upgrade}", route.pattern, route.kind.as_str())
}

fn read_route(line: &str) -> Result<Route, String> {
    let mut words = line.split_whitespace();
    let pattern = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let pattern = pattern.trim().to_owned().try_into()?;
    let mut route = Route { pattern, kind: RouteKind::default(), key: None, upgrade: false };
    for word in words {
        match word {
            "query" => route.kind = RouteKind::Query,
            "command" => route.kind = RouteKind::Command,
            "unkeyed" => route.kind = RouteKind::Unkeyed,
            "upgrade" => route.upgrade = true,
            other => match other.strip_prefix("key=").filter(|key| !key.is_empty()) {
                Some(key) => route.key = Some(key.to_owned()),
                None => {
                    return Err(format!(
                        "`{other}` in `{line}`: after the path write query, command or unkeyed, then key=NAME or upgrade"
                    ));
                }
            },
        }
    }
    Ok(route)
}

fn ramp_texts(ramp: Option<&Ramp>) -> Vec<(&'static str, String)> {
    let Some(ramp) = ramp else { return Vec::new() };
    let steps = ramp.steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let freeze = ramp.freeze.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    vec![
        ("steps", steps),
        ("hold", ramp.hold.to_string()),
        ("over", ramp.over.map(|over| over.to_string()).unwrap_or_default()),
        ("freeze", freeze),
        ("min_subjects", ramp.min_subjects.to_string()),
    ]
}

fn breaker_texts(rule: &BreakerRule) -> Vec<(&'static str, String)> {
    let lasts = |lasts: Lasts| lasts.to_string();
    vec![
        ("consecutive", rule.consecutive.to_string()),
        ("window", lasts(rule.window)),
        ("min", rule.min.to_string()),
        ("ratio", rule.ratio.to_string()),
        ("in_flight", rule.in_flight.to_string()),
        ("fallback", rule.fallback.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("wait", lasts(rule.wait)),
    ]
}

#[cfg(test)]
#[path = "editor_tests.rs"]
mod tests;
