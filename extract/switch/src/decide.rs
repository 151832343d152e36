//! The atomic pointer and the deciding path: an override, then the rules, then the bucket's range. A request takes
//! one look and keeps it, so that all its decisions are of one epoch.

use std::{
    cell::OnceCell,
    fmt,
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use kernel::{Clock, Ctx, Decide, Fallback, Kind, Op, Pin, Seen, Target, Targets, Unseen};
use serde::Serialize;

use crate::{
    Binding, RouteKind, Table, bucket,
    routes::RouteTable,
    table::{Override, seed},
};

/// The decision table in force in this process.
pub struct Switch {
    inside: ArcSwap<InForce>,
    clock: Arc<dyn Clock>,
}

/// A table, with what is worked out from it once.
struct InForce {
    table: Arc<Table>,
    routes: RouteTable,
    pins: Pins,
}

/// One request's view of the table: whatever is put in force meanwhile, it stays the same.
#[derive(Clone)]
pub struct Look {
    inside: Arc<InForce>,
    clock: Arc<dyn Clock>,
}

/// What happens to a request for a declared route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDecision {
    pub binding: Arc<str>,
    pub kind: RouteKind,
    pub upgrade: bool,
    pub target: Target,
    /// Where a query may go that got no answer there.
    pub fallback: Option<Target>,
    pub epoch: u64,
}

/// Why a subject goes where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub target: Target,
    pub bucket: u32,
    /// The place of the range in the fixed order; absent when something before the ranges decided.
    pub range: Option<usize>,
    /// The place of the rule in its list; absent when no rule decided.
    pub rule: Option<usize>,
    /// The override that decided, if one did.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// The binding that was asked: a module, or `module/group`.
    pub binding: String,
    /// The same in words.
    pub why: String,
    pub epoch: u64,
}

/// What decided, in order of precedence.
enum By<'a> {
    Override(&'a Override),
    Rule(usize),
    Range(usize),
}

impl Switch {
    pub fn new(table: Table, clock: Arc<dyn Clock>) -> Self {
        Self { inside: ArcSwap::from_pointee(InForce::new(Arc::new(table))), clock }
    }

    /// The table in force. A caller that asks twice may see two.
    pub fn table(&self) -> Arc<Table> {
        Arc::clone(&self.inside.load().table)
    }

    /// One look, for one request.
    pub fn look(&self) -> Look {
        Look { inside: self.inside.load_full(), clock: Arc::clone(&self.clock) }
    }

    /// Puts a table in force, unless a newer one is already. Requests that read the old one keep it.
    pub fn put(&self, table: Table) -> bool {
        let next = Arc::new(InForce::new(Arc::new(table)));
        let before = self.inside.rcu(|current| {
            if current.table.epoch < next.table.epoch { Arc::clone(&next) } else { Arc::clone(current) }
        });
        before.table.epoch < next.table.epoch
    }

    /// The decision with its reasons; `None` for a name without a binding.
    pub fn explain(&self, name: &str, ctx: &Ctx) -> Option<Explanation> {
        self.look().explain(name, ctx, &Unseen, Kind::Query)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Look(epoch {})", self.epoch())
    }
}

impl Look {
    pub fn epoch(&self) -> u64 {
        self.inside.table.epoch
    }

    pub fn table(&self) -> &Arc<Table> {
        &self.inside.table
    }

    /// Whether any public route may move at all.
    pub fn has_routes(&self) -> bool {
        !self.inside.routes.is_empty()
    }

    /// Where a request goes whose raw path is a declared route; `None` for all others, which are ours.
    pub fn route(&self, ctx: &Ctx, seen: &dyn Seen, method: &str, path: &str) -> Option<RouteDecision> {
        let declared = self.inside.routes.find(method, path)?;
        let binding = self.inside.table.bindings.get(&declared.binding)?;
        let kind = match declared.route.kind {
            RouteKind::Query => Kind::Query,
            RouteKind::Command | RouteKind::Unkeyed => Kind::Command,
        };
        let (target, _) = self.target(&declared.binding, binding, ctx, seen, kind, &OnceCell::new());
        let target = of_route(&declared.binding, target);
        let fallback = (kind == Kind::Query).then(|| binding.other_side(target)).flatten();
        Some(RouteDecision {
            binding: Arc::clone(&declared.binding),
            kind: declared.route.kind,
            upgrade: declared.route.upgrade,
            target: target.clone(),
            fallback: fallback
                .map(|other| of_route(&declared.binding, other))
                .filter(|o| *o != target)
                .cloned(),
            epoch: self.epoch(),
        })
    }

