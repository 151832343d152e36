//! The cockpit's screens: the board, one module with "who would move" before any save, the way back and KILL. All
//! of it works without scripts.

use std::collections::BTreeMap;

use ::switch::{BUCKETS, Binding, BindingFile, Hop, Ranges, State, Table, To};
use actix_web::{HttpResponse, web};
use askama::Template;
use cockpit::{CockpitError, Done};
use kernel::{AuditRow, PageAsk, Role, Target};
use serde::Deserialize;

use super::page::{Reason, given, moment};
use crate::{
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::pieces::Choice,
};

const MAY_LOOK: [Role; 3] = [Role::Migrator, Role::Ops, Role::Auditor];

#[derive(Template)]
#[template(path = "admin/switch_board.html")]
struct Board {
    shell: Shell,
    epoch: u64,
    rows: Vec<RowView>,
    may_change: bool,
}

/// A module's line, in the shape of `pieces/cockpit.html`.
struct RowView {
    module: String,
    href: String,
    kill: String,
    states: Vec<StepView>,
    remote: String,
    here: String,
    legacy: String,
    sides: Vec<SideView>,
    change: String,
    by: String,
    lamp: &'static str,
    lamp_words: &'static str,
}

struct StepView {
    name: &'static str,
    state: &'static str,
}

struct SideView {
    name: String,
    class: &'static str,
    percent: String,
    rate: String,
    p99: String,
}

pub(super) async fn board(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let table = visit.portal.cockpit.table();
    let audit =
        visit.portal.cockpit.audit(PageAsk::first(200)).await.map(|page| page.items).unwrap_or_default();
    let rows = table.bindings.iter().map(|(name, binding)| row(&visit, name, binding, &audit)).collect();
    let may_change = visit.ctx.actor.may(&[Role::Migrator]);
    visit.page(&Board { shell: visit.shell(), epoch: table.epoch, rows, may_change })
}

fn row(visit: &Visit, module: &str, binding: &Binding, audit: &[AuditRow]) -> RowView {
    let last = audit.iter().find(|row| row.subject == module || row.subject == "all");
    let halted = binding.state == State::Halted;
    RowView {
        module: module.to_owned(),
        href: format!("/admin/switch/{module}"),
        kill: format!("/admin/switch/{module}/kill"),
        states: steps(binding),
        remote: percent(share(binding, |t| matches!(t, Target::Remote(_)))),
        here: percent(share(binding, |t| *t == Target::Here)),
        legacy: percent(share(binding, |t| matches!(t, Target::Legacy(_)))),
        sides: binding.ranges.shares().map(side).collect(),
        change: last.map_or_else(
            || "Never changed".to_owned(),
            |row| format!("{}, {}", row.action, moment(visit.locale, row.at)),
        ),
        by: last.map_or_else(String::new, |row| row.actor.clone()),
        lamp: if halted { "open" } else { "closed" },
        lamp_words: if halted { "Halted" } else { "Free to move" },
    }
}

/// Where the hop is, of the states that exist so far.
fn steps(binding: &Binding) -> Vec<StepView> {
    let moved = BUCKETS - binding.ranges.share(&binding.hop.from);
    let at = match (binding.state, &binding.hop) {
        (State::Halted, _) => 3,
        (_, Hop { from, to }) if from == to => 0,
        _ if moved == 0 => 0,
        _ if moved < BUCKETS => 1,
        _ => 2,
    };
    let names = ["Home", "Ramp", "Moved", "Halted"];
    let shown = if at == 3 { names.len() } else { 3 };
    names
        .into_iter()
        .take(shown)
        .enumerate()
        .map(|(place, name)| StepView {
            name,
            state: if place == at {
                "here"
            } else if place < at && at < 3 {
                "done"
            } else {
                ""
            },
        })
        .collect()
}

fn share(binding: &Binding, wanted: impl Fn(&Target) -> bool) -> u32 {
    binding.ranges.shares().filter(|(target, _)| wanted(target)).map(|(_, share)| share).sum()
}

