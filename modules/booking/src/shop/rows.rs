//! Every query of baskets.

use booking_api::{Basket, BasketId, Contact, Passenger};
use diesel::prelude::*;
use jiff::Timestamp;
use kernel::Locator;
use store::{AsText, Conn, DbError, JsonText, Micros};

use super::{offer::KeptOffer, schema::basket};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = basket, treat_none_as_default_value = false)]
pub(crate) struct BasketRow {
    pub(crate) id: AsText<BasketId>,
    pub(crate) offer: JsonText<KeptOffer>,
    pub(crate) passengers: JsonText<Vec<Passenger>>,
    pub(crate) contact: Option<JsonText<Contact>>,
    pub(crate) order_locator: Option<AsText<Locator>>,
    pub(crate) expires_at: Micros,
}

pub(crate) fn insert(conn: &mut Conn, row: &BasketRow) -> Result<(), DbError> {
    diesel::insert_into(basket::table).values(row).execute(conn)?;
    Ok(())
}

pub(crate) fn find(conn: &mut Conn, id: BasketId) -> Result<Option<BasketRow>, DbError> {
    Ok(basket::table.find(AsText(id)).first(conn).optional()?)
}

/// The same, and nobody else changes it before we are done.
pub(crate) fn locked(conn: &mut Conn, id: BasketId) -> Result<Option<BasketRow>, DbError> {
    let wanted = basket::table.find(AsText(id));
    let found = match conn {
        // There is one writer at a time.
        Conn::Sqlite(c) => wanted.first(c).optional()?,
        Conn::Postgres(c) => wanted.for_update().first(c).optional()?,
    };
    Ok(found)
}

pub(crate) fn update(conn: &mut Conn, row: &BasketRow) -> Result<(), DbError> {
    diesel::update(basket::table.find(row.id))
        .set((
            basket::offer.eq(&row.offer),
            basket::passengers.eq(&row.passengers),
            basket::contact.eq(&row.contact),
            basket::order_locator.eq(row.order_locator),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes baskets whose offer ended before an instant and that became no order.
pub(crate) fn forget(conn: &mut Conn, before: Timestamp) -> Result<usize, DbError> {
    let old =
        basket::table.filter(basket::expires_at.lt(Micros(before))).filter(basket::order_locator.is_null());
    Ok(diesel::delete(old).execute(conn)?)
}

impl BasketRow {
    pub(crate) fn shown(self) -> Basket {
        Basket {
            id: self.id.0,
            offer: self.offer.0.shown(),
            passengers: self.passengers.0,
            contact: self.contact.map(|contact| contact.0),
            order: self.order_locator.map(|locator| locator.0),
        }
    }
}