    /// The binding whose route this is, decided or not.
    pub fn route_binding(&self, method: &str, path: &str) -> Option<&str> {
        self.inside.routes.find(method, path).map(|declared| &*declared.binding)
    }

    /// All modules' targets for one request.
    pub fn pin(&self, ctx: &Ctx, seen: &dyn Seen) -> Pin {
        let InForce { table, pins, .. } = &*self.inside;
        let now = OnceCell::new();
        pins.get(table, |name, binding| {
            let of = |kind| of_call(binding, self.target(name, binding, ctx, seen, kind, &now).0);
            let query = of(Kind::Query);
            // Only an override tells the two kinds apart.
            let command = if table.overrides.is_empty() { query } else { of(Kind::Command) };
            (query, command)
        })
    }

    pub fn explain(&self, name: &str, ctx: &Ctx, seen: &dyn Seen, kind: Kind) -> Option<Explanation> {
        let binding = self.inside.table.bindings.get(name)?;
        let bucket = bucket(seed(name), &ctx.subject);
        let (target, by) = self.target(name, binding, ctx, seen, kind, &OnceCell::new());
        let why = match &by {
            By::Override(over) => format!("the override {} holds until {}", over.id, over.until),
            By::Rule(at) => binding.rules.get(*at).map_or_else(String::new, |rule| {
                format!("rule {}: {} goes to {} until {}", at + 1, rule.when, rule.target, rule.until)
            }),
            By::Range(at) => {
                let now = self.clock.now();
                let (start, end) = binding.ranges.bounds(*at);
                let ramp = binding.glide.map_or_else(String::new, |glide| {
                    format!("; a time ramp moves it until {}", glide.ends())
                });
                let shares = binding.ranges_at(now);
                format!(
                    "bucket {bucket} is in range {} ({start} to {}){ramp}; {target} has {} of {}",
                    at + 1,
                    end - 1,
                    shares.share(target),
                    crate::BUCKETS
                )
            }
        };
        Some(Explanation {
            target: target.clone(),
            bucket,
            range: if let By::Range(at) = by { Some(at) } else { None },
            rule: if let By::Rule(at) = by { Some(at) } else { None },
            over: if let By::Override(over) = by { Some(over.id.clone()) } else { None },
            binding: name.to_owned(),
            why,
            epoch: self.epoch(),
        })
    }

    fn target<'a>(
        &'a self,
        name: &str,
        binding: &'a Binding,
        ctx: &Ctx,
        seen: &dyn Seen,
        kind: Kind,
        now: &OnceCell<Timestamp>,
    ) -> (&'a Target, By<'a>) {
        // Nothing that depends on the clock: the clock is not asked. Else it is asked once for all modules.
        let now = || *now.get_or_init(|| self.clock.now());
        if let Some(over) = self.over(name, binding, ctx, kind) {
            return (&over.target, By::Override(over));
        }
        if !binding.rules.is_empty() {
            let now = now();
            let found = binding.rules.iter().enumerate().find(|(_, rule)| rule.holds(now, ctx, seen));
            if let Some((at, rule)) = found {
                return (&rule.target, By::Rule(at));
            }
        }
        let bucket = bucket(seed(name), &ctx.subject);
        let (at, target) = binding.by_range(bucket, now);
        (target, By::Range(at))
    }

    /// An override shows a side to somebody; it never lets their commands through before the side is the writer.
    fn over(&self, name: &str, binding: &Binding, ctx: &Ctx, kind: Kind) -> Option<&Override> {
        let all = &self.inside.table.overrides;
        if all.is_empty() || (kind != Kind::Query && !binding.state.writes_at_to()) {
            return None;
        }
        let mine = all.iter().find(|over| over.module == name && *over.subject == *ctx.subject)?;
        (mine.until > self.clock.now()).then_some(mine)
    }
}

/// At the call seam a legacy system whose pages are moved by routes speaks no protocol of ours: calls that pages of
/// ours still make are answered here.
fn of_call<'a>(binding: &Binding, target: &'a Target) -> &'a Target {
    match target {
        Target::Legacy(_) if !binding.routes.is_empty() => &Target::Here,
        other => other,
    }
}