/// Thousandths of a percent as a plain number: `12.5`.
fn percent(buckets: u32) -> String {
    let text = format!("{}.{:03}", buckets / 1_000, buckets % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn side((target, share): (&Target, u32)) -> SideView {
    let class = match target {
        Target::Remote(_) => "remote",
        Target::Here => "here",
        Target::Legacy(_) => "legacy",
    };
    SideView {
        name: target.to_string(),
        class,
        percent: format!("{} %", percent(share)),
        rate: String::new(),
        p99: String::new(),
    }
}

#[derive(Template)]
#[template(path = "admin/switch_module.html")]
struct ModulePage {
    shell: Shell,
    module: String,
    row: RowView,
    epoch: u64,
    targets: Vec<Choice>,
    typed: Typed,
    movers: Option<Movers>,
    trouble: String,
    rules: Vec<String>,
    audit: Vec<(String, String, String, String)>,
    may_change: bool,
}

struct Movers {
    words: Vec<String>,
}

/// What the form holds: how much goes to one far side; the rest stays here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    target: String,
    percent: String,
    reason: String,
    epoch: String,
    /// `preview` or `apply`: which button was pressed.
    step: String,
}

pub(super) async fn module(visit: Visit, name: web::Path<String>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    show(&visit, &name, Typed::default(), None, String::new()).await
}

async fn show(
    visit: &Visit,
    name: &str,
    mut typed: Typed,
    movers: Option<Movers>,
    trouble: String,
) -> Result<HttpResponse, Stop> {
    let table = visit.portal.cockpit.table();
    let binding = table.bindings.get(name).ok_or(Stop::NotFound)?;
    let all =
        visit.portal.cockpit.audit(PageAsk::first(200)).await.map(|page| page.items).unwrap_or_default();
    let own = all.iter().filter(|row| row.subject == name || row.subject == "all").take(20);
    prefill(&mut typed, binding, &table, visit);
    let upstreams = &visit.portal.cockpit.known().upstreams;
    let targets = upstreams.iter().map(|upstream| format!("remote:{upstream}"));
    visit.page(&ModulePage {
        row: row(visit, name, binding, &all),
        module: name.to_owned(),
        epoch: table.epoch,
        targets: targets.map(|target| Choice::new(&target, &target, target == typed.target)).collect(),
        typed,
        movers,
        trouble,
        rules: binding
            .rules
            .iter()
            .map(|rule| format!("{} goes to {} until {}", rule.when, rule.target, rule.until))
            .collect(),
        audit: own
            .map(|r| (moment(visit.locale, r.at), r.actor.clone(), r.action.clone(), r.reason.clone()))
            .collect(),
        may_change: visit.ctx.actor.may(&[Role::Migrator]),
        shell: visit.shell(),
    })
}

/// An empty form shows how things are.
fn prefill(typed: &mut Typed, binding: &Binding, table: &Table, visit: &Visit) {
    if typed.epoch.is_empty() {
        typed.epoch = table.epoch.to_string();
    }
    let far = binding.ranges.shares().find(|(target, _)| **target != Target::Here);
    if typed.target.is_empty() {
        let first =
            visit.portal.cockpit.known().upstreams.first().map(|upstream| format!("remote:{upstream}"));
        typed.target = far.map(|(target, _)| target.to_string()).or(first).unwrap_or_default();
    }
    if typed.percent.is_empty() {
        typed.percent = percent(far.map_or(0, |(_, share)| share));
    }
}

pub(super) async fn apply(name: web::Path<String>, form: Form<Typed>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[Role::Migrator])?;
    let file = match file(&name, &fields) {
        Ok(file) => file,
        Err(trouble) => return show(&visit, &name, fields, None, trouble).await,
    };
    let moves = match visit.portal.cockpit.preview(&file) {
        Ok(preview) => preview.moves,
        Err(error) => return show(&visit, &name, fields, None, error.to_string()).await,
    };
    if fields.step != "apply" {
        let words = moves
            .iter()
            .map(|m| format!("{} % of people go from {} to {}", percent(m.buckets), m.from, m.to));
        let movers = Some(Movers { words: words.collect() });
        return show(&visit, &name, fields, movers, String::new()).await;
    }
    let reason = given(&fields.reason)?.to_owned();
    let epoch = fields
        .epoch
        .parse()
        .map_err(|_| Stop::BadRequest("The form lost its epoch; load it again.".into()))?;
    match visit.portal.cockpit.apply(&visit.ctx, &file, Some(epoch), &reason).await {
        Ok(done) => {
            let said = said(&name, "moved", &done);
            Ok(visit.redirect_saying(&format!("/admin/switch/{name}"), FlashKind::Ok, &said))
        }
        Err(error @ CockpitError::Conflict(_)) => show(&visit, &name, fields, None, error.to_string()).await,
        Err(error) => Err(error.into()),
    }
}

fn file(module: &str, typed: &Typed) -> Result<BindingFile, String> {
    let target: Target = typed.target.parse().map_err(|e: kernel::NotParsed| e.to_string())?;
    let wrong = || format!("`{}` is not a share: write 0 to 100, with at most three decimals", typed.percent);
    let (whole, part) = typed.percent.trim().split_once('.').unwrap_or((typed.percent.trim(), ""));
    if part.len() > 3 || whole.is_empty() || !format!("{whole}{part}").bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let buckets: u32 = format!("{whole}{part:0<3}").parse().map_err(|_| wrong())?;
    let here = BUCKETS.checked_sub(buckets).ok_or_else(wrong)?;
    let ranges: BTreeMap<Target, u32> = [(target.clone(), buckets), (Target::Here, here)].into();
    let hop = Hop { from: Target::Here, to: target };
    let binding = Binding { hop, ranges: Ranges::new(ranges).map_err(|e| e.to_string())?, ..Binding::here() };
    Ok(BindingFile::of(module, &binding))
}

pub(super) async fn back(name: web::Path<String>, form: Form<Reason>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[Role::Migrator])?;
    let done = visit.portal.cockpit.transition(&visit.ctx, &name, To::Back, None, &fields.reason).await?;
    let said = said(&name, "back", &done);
    Ok(visit.redirect_saying(&format!("/admin/switch/{name}"), FlashKind::Ok, &said))
}

fn said(name: &str, how: &str, done: &Done) -> String {
    match done {
        Done::InForce(changed) => format!("{name} is {how}: epoch {} is in force.", changed.epoch),
        Done::Waiting { .. } => format!("{name}: the change waits for somebody else to approve it."),
    }
}

/// One press: the reason is that somebody pressed it, unless they say more.
pub(super) async fn kill(name: web::Path<String>, form: Form<Reason>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&[Role::Migrator])?;
    let reason =
        if fields.reason.trim().is_empty() { "KILL pressed on the board" } else { fields.reason.trim() };
    let changed = visit.portal.cockpit.kill(&visit.ctx, Some(&name), reason).await?;
    let stored = if changed.stored {
        ""
    } else {
        " The switch's database did not take it: it holds in this replica only."
    };
    let said = format!("{name} is killed and frozen: epoch {} is in force.{stored}", changed.epoch);
    Ok(visit.redirect_saying("/admin/switch", FlashKind::Warning, &said))
}
