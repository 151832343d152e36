//! Names for the opaque labels of tables and audit rows. The label itself stands where accounts does not answer at once.

use std::collections::{BTreeMap, BTreeSet};

use accounts_api::PersonOf;
use futures_util::future::join_all;

use super::soon;
use crate::edge::Visit;

/// What labels stand for.
pub(super) struct People(BTreeMap<String, String>);

impl People {
    pub(super) async fn of<'a>(visit: &Visit, labels: impl Iterator<Item = &'a str>) -> Self {
        let labels: BTreeSet<&str> = labels.collect();
        let own = visit.ctx.actor.label();
        let asked = labels.into_iter().map(async |label| {
            let name = if label == own { "you".to_owned() } else { name(visit, label).await };
            (label.to_owned(), name)
        });
        Self(join_all(asked).await.into_iter().collect())
    }

    pub(super) fn name(&self, label: &str) -> String {
        self.0.get(label).cloned().unwrap_or_else(|| label.to_owned())
    }
}

async fn name(visit: &Visit, label: &str) -> String {
    let Some(Ok(person)) = label.strip_prefix("person/").map(str::parse) else { return label.to_owned() };
    let account = soon(visit.portal.faces.accounts.account(&visit.ctx, PersonOf { person })).await;
    account.map_or_else(|| label.to_owned(), |account| account.email.to_string())
}