/// At the route seam a module's own `remote` is a service for calls: its pages stay here. A group's is a site.
fn of_route<'a>(name: &str, target: &'a Target) -> &'a Target {
    match target {
        Target::Remote(_) if !name.contains('/') => &Target::Here,
        other => other,
    }
}

impl Decide for Switch {
    fn decide(&self, ctx: &Ctx, op: &Op) -> Target {
        let look = Look { inside: self.inside.load_full(), clock: Arc::clone(&self.clock) };
        let Some(binding) = look.inside.table.bindings.get(op.module) else { return Target::Here };
        let target = match op.kind {
            Kind::Feed => &Target::Here,
            Kind::Query | Kind::Command => {
                look.target(op.module, binding, ctx, &Unseen, op.kind, &OnceCell::new()).0
            }
        };
        of_call(binding, binding.of_kind(op.kind, target)).clone()
    }

    fn pin(&self, ctx: &Ctx, seen: &dyn Seen) -> Pin {
        self.look().pin(ctx, seen)
    }

    fn fallback(&self, op: &Op, target: &Target) -> Option<Fallback> {
        let inside = self.inside.load();
        let binding = inside.table.bindings.get(op.module)?;
        let to = of_call(binding, binding.other_side(target)?);
        (to != target).then(|| Fallback { to: to.clone(), wait: binding.breaker.wait.get() })
    }
}

impl InForce {
    fn new(table: Arc<Table>) -> Self {
        let routes = RouteTable::new(table.bindings.iter().flat_map(|(name, binding)| {
            binding.routes.iter().map(|route| (Arc::clone(name), route.clone()))
        }));
        let pins = Pins::new(&table);
        Self { table, routes, pins }
    }
}

/// Every pin that the ranges and rules of a table can come to, each made once: at the edge nothing is allocated.
struct Pins {
    /// Per module binding, in the table's order, the targets that it may choose.
    choices: Vec<Vec<Target>>,
    /// By mixed radix over the choices. Empty when there are too many to keep.
    made: Vec<OnceLock<Pin>>,
}

impl Pins {
    const MOST: usize = 4_096;

    fn new(table: &Table) -> Self {
        let choices: Vec<_> = modules(table).map(|(_, binding)| choices(binding)).collect();
        let count =
            choices.iter().try_fold(1usize, |n, c| n.checked_mul(c.len())).filter(|n| *n <= Self::MOST);
        Self { choices, made: (0..count.unwrap_or(0)).map(|_| OnceLock::new()).collect() }
    }

    fn get<'a>(
        &self,
        table: &'a Table,
        target: impl Fn(&str, &'a Binding) -> (&'a Target, &'a Target),
    ) -> Pin {
        let mut place = Some(0);
        for ((name, binding), choices) in modules(table).zip(&self.choices) {
            let (query, command) = target(name, binding);
            let at = choices.iter().position(|choice| choice == query).filter(|_| query == command);
            place = place.zip(at).map(|(place, at)| place * choices.len() + at);
        }
        let make = || {
            Pin::new(
                table.epoch,
                modules(table).map(|(name, binding)| {
                    let (query, command) = target(name, binding);
                    let feed = of_call(binding, binding.of_kind(Kind::Feed, query)).clone();
                    (Arc::clone(name), Targets { query: query.clone(), command: command.clone(), feed })
                }),
            )
        };
        match place.and_then(|place| self.made.get(place)) {
            Some(kept) => kept.get_or_init(make).clone(),
            None => make(),
        }
    }
}

fn modules(table: &Table) -> impl Iterator<Item = (&Arc<str>, &Binding)> {
    table.bindings.iter().filter(|(name, _)| !name.contains('/'))
}

/// Every target that a module's calls may get, each once.
fn choices(binding: &Binding) -> Vec<Target> {
    let hop = [&binding.hop.from, &binding.hop.to, &Target::Here];
    let ranged = binding.ranges.shares().map(|(target, _)| target);
    let mut all: Vec<_> = ranged
        .chain(binding.rules.iter().map(|rule| &rule.target))
        .chain(hop)
        .map(|t| of_call(binding, t))
        .cloned()
        .collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
