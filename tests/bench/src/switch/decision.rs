//! What one decision costs: on a table where everything is under way at once, with warm pins, as a busy portal has it.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use kernel::{Actor, Ctx, Decide, Kind, Op, Outside, Seen, SystemClock, Unseen};
use switch::{BindingFile, Known, Look, Switch, Table};

use super::quantiles::Times;
use crate::{Options, clock::thread_cpu, figures::Figures};

const MODULES: [&str; 5] = ["accounts", "booking", "notes", "search", "status"];
const GROUPS: usize = 20;
const SUBJECTS: usize = 1_024;
/// Decisions between two looks at the clock.
const BATCH: usize = 256;
const LIST: &Op = &Op { module: "notes", name: "list", kind: Kind::Query };
const MEASURED_ON: &str =
    "5 modules in mid-ramp (one by time), 20 route groups of 3 routes, 3 rules on each module";

/// The names of one kind of decision's figures.
struct Named {
    p50: &'static str,
    p99: &'static str,
    single: &'static str,
    allocations: &'static str,
}

const DECIDE: Named = Named {
    p50: "decision.p50_ns",
    p99: "decision.p99_ns",
    single: "decision.single_p99_ns",
    allocations: "decision.allocations",
};
const PIN: Named = Named {
    p50: "pin.p50_ns",
    p99: "pin.p99_ns",
    single: "pin.single_p99_ns",
    allocations: "pin.allocations",
};
const ROUTE: Named = Named {
    p50: "route.p50_ns",
    p99: "route.p99_ns",
    single: "route.single_p99_ns",
    allocations: "route.allocations",
};

pub(super) fn run(options: &Options) -> Result<Figures> {
    let batches = if options.quick { 400 } else { 20_000 };
    let switch = Switch::new(table()?, Arc::new(SystemClock));
    let people: Vec<Ctx> = (0..SUBJECTS).map(person).collect();
    let request = Request::plain();
    let look = switch.look();
    ensure!(look.route(&person(0), &request, "POST", "/area19/things/7").is_some(), "a route is known");
    let mut figures = Figures::default();
    let mut take =
        |named: &Named, decide: &dyn Fn(&Ctx)| measure(named, batches, &people, decide, &mut figures);
    take(&DECIDE, &|ctx| drop(black_box(switch.decide(ctx, LIST))));
    take(&PIN, &|ctx| drop(black_box(Look::pin(&look, ctx, &request))));
    take(&ROUTE, &|ctx| drop(black_box(look.route(ctx, &request, "POST", "/area19/things/7"))));
    ensure!(switch.pin(&person(0), &Unseen).target("notes", Kind::Query).is_some(), "a pin speaks of notes");
    Ok(figures)
}

