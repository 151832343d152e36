//! One binding, a module or a group of routes: its way on and back, the editor with "who would move" before any save,
//! its measures, and every change with its difference. Also the page where a new group begins.

use ::switch::{Binding, BindingFile, State};
use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;
use cockpit::{AuditEntry, CockpitError, Preview};
use kernel::PageAsk;

use super::{
    MAY_CHANGE, MAY_LOOK, board,
    changes::WaitingView,
    editor::{Fields, RULE_KINDS, RuleFields},
    history::{ChangeView, GateView},
    lines::{self, Chart},
    may_change, name_of,
    people::People,
    plan::{self, PlannedStep},
    row::{self, RowView},
    soon, steps, words,
};
use crate::{
    edge::{Form, Shell, Stop, Visit},
    pages::pieces::{Choice, Troubles},
};

#[derive(Template)]
#[template(path = "admin/switch_module.html")]
struct ModulePage {
    shell: Shell,
    name: String,
    row: RowView,
    epoch: u64,
    edit: EditView,
    refused: Vec<String>,
    step_reason: String,
    next_label: String,
    may_advance: bool,
    may_hold: bool,
    may_back: bool,
    removable: bool,
    plan: Vec<PlannedStep>,
    charts: Vec<Chart>,
    gates: Vec<GateView>,
    waiting: Vec<WaitingView>,
    /// Nothing for "the switch's database gives no answer".
    history: Option<Vec<ChangeView>>,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "admin/switch_new.html")]
struct NewPage {
    shell: Shell,
    edit: EditView,
}

/// The editor, as the form or as a file.
struct EditView {
    /// Where it is posted to.
    action: String,
    epoch: String,
    name: String,
    /// A group has routes; a module may have some.
    group: bool,
    fields: Fields,
    from: Vec<Choice>,
    to: Vec<Choice>,
    third: Vec<Choice>,
    fallback: Vec<Choice>,
    from_state: Vec<Choice>,
    rules: Vec<RuleView>,
    file: String,
    /// Which of the two was sent, and is shown open.
    as_file: bool,
    movers: Option<Movers>,
    troubles: Troubles,
}

struct RuleView {
    at: usize,
    kinds: Vec<Choice>,
    value: String,
    targets: Vec<Choice>,
    until: String,
    new: bool,
}

struct Movers {
    words: Vec<String>,
    needs_people: u32,
    /// A mark of what was previewed, so that nothing else is put in force by the same press.
    mark: String,
}

/// What a page shows beside how things are: what was typed, what came of it.
#[derive(Default)]
pub(super) struct Showing {
    pub(super) status: StatusCode,
    pub(super) refused: Vec<String>,
    pub(super) step_reason: String,
    pub(super) edit: Edit,
}

/// What stands in the editor.
#[derive(Default)]
pub(super) struct Edit {
    sent: Vec<(String, String)>,
    movers: Option<Movers>,
    troubles: Troubles,
}

pub(super) async fn show(request: HttpRequest, visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    page(&visit, &name_of(&request), Showing::default()).await
}

pub(super) async fn page(visit: &Visit, name: &str, showing: Showing) -> Result<HttpResponse, Stop> {
    let cockpit = &visit.portal.cockpit;
    let table = cockpit.table();
    let binding = table.bindings.get(name).ok_or(Stop::NotFound)?;
    let (history, waiting) =
        futures_util::join!(soon(cockpit.audit_entries(PageAsk::first(200))), soon(cockpit.waiting()));
    let history = history.map(|page| {
        let touches = |entry: &AuditEntry| {
            entry.subject == name || entry.detail.changes.iter().any(|change| change.module == name)
        };
        page.items.into_iter().filter(touches).take(25).collect::<Vec<_>>()
    });
    let mut waiting = waiting.unwrap_or_default();
    waiting.retain(|change| change.module == name);
    let labels = history
        .iter()
        .flatten()
        .flat_map(ChangeView::labels)
        .chain(waiting.iter().flat_map(WaitingView::labels));
    let people = People::of(visit, labels.chain(binding.last.iter().map(|last| &*last.by))).await;
    let (now, may) = (visit.portal.outside.now(), may_change(visit));
    let mut row = board::row(&visit.portal, name, binding, may, now);
    row.by = people.name(&row.by);
    let series = row::named(&cockpit.traffic().series(name));
    let status = showing.status;
    let moves = binding.is_hopping() && !matches!(binding.state, State::Halted | State::Retired);
    let shown = ModulePage {
        epoch: table.epoch,
        edit: EditView::of(visit, name, binding, table.epoch, showing.edit),
        refused: showing.refused,
        step_reason: showing.step_reason,
        next_label: plan::next_label(binding, now),
        may_advance: may
            && moves
            && !binding.glide.is_some_and(|glide| glide.begins <= now && now < glide.ends()),
        may_hold: may && moves,
        may_back: may
            && binding.state != State::Retired
            && (binding.is_hopping() || binding.state == State::Halted),
        removable: may && name.contains('/'),
        plan: plan::calendar(binding, now, visit.locale),
        charts: lines::charts(&series),
        gates: binding.gates.iter().map(GateView::of).collect(),
        waiting: waiting.iter().map(|change| WaitingView::of(visit, change, &people)).collect(),
        history: history.map(|all| all.iter().map(|entry| ChangeView::of(visit, entry, &people)).collect()),
        may_change: may,
        name: name.to_owned(),
        row,
        shell: visit.shell(),
    };
    visit.page_as(status, &shown)
}

