//! Try it: why somebody goes where they go, rule by rule; and an override that shows one side to oneself for a while.

use ::switch::{Binding, Explanation, Look, Rule, Table};
use actix_web::{HttpResponse, http::StatusCode, web};
use askama::Template;
use cockpit::{CockpitError, OverrideAsk};
use kernel::{Actor, Ctx, Kind, Role, Seen};
use serde::Deserialize;

use super::{MAY_CHANGE, MAY_LOOK, may_change, module::target_choices, words};
use crate::{
    admin::page::moment,
    api::Query,
    edge::{FlashKind, Form, Shell, Stop, Visit},
    pages::{
        account::own_path,
        pieces::{Choice, Troubles},
    },
};

#[derive(Template)]
#[template(path = "admin/switch_try.html")]
struct TryPage {
    shell: Shell,
    own_hint: String,
    wish: Wish,
    roles: Vec<Choice>,
    methods: Vec<Choice>,
    bindings: Vec<Choice>,
    kinds: Vec<Choice>,
    /// Nothing until something was asked.
    found: Option<Found>,
    trouble: String,
    hold_modules: Vec<Choice>,
    hold_targets: Vec<Choice>,
    hold_lasts: Vec<Choice>,
    hold_troubles: Troubles,
    may_change: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    subject: String,
    role: String,
    binding: String,
    kind: String,
    method: String,
    path: String,
    header: String,
    cookie: String,
}

/// The answer, and each thing that was looked at on the way to it.
struct Found {
    target: String,
    class: &'static str,
    binding: String,
    bucket: u32,
    epoch: u64,
    why: String,
    looks: Vec<LookedAt>,
}

/// One thing that may decide; `mark` is `decides`, `no` or `not asked`.
struct LookedAt {
    what: String,
    mark: &'static str,
    words: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct HoldFields {
    module: String,
    target: String,
    lasts: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EndFields {
    next: String,
}

pub(super) async fn show(visit: Visit, Query(wish): Query<Wish>) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    page(&visit, wish, HoldFields::default(), Troubles::default(), StatusCode::OK)
}

fn page(
    visit: &Visit,
    mut wish: Wish,
    hold: HoldFields,
    hold_troubles: Troubles,
    status: StatusCode,
) -> Result<HttpResponse, Stop> {
    let own = visit.ctx.subject.to_string();
    let asked = !(wish.binding.is_empty() && wish.path.is_empty());
    if wish.subject.trim().is_empty() {
        wish.subject.clone_from(&own);
    }
    let look = visit.portal.cockpit.switch().look();
    let (found, trouble) = match asked.then(|| explain(visit, &look, &wish)) {
        Some(Ok(found)) => (Some(found), String::new()),
        Some(Err(trouble)) => (None, trouble),
        None => (None, String::new()),
    };
    let hold = proposed(hold, &wish, look.table());
    let names: Vec<String> = look.table().bindings.keys().map(ToString::to_string).collect();
    let bindings = |chosen: &str| {
        names.iter().map(move |name| Choice::new(name, name, name == chosen)).collect::<Vec<_>>()
    };
    let choices = |all: &[(&str, &str)], chosen: &str| -> Vec<Choice> {
        all.iter().map(|(value, label)| Choice::new(value, label, *value == chosen)).collect()
    };
    let mut roles = vec![Choice::new(
        "",
        if wish.subject == own { "Mine" } else { "Nobody signed in" },
        wish.role.is_empty(),
    )];
    roles.extend(Role::ALL.map(|role| Choice::new(role, role, role.as_str() == wish.role)));
    let mut by_name = vec![Choice::new("", "By method and path", wish.binding.is_empty())];
    by_name.extend(bindings(&wish.binding));
    let lasts = [("15m", "15 minutes"), ("1h", "1 hour"), ("4h", "4 hours"), ("24h", "24 hours")];
    let shown = TryPage {
        roles,
        bindings: by_name,
        kinds: choices(&[("query", "A query"), ("command", "A command")], &wish.kind),
        methods: choices(&["GET", "POST", "PUT", "PATCH", "DELETE"].map(|m| (m, m)), &wish.method),
        found,
        trouble,
        hold_modules: bindings(&hold.module),
        hold_targets: target_choices(visit, &hold.target),
        hold_lasts: choices(&lasts, if hold.lasts.is_empty() { "1h" } else { &hold.lasts }),
        hold_troubles,
        may_change: may_change(visit),
        own_hint: format!("Yours is {own}"),
        wish,
        shell: visit.shell(),
    };
    visit.page_as(status, &shown)
}

/// What was explained last, else what is on the way, at the side that is new.
fn proposed(mut hold: HoldFields, wish: &Wish, table: &Table) -> HoldFields {
    if hold.module.is_empty() {
        let mut moving = table.bindings.iter().filter(|(_, binding)| binding.is_hopping());
        let asked = table.bindings.get_key_value(wish.binding.as_str()).or_else(|| moving.next());
        if let Some((name, binding)) = asked {
            hold.module = name.to_string();
            hold.target = binding.hop.to.to_string();
        }
    }
    hold
}

fn explain(visit: &Visit, look: &Look, wish: &Wish) -> Result<Found, String> {
    let asked =
        Asked { path: wish.path.trim(), header: pair(&wish.header, ':'), cookie: pair(&wish.cookie, '=') };
    let method = if wish.method.is_empty() { "GET" } else { &wish.method };
    let name = match wish.binding.split('.').next().unwrap_or_default() {
        "" => look.route_binding(method, asked.path).ok_or_else(|| {
            format!("{method} {} is declared by no group of routes, so its page is made here.", asked.path)
        })?,
        name => name,
    };
    let binding = look.table().bindings.get(name).ok_or_else(|| format!("`{name}` has no binding."))?;
    let kind = if wish.kind == "command" { Kind::Command } else { Kind::Query };
    let ctx = Ctx { subject: wish.subject.trim().into(), ..visit.ctx.clone().acting_as(actor(visit, wish)) };
    let explained =
        look.explain(name, &ctx, &asked, kind).ok_or_else(|| format!("`{name}` has no binding."))?;
    Ok(Found::of(visit, binding, explained))
}

fn actor(visit: &Visit, wish: &Wish) -> Actor {
    match wish.role.parse() {
        Ok(role) => Actor::Machine { name: "explained".to_owned(), role },
        Err(_) if wish.subject.trim() == &*visit.ctx.subject => visit.ctx.actor.clone(),
        Err(_) => Actor::Anonymous,
    }
}

impl Found {
    fn of(visit: &Visit, binding: &Binding, explained: Explanation) -> Self {
        let now = visit.portal.outside.now();
        let mut looks = vec![match &explained.over {
            Some(id) => {
                LookedAt { what: "Override".to_owned(), mark: "decides", words: format!("{id} is in force") }
            }
            None => LookedAt {
                what: "Override".to_owned(),
                mark: "no",
                words: "none for this subject".to_owned(),
            },
        }];
        let decided = explained.over.is_some();
        for (at, rule) in binding.rules.iter().enumerate() {
            let mark = match explained.rule {
                _ if decided => "not asked",
                Some(decider) if at == decider => "decides",
                Some(decider) if at > decider => "not asked",
                _ => "no",
            };
            looks.push(LookedAt {
                what: format!("Rule {}", at + 1),
                mark,
                words: rule_words(visit, rule, now),
            });
        }
        for (at, (target, share)) in binding.ranges_at(now).shares().enumerate() {
            let mark = match explained.range {
                None => "not asked",
                Some(_) if *target == explained.target => "decides",
                Some(_) => "no",
            };
            let words = format!("{target} has {} % of all buckets", words::percent(share));
            looks.push(LookedAt { what: format!("Range {}", at + 1), mark, words });
        }
        Self {
            class: words::kind(&explained.target),
            target: explained.target.to_string(),
            binding: explained.binding,
            bucket: explained.bucket,
            epoch: explained.epoch,
            why: crate::pages::say::sentence(&explained.why),
            looks,
        }
    }
}

fn rule_words(visit: &Visit, rule: &Rule, now: jiff::Timestamp) -> String {
    let until = moment(visit.locale, rule.until);
    let over = if rule.until <= now { " (it has ended)" } else { "" };
    format!("{} goes to {} until {until}{over}", rule.when, rule.target)
}

/// What the visitor of the page imagines was asked.
struct Asked<'a> {
    path: &'a str,
    header: Option<(String, String)>,
    cookie: Option<(String, String)>,
}