fn measure(named: &Named, batches: usize, people: &[Ctx], decide: &dyn Fn(&Ctx), figures: &mut Figures) {
    // Every combination of targets has its pin made at its first use in an epoch.
    people.iter().for_each(decide);
    let counted = allocation_counter::measure(|| people.iter().for_each(decide));
    let mut subjects = people.iter().cycle();
    let mut batched = Times::default();
    for _ in 0..batches {
        // Of the processor: a batch is long enough to be interrupted.
        let begun = thread_cpu();
        subjects.by_ref().take(BATCH).for_each(decide);
        batched.add(thread_cpu().saturating_sub(begun) / u32::try_from(BATCH).unwrap_or(u32::MAX));
    }
    let (mut single, mut idle) = (Times::default(), Times::default());
    for ctx in subjects.take(batches * 16) {
        let begun = Instant::now();
        decide(ctx);
        single.add(begun.elapsed());
        let begun = Instant::now();
        idle.add(begun.elapsed());
    }
    let clock = idle.at(500);
    let alone = single.at(990).saturating_sub(clock);
    let on = format!("{MEASURED_ON}; mean processor time of {BATCH}, {batches} times");
    figures.less(named.p50, "ns", nanoseconds(batched.at(500)), None, &on);
    figures.less(named.p99, "ns", nanoseconds(batched.at(990)), Some(1_000.0), &on);
    let on = format!("one at a time, less the clock's own {clock:?}");
    figures.less(named.single, "ns", nanoseconds(alone), Some(1_000.0), &on);
    #[expect(clippy::cast_precision_loss, reason = "counts of a thousand decisions")]
    let each = counted.count_total as f64 / people.len() as f64;
    figures.less(
        named.allocations,
        "",
        each,
        Some(0.0),
        "by a counting allocator; an epoch's pins are made already",
    );
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

fn person(number: usize) -> Ctx {
    Ctx { subject: format!("s-{number:020}").into(), ..Ctx::new(Actor::Anonymous, "bench") }
}

/// Everything at once: shares, a time ramp, rules that hold for nobody here, and groups of routes.
fn table() -> Result<Table> {
    let known = Known {
        modules: MODULES.map(str::to_owned).to_vec(),
        upstreams: vec!["far".to_owned(), "res".to_owned()],
        sites: Vec::new(),
    };
    let now = Outside::system().now();
    let mut table = Table::here(&MODULES);
    for module in MODULES {
        let ramp = if module == "status" { "ramp = { over = \"1h\" }" } else { "" };
        let text = format!(
            "module = \"{module}\"
             hop = {{ from = \"here\", to = \"remote:far\" }}
             ranges = {{ \"remote:far\" = 30000, here = 70000 }}
             rules = [ {{ when = {{ role = \"migrator\" }}, target = \"remote:far\", until = \"2999-01-01\" }},
                       {{ when = {{ header = \"X-Beta: 1\" }}, target = \"remote:far\", until = \"2999-01-01\" }},
                       {{ when = {{ cookie = \"beta=yes\" }}, target = \"remote:far\", until = \"2999-01-01\" }} ]
             {ramp}"
        );
        table = table.with(module, BindingFile::parse(&text)?.binding(&known, now)?);
    }
    for group in 0..GROUPS {
        let text = format!(
            "module = \"area{group}/all\"
             hop = {{ from = \"here\", to = \"legacy:res\" }}
             ranges = {{ here = 70000, \"legacy:res\" = 30000 }}
             routes = [ {{ match = \"GET /area{group}\", kind = \"query\" }},
                        {{ match = \"GET /area{group}/things/{{id}}\", kind = \"query\" }},
                        {{ match = \"POST /area{group}/things/{{id}}\", kind = \"unkeyed\" }} ]"
        );
        table = table.with(&format!("area{group}/all"), BindingFile::parse(&text)?.binding(&known, now)?);
    }
    Ok(table)
}

/// A request as browsers send them, that no rule is for.
struct Request(Vec<(&'static str, &'static str)>);

impl Request {
    fn plain() -> Self {
        Self(vec![
            ("host", "portal.example"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
            ("accept", "text/html,application/xhtml+xml"),
            ("accept-language", "en-GB,en;q=0.5"),
            ("accept-encoding", "gzip, deflate, br"),
            ("cookie", "subject=s-7Q; theme=dark"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-mode", "navigate"),
        ])
    }
}

impl Seen for Request {
    fn path(&self) -> &'static str {
        "/area19/things/7"
    }

    fn has_header(&self, name: &str, value: Option<&str>) -> bool {
        let of_name = self.0.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        of_name.into_iter().any(|(_, own)| value.is_none_or(|value| value == *own))
    }

    fn has_cookie(&self, name: &str, value: Option<&str>) -> bool {
        let lines = self.0.iter().filter(|(own, _)| *own == "cookie");
        lines.flat_map(|(_, line)| line.split(';')).any(|pair| {
            let (own, text) = pair.split_once('=').unwrap_or((pair, ""));
            own.trim() == name && value.is_none_or(|value| text.trim() == value)
        })
    }
}
