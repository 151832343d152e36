//! What changed and what is asked for, as rows of a table.

use cockpit::AuditEntry;

use super::{
    difference::{self, KeyChange},
    people::People,
    words,
};
use crate::edge::Visit;

/// One change, of one binding or of several.
pub(super) struct ChangeView {
    pub(super) n: i64,
    pub(super) epoch: i64,
    pub(super) at: String,
    pub(super) by: String,
    pub(super) action: String,
    pub(super) subject: String,
    pub(super) reason: String,
    pub(super) request_id: String,
    pub(super) keys: Vec<KeyChange>,
    pub(super) more: String,
    pub(super) hash: String,
}

impl ChangeView {
    pub(super) fn of(visit: &Visit, entry: &AuditEntry, people: &People) -> Self {
        let agreed: Vec<_> = entry.detail.approved_by.iter().map(|label| people.name(label)).collect();
        let over = entry.detail.over.as_ref().map(|over| {
            format!(
                "{} at {} for {} until {}",
                over.module,
                over.target,
                over.subject,
                words::instant(visit.locale, over.until)
            )
        });
        let agreed = (!agreed.is_empty()).then(|| format!("Agreed: {}", agreed.join(", ")));
        Self {
            n: entry.n,
            epoch: entry.epoch,
            at: words::instant(visit.locale, entry.at),
            by: people.name(&entry.actor),
            action: entry.action.strip_prefix("switch.").unwrap_or(&entry.action).to_owned(),
            subject: entry.subject.clone(),
            reason: entry.reason.clone(),
            request_id: entry.request_id.clone(),
            keys: difference::keys(&entry.detail.changes),
            more: [over, agreed].into_iter().flatten().collect::<Vec<_>>().join("; "),
            hash: entry.hash.get(..12).unwrap_or(&entry.hash).to_owned(),
        }
    }

    pub(super) fn labels(entry: &AuditEntry) -> impl Iterator<Item = &str> {
        std::iter::once(&*entry.actor).chain(entry.detail.approved_by.iter().map(String::as_str))
    }
}

/// A gate of the plan, which nothing proves yet.
pub(super) struct GateView {
    pub(super) metric: &'static str,
    pub(super) bound: String,
    pub(super) alpha: f64,
    pub(super) beta: String,
}

impl GateView {
    pub(super) fn of(gate: &::switch::Gate) -> Self {
        let max = gate.max.as_ref().map(|max| format!("at most {max}"));
        let plus = gate.plus.map(|plus| format!("{plus} on top"));
        let worse = gate.worse_than.map(|times| format!("no more than {times} times worse"));
        Self {
            metric: gate.metric.as_str(),
            bound: [max, plus, worse].into_iter().flatten().collect::<Vec<_>>().join(", "),
            alpha: gate.alpha,
            beta: gate.beta.map(|beta| beta.to_string()).unwrap_or_default(),
        }
    }
}
