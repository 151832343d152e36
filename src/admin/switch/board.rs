//! The board: a row a binding, what waits for approval on top, and which replicas obey which epoch. It is drawn from
//! memory; what only the switch's database knows may be missing.

use actix_web::HttpResponse;
use askama::Template;
use jiff::Timestamp;
use kernel::Target;

use super::{
    MAY_LOOK,
    changes::WaitingView,
    kill::ReplicaView,
    may_change,
    people::People,
    row::{RowView, Seen},
    soon,
};
use crate::{
    edge::{Shell, Stop, Visit},
    portal::Portal,
};

#[derive(Template)]
#[template(path = "admin/switch_board.html")]
struct Board {
    shell: Shell,
    epoch: u64,
    rows: Vec<RowView>,
    waiting: Vec<WaitingView>,
    /// The switch's database gives no answer.
    away: bool,
    replicas: Vec<ReplicaView>,
    may_change: bool,
    moving: usize,
}

pub(super) async fn show(visit: Visit) -> Result<HttpResponse, Stop> {
    visit.staff(&MAY_LOOK)?;
    let cockpit = &visit.portal.cockpit;
    let (waiting, replicas) = futures_util::join!(soon(cockpit.waiting()), soon(cockpit.replicas()));
    let away = waiting.is_none();
    let (waiting, replicas) = (waiting.unwrap_or_default(), replicas.unwrap_or_default());
    let table = cockpit.table();
    let lasts = table.bindings.values().filter_map(|binding| binding.last.as_ref());
    let labels = lasts.map(|last| &*last.by).chain(waiting.iter().flat_map(WaitingView::labels));
    let people = People::of(&visit, labels).await;
    let may = may_change(&visit);
    let mut rows = rows(&visit.portal, may, visit.portal.outside.now());
    for row in &mut rows {
        row.by = people.name(&row.by);
    }
    visit.page(&Board {
        shell: visit.shell(),
        epoch: table.epoch,
        moving: table.bindings.values().filter(|binding| binding.is_hopping()).count(),
        rows,
        waiting: waiting.iter().map(|change| WaitingView::of(&visit, change, &people)).collect(),
        away,
        replicas: replicas.iter().map(|replica| ReplicaView::of(replica, table.epoch)).collect(),
        may_change: may,
    })
}

/// Every binding, those on the way first.
fn rows(portal: &Portal, may_change: bool, now: Timestamp) -> Vec<RowView> {
    let table = portal.cockpit.table();
    let mut bindings: Vec<_> = table.bindings.iter().collect();
    bindings.sort_by_key(|(_, binding)| !binding.is_hopping());
    bindings.into_iter().map(|(name, binding)| row(portal, name, binding, may_change, now)).collect()
}

pub(super) fn row(
    portal: &Portal,
    name: &str,
    binding: &::switch::Binding,
    may_change: bool,
    now: Timestamp,
) -> RowView {
    let traffic = portal.cockpit.traffic();
    let (sides, series) = (traffic.sides(name), traffic.series(name));
    RowView::of(&Seen { name, binding, sides, series, may_change, now, locale: kernel::Locale::default() })
}

/// Where people may be sent: here, and to every upstream as a service or as the legacy.
pub(super) fn targets(portal: &Portal, more: &[Target]) -> Vec<String> {
    let known = portal.cockpit.known();
    let upstreams =
        known.upstreams.iter().flat_map(|name| [format!("remote:{name}"), format!("legacy:{name}")]);
    let mut all: Vec<String> = std::iter::once("here".to_owned())
        .chain(upstreams)
        .chain(more.iter().map(ToString::to_string))
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|target| seen.insert(target.clone()));
    all
}
