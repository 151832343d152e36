//! An order under change: each happening is an event of its stream, and the row, written once at the end, is what the
//! events add up to.

use booking_api::{OrderState, events::OrderFact};
use kernel::{Locator, Money, NewEvent};
use serde::{Deserialize, Serialize};
use store::{Conn, DbError, Expected, Tx};

use super::{
    rows::{self, OrderRow},
    rules::{Happening, in_words, next, state_of, word},
    sold::{self, SoldSlice},
};
use crate::{failed::Failed, inventory::Want};

/// What lies in the log for each change: the fact that all modules may know, and what the history shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderEvent {
    #[serde(flatten)]
    pub(crate) fact: OrderFact,
    pub(crate) paid: Money,
    pub(crate) refunded: Money,
    /// In plain words.
    pub(crate) text: String,
}

/// An order that only we may change until the transaction ends.
pub(crate) struct Open {
    pub(crate) row: OrderRow,
    /// The version that was read.
    was: i64,
}

impl Open {
    pub(crate) fn find(conn: &mut Conn, locator: Locator) -> Result<Option<Self>, DbError> {
        Ok(rows::locked(conn, locator)?.map(|row| Self { was: row.version, row }))
    }

    /// An order that has no row yet.
    pub(crate) fn new(row: OrderRow) -> Self {
        Self { was: row.version, row }
    }

    pub(crate) fn state(&self) -> OrderState {
        state_of(&self.row.state).unwrap_or(OrderState::Cancelled)
    }

    /// Moves to the state that follows, or says why it cannot.
    pub(crate) fn step(&mut self, what: Happening) -> Result<(), Failed> {
        let state = self.state();
        let to = next(state, what).ok_or_else(|| {
            Failed::not_now(format!("this booking is {}, which does not allow it", in_words(state)))
        })?;
        word(to).clone_into(&mut self.row.state);
        Ok(())
    }

    pub(crate) fn record(
        &mut self,
        tx: &mut Tx<'_>,
        kind: &'static str,
        text: impl Into<String>,
    ) -> Result<(), DbError> {
        let event = NewEvent::new(kind, tx.now(), &self.event(text.into()));
        self.append(tx, event)
    }

    pub(crate) fn append(&mut self, tx: &mut Tx<'_>, event: NewEvent) -> Result<(), DbError> {
        let expected =
            if self.row.version == 0 { Expected::New } else { Expected::Exactly(self.row.version) };
        self.row.version = tx.append(&stream(self.row.locator.0), expected, event)?;
        Ok(())
    }

    pub(crate) fn event(&self, text: String) -> OrderEvent {
        let row = &self.row;
        OrderEvent {
            fact: OrderFact {
                locator: row.locator.0,
                owner: row.owner.map(|owner| owner.0),
                state: self.state(),
                title: sold::title(&row.slices.0),
                departs: row.departs.0,
                total: row.money(row.total),
            },
            paid: row.money(row.paid),
            refunded: row.money(row.refunded),
            text,
        }
    }

    /// Writes the row; refused if somebody else was faster.
    pub(crate) fn close(self, conn: &mut Conn) -> Result<OrderRow, DbError> {
        rows::update(conn, &self.row, self.was)?;
        Ok(self.row)
    }

    pub(crate) fn slices(&self) -> &[SoldSlice] {
        &self.row.slices.0
    }

    pub(crate) fn wants(&self) -> Vec<Want> {
        sold::wants(self.slices(), self.row.seats)
    }
}

pub(crate) fn stream(locator: Locator) -> String {
    format!("order/{locator}")
}
