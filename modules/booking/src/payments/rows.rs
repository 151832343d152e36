//! Every query of payment intents.

use booking_api::{IntentId, IntentState, OrderId, PaymentIntent};
use diesel::prelude::*;
use kernel::{Currency, Locator, Money};
use store::{AsText, Conn, DbError, Micros};

use super::schema::payment_intent;

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = payment_intent, treat_none_as_default_value = false)]
pub(crate) struct IntentRow {
    pub(crate) id: AsText<IntentId>,
    pub(crate) order_id: AsText<OrderId>,
    pub(crate) locator: AsText<Locator>,
    pub(crate) currency: AsText<Currency>,
    pub(crate) amount: i64,
    pub(crate) state: String,
    pub(crate) trouble: Option<String>,
    pub(crate) tries: i32,
    pub(crate) expires_at: Micros,
    pub(crate) settles_at: Option<Micros>,
}

const STATES: [(IntentState, &str); 5] = [
    (IntentState::RequiresPaymentMethod, "requires_payment_method"),
    (IntentState::RequiresAction, "requires_action"),
    (IntentState::Processing, "processing"),
    (IntentState::Succeeded, "succeeded"),
    (IntentState::Canceled, "canceled"),
];

pub(crate) fn insert(conn: &mut Conn, row: &IntentRow) -> Result<(), DbError> {
    diesel::insert_into(payment_intent::table).values(row).execute(conn)?;
    Ok(())
}

pub(crate) fn find(conn: &mut Conn, id: IntentId) -> Result<Option<IntentRow>, DbError> {
    Ok(payment_intent::table.find(AsText(id)).first(conn).optional()?)
}

/// The same, and nobody else changes it before we are done.
pub(crate) fn locked(conn: &mut Conn, id: IntentId) -> Result<Option<IntentRow>, DbError> {
    let wanted = payment_intent::table.find(AsText(id));
    let found = match conn {
        // There is one writer at a time.
        Conn::Sqlite(c) => wanted.first(c).optional()?,
        Conn::Postgres(c) => wanted.for_update().first(c).optional()?,
    };
    Ok(found)
}

pub(crate) fn update(conn: &mut Conn, row: &IntentRow) -> Result<(), DbError> {
    diesel::update(payment_intent::table.find(row.id))
        .set((
            payment_intent::state.eq(&row.state),
            payment_intent::trouble.eq(&row.trouble),
            payment_intent::tries.eq(row.tries),
            payment_intent::settles_at.eq(row.settles_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Slow payments whose outcome is due.
pub(crate) fn due(conn: &mut Conn, now: Micros, limit: i64) -> Result<Vec<IntentId>, DbError> {
    let ids: Vec<AsText<IntentId>> = payment_intent::table
        .filter(payment_intent::state.eq(word(IntentState::Processing)))
        .filter(payment_intent::settles_at.le(now))
        .order(payment_intent::settles_at)
        .limit(limit)
        .select(payment_intent::id)
        .load(conn)?;
    Ok(ids.into_iter().map(|row| row.0).collect())
}

pub(crate) fn word(state: IntentState) -> &'static str {
    STATES.iter().find(|(known, _)| *known == state).map_or("", |(_, word)| word)
}

impl IntentRow {
    pub(crate) fn state(&self) -> IntentState {
        STATES.iter().find(|(_, word)| *word == self.state).map_or(IntentState::Canceled, |(state, _)| *state)
    }

    pub(crate) fn is(&mut self, state: IntentState) {
        word(state).clone_into(&mut self.state);
    }

    pub(crate) fn money(&self) -> Money {
        Money::new(self.amount, self.currency.0)
    }

    pub(crate) fn shown(self) -> PaymentIntent {
        PaymentIntent {
            id: self.id.0,
            locator: self.locator.0,
            amount: self.money(),
            state: self.state(),
            trouble: self.trouble,
            expires_at: self.expires_at.0,
        }
    }
}