impl EditView {
    fn of(visit: &Visit, name: &str, binding: &Binding, epoch: u64, edit: Edit) -> Self {
        let fields = begun(visit, name, binding).with(&edit.sent);
        let more = [binding.hop.from.clone(), binding.hop.to.clone()];
        let targets = board::targets(&visit.portal, &more);
        let choice = |field: &str| -> Vec<Choice> {
            targets.iter().map(|target| Choice::new(target, target, *target == fields.get(field))).collect()
        };
        let or_none = |field: &str, none: &str| -> Vec<Choice> {
            let none = Choice::new("", none, fields.get(field).is_empty());
            std::iter::once(none).chain(choice(field)).collect()
        };
        let file = if fields.get("file").is_empty() {
            BindingFile::of(name, binding).to_toml()
        } else {
            fields.get("file").to_owned()
        };
        let blank = RuleFields { target: fields.get("target").to_owned(), ..RuleFields::default() };
        let count = fields.rules.len();
        Self {
            action: if name.is_empty() {
                "/admin/switch/new".to_owned()
            } else {
                format!("/admin/switch/{name}/binding")
            },
            epoch: epoch.to_string(),
            name: name.to_owned(),
            group: name.is_empty() || name.contains('/'),
            from: choice("from"),
            to: choice("target"),
            third: or_none("third", "Nobody else"),
            fallback: or_none("fallback", "The other side of the hop"),
            from_state: State::ALL
                .into_iter()
                .filter(|state| *state != State::Halted)
                .map(|state| {
                    Choice::new(state.as_str(), state.as_str(), state.as_str() == fields.get("from_state"))
                })
                .collect(),
            rules: fields
                .rules
                .iter()
                .chain([&blank])
                .enumerate()
                .map(|(at, rule)| RuleView::of(at, rule, at == count, &targets))
                .collect(),
            as_file: edit.sent.iter().any(|(name, _)| name == "file"),
            movers: edit.movers,
            troubles: edit.troubles,
            file,
            fields,
        }
    }
}

/// The form of a binding. One that goes nowhere yet proposes the upstream of its own name.
fn begun(visit: &Visit, name: &str, binding: &Binding) -> Fields {
    let mut fields = Fields::of(binding);
    let upstreams = &visit.portal.cockpit.known().upstreams;
    if !binding.is_hopping() {
        let module = name.split('/').next().unwrap_or_default();
        let own = upstreams.iter().find(|upstream| *upstream == module).or(upstreams.first());
        fields.put("target", own.map_or_else(|| "here".to_owned(), |upstream| format!("remote:{upstream}")));
    }
    fields
}

impl RuleView {
    fn of(at: usize, rule: &RuleFields, new: bool, targets: &[String]) -> Self {
        Self {
            at,
            kinds: RULE_KINDS.map(|(value, label)| Choice::new(value, label, value == rule.kind)).to_vec(),
            value: rule.value.clone(),
            targets: targets
                .iter()
                .map(|target| Choice::new(target, target, *target == rule.target))
                .collect(),
            until: rule.until.clone(),
            new,
        }
    }
}

pub(super) async fn apply(
    request: HttpRequest,
    form: Form<Vec<(String, String)>>,
) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    let name = name_of(&request);
    let table = visit.portal.cockpit.table();
    let binding = table.bindings.get(&*name).ok_or(Stop::NotFound)?;
    match save(&visit, &name, binding, &fields).await? {
        Ok(answer) => Ok(answer),
        Err((status, edit)) => page(&visit, &name, Showing { status, edit, ..Showing::default() }).await,
    }
}

pub(super) async fn new(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_CHANGE)?;
    new_page(&visit, StatusCode::OK, Edit::default())
}

pub(super) async fn create(form: Form<Vec<(String, String)>>) -> Result<HttpResponse, Stop> {
    let Form { visit, fields } = form;
    visit.staff(&MAY_CHANGE)?;
    match save(&visit, "", &Binding::here(), &fields).await? {
        Ok(answer) => Ok(answer),
        Err((status, edit)) => new_page(&visit, status, edit),
    }
}

