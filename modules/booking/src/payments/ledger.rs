//! Double entry: money in and money back, each as lines that add up to zero.

use booking_api::{Item, OrderId};
use diesel::prelude::*;
use jiff::Timestamp;
use kernel::{Currency, Money};
use store::{AsText, Conn, DbError, Micros, UuidText, both};
use uuid::Uuid;

use super::schema::ledger_entry;
use crate::orders::rows::kind_word;

/// One movement of money for one order.
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) order: OrderId,
    pub(crate) at: Timestamp,
    /// (account, amount); they add up to zero.
    pub(crate) lines: Vec<(String, Money)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = ledger_entry)]
pub(crate) struct EntryRow {
    entry: UuidText,
    line: i32,
    order_id: AsText<OrderId>,
    account: String,
    currency: AsText<Currency>,
    amount: i64,
    at: Micros,
}

/// A sale: money comes into the provider's account, and each kind of item is owed its part.
pub(crate) fn sale(total: Money, items: &[Item]) -> Vec<(String, Money)> {
    let mut lines = vec![("provider".to_owned(), total)];
    for item in items {
        let account = format!("sales/{}", kind_word(item.kind));
        match lines.iter_mut().find(|(known, _)| *known == account) {
            Some((_, sum)) => sum.minor = sum.minor.saturating_sub(item.amount.minor),
            None => lines.push((account, Money::new(-item.amount.minor, total.currency))),
        }
    }
    lines
}

/// Money given back.
pub(crate) fn refund(amount: Money) -> Vec<(String, Money)> {
    vec![("refunds".to_owned(), amount), ("provider".to_owned(), Money::new(-amount.minor, amount.currency))]
}

/// Refuses lines that do not add up: that is a bug, and must not become a row.
pub(crate) fn post(conn: &mut Conn, entries: Vec<Entry>) -> Result<(), DbError> {
    let mut rows = Vec::new();
    for entry in entries {
        let sum: i128 = entry.lines.iter().map(|(_, amount)| i128::from(amount.minor)).sum();
        if sum != 0 {
            return Err(DbError::Encoding(format!("a ledger entry of order {} sums to {sum}", entry.order)));
        }
        rows.extend((0..).zip(entry.lines).map(|(line, (account, amount))| EntryRow {
            entry: UuidText(entry.id),
            line,
            order_id: AsText(entry.order),
            account,
            currency: AsText(amount.currency),
            amount: amount.minor,
            at: Micros(entry.at),
        }));
    }
    for chunk in rows.chunks(crate::inventory::rows::CHUNK) {
        both!(conn, c => diesel::insert_into(ledger_entry::table).values(chunk).execute(c))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use booking_api::ItemKind;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_entry_adds_up_to_zero(amounts in prop::collection::vec((0usize..4, -5_000i64..50_000), 1..8)) {
            let kinds = [ItemKind::Base, ItemKind::Tax, ItemKind::Fee, ItemKind::Extra];
            let items: Vec<Item> = amounts.iter().map(|(kind, minor)| Item {
                kind: kinds[*kind], title: String::new(), amount: Money::new(*minor, Currency::EUR),
            }).collect();
            let total = Money::sum(items.iter().map(|item| item.amount), Currency::EUR).unwrap();
            for lines in [sale(total, &items), refund(total)] {
                prop_assert_eq!(lines.iter().map(|(_, amount)| amount.minor).sum::<i64>(), 0);
            }
        }
    }
}