fn pair(text: &str, between: char) -> Option<(String, String)> {
    let (name, value) = text.split_once([between, '=']).unwrap_or((text, ""));
    (!name.trim().is_empty()).then(|| (name.trim().to_owned(), value.trim().to_owned()))
}

impl Seen for Asked<'_> {
    fn path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    fn has_header(&self, name: &str, value: Option<&str>) -> bool {
        self.header
            .as_ref()
            .is_some_and(|(own, text)| own.eq_ignore_ascii_case(name) && value.is_none_or(|v| v == text))
    }

    fn has_cookie(&self, name: &str, value: Option<&str>) -> bool {
        self.cookie.as_ref().is_some_and(|(own, text)| own == name && value.is_none_or(|v| v == text))
    }
}

pub(super) async fn hold(form: Form<HoldFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    let wrong = |field: &str, why: String, fields: HoldFields| {
        page(&visit, Wish::default(), fields, Troubles::one(field, why), StatusCode::UNPROCESSABLE_ENTITY)
    };
    let target = match fields.target.parse() {
        Ok(target) => target,
        Err(error) => return wrong("target", kernel::NotParsed::to_string(&error), fields),
    };
    let ttl = match fields.lasts.parse() {
        Ok(ttl) => ttl,
        Err(error) => return wrong("lasts", error, fields),
    };
    let ask =
        OverrideAsk { subject: visit.ctx.subject.to_string(), module: fields.module.clone(), target, ttl };
    match visit.portal.cockpit.put_override(&visit.ctx, ask).await {
        Ok((over, _)) => {
            let said = format!("You see {} at {} from now on.", over.module, over.target);
            Ok(visit.redirect_saying("/admin/switch/try", FlashKind::Ok, &said))
        }
        Err(error @ (CockpitError::Override(_) | CockpitError::File(_) | CockpitError::NoBinding(..))) => {
            wrong("target", error.to_string(), fields)
        }
        Err(error) => Err(error.into()),
    }
}

/// Back to the page on which it was ended.
pub(super) async fn end(id: web::Path<String>, form: Form<EndFields>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    visit.portal.cockpit.end_override(&visit.ctx, &id).await?;
    let to = own_path(&fields.next).unwrap_or("/admin/switch/try");
    Ok(visit.redirect_saying(
        to,
        FlashKind::Ok,
        "The override has ended; you go where everybody like you goes.",
    ))
}