fn new_page(visit: &Visit, status: StatusCode, edit: Edit) -> Result<HttpResponse, Stop> {
    let epoch = visit.portal.cockpit.table().epoch;
    let edit = EditView::of(visit, "", &Binding::here(), epoch, edit);
    visit.page_as(status, &NewPage { shell: visit.shell(), edit })
}

/// On with it, or the page again with what was typed and why.
type Saved = Result<HttpResponse, (StatusCode, Edit)>;

async fn save(
    visit: &Visit,
    name: &str,
    binding: &Binding,
    sent: &[(String, String)],
) -> Result<Saved, Stop> {
    let fields = begun(visit, name, binding).with(sent);
    let edit = |troubles, movers| Edit { sent: sent.to_vec(), movers, troubles };
    let again = |status, troubles, movers| Ok(Err((status, edit(troubles, movers))));
    let file = match file(name, &fields, binding) {
        Ok(file) => file,
        Err(troubles) => return again(StatusCode::UNPROCESSABLE_ENTITY, troubles, None),
    };
    let preview = match visit.portal.cockpit.preview(&file) {
        Ok(preview) => preview,
        Err(error) => {
            let field = if fields.get("file").is_empty() { "" } else { "file" };
            let why = crate::pages::say::sentence(&error.to_string());
            return again(StatusCode::UNPROCESSABLE_ENTITY, Troubles::one(field, why), None);
        }
    };
    let movers = Movers::of(visit, &preview, &file);
    let previewed = fields.get("previewed");
    if fields.get("step") != "apply" || !(previewed.is_empty() || previewed == movers.mark) {
        return again(StatusCode::OK, Troubles::default(), Some(movers));
    }
    if fields.get("reason").is_empty() {
        let field = if fields.get("file").is_empty() { "reason" } else { "file-reason" };
        let why = Troubles::one(field, "Say why: the reason goes into the audit. Nothing was changed.");
        return again(StatusCode::UNPROCESSABLE_ENTITY, why, Some(movers));
    }
    let expected = super::epoch(fields.get("epoch"))?;
    match visit.portal.cockpit.apply(&visit.ctx, &file, Some(expected), fields.get("reason")).await {
        Ok(done) => {
            let to = format!("/admin/switch/{}", file.module);
            Ok(Ok(steps::said(visit, &to, &format!("{} is saved", file.module), &done)))
        }
        Err(CockpitError::Conflict(epoch)) => {
            again(StatusCode::CONFLICT, Troubles::one("", conflict(visit, &file.module, epoch)), Some(movers))
        }
        Err(error @ (CockpitError::Guards(_) | CockpitError::NoWayBack(_) | CockpitError::File(_))) => {
            again(StatusCode::CONFLICT, Troubles::one("", error.to_string()), Some(movers))
        }
        Err(error) => Err(error.into()),
    }
}

fn file(name: &str, fields: &Fields, binding: &Binding) -> Result<BindingFile, Troubles> {
    let text = fields.get("file");
    if !text.is_empty() {
        let file = BindingFile::parse(text).map_err(|error| Troubles::one("file", error.to_string()))?;
        if !name.is_empty() && file.module != name {
            let why = format!("the file is for `{}`; here only `{name}` can be changed", file.module);
            return Err(Troubles::one("file", why));
        }
        return Ok(file);
    }
    let named = if name.is_empty() { fields.get("name") } else { name };
    if named.is_empty() {
        return Err(Troubles::one("name", "Name the group: module/group, such as notes/view"));
    }
    fields.file(named, binding)
}

/// What came in between, so that whoever typed can decide with open eyes. Nothing typed is lost.
fn conflict(visit: &Visit, name: &str, epoch: u64) -> String {
    let table = visit.portal.cockpit.table();
    let last = table.bindings.get(name).and_then(|binding| binding.last.as_ref());
    let theirs = last.filter(|last| last.epoch == table.epoch).map_or_else(
        || "another binding was changed".to_owned(),
        |last| {
            let action = last.action.strip_prefix("switch.").unwrap_or(&last.action);
            format!("this one was {action} with the reason \u{201c}{}\u{201d}", last.reason)
        },
    );
    format!(
        "The table changed while you were writing: epoch {epoch} is in force, {theirs}. Nothing of yours was put in force or lost; look at who would move now, then press again."
    )
}

impl Movers {
    fn of(visit: &Visit, preview: &Preview, file: &BindingFile) -> Self {
        Self {
            words: words::moves(&preview.moves),
            needs_people: preview.needs_people,
            mark: visit.portal.seal.mark("switch.previewed", &[&file.to_toml()]),
        }
    }
}

/// For the try-it page.
pub(super) fn target_choices(visit: &Visit, chosen: &str) -> Vec<Choice> {
    board::targets(&visit.portal, &[]).iter().map(|t| Choice::new(t, t, t == chosen)).collect()
}
