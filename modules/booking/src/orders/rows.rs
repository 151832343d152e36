//! Every query of orders.

use booking_api::{IntentId, Item, ItemKind, LegKey, OrderId, Passenger, PassengerType};
use diesel::prelude::*;
use kernel::{Currency, Email, Locator, Money, PersonId};
use store::{AsText, Conn, DateText, DbError, JsonText, Micros, both};

use super::{
    rules::family_key,
    schema::{booking_order, order_item, order_leg, passenger},
    sold::SoldSlice,
};
use crate::inventory::{leg_id, rows::CHUNK};

/// An order's own row. Its history is the stream `order/{locator}`, which adds up to it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = booking_order, treat_none_as_default_value = false)]
pub(crate) struct OrderRow {
    pub(crate) id: AsText<OrderId>,
    pub(crate) locator: AsText<Locator>,
    pub(crate) state: String,
    pub(crate) owner: Option<AsText<PersonId>>,
    pub(crate) email: AsText<Email>,
    pub(crate) phone: String,
    pub(crate) created_at: Micros,
    pub(crate) hold_until: Option<Micros>,
    pub(crate) intent: Option<AsText<IntentId>>,
    pub(crate) lead_name: String,
    pub(crate) people: i32,
    pub(crate) seats: i32,
    pub(crate) departs: Micros,
    pub(crate) slices: JsonText<Vec<SoldSlice>>,
    pub(crate) currency: AsText<Currency>,
    pub(crate) total: i64,
    pub(crate) paid: i64,
    pub(crate) refunded: i64,
    pub(crate) version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = passenger)]
pub(crate) struct PassengerRow {
    order_id: AsText<OrderId>,
    pub(crate) place: i32,
    kind: String,
    given_name: String,
    pub(crate) family_name: String,
    pub(crate) family_key: String,
    date_of_birth: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = order_item)]
pub(crate) struct ItemRow {
    order_id: AsText<OrderId>,
    place: i32,
    kind: String,
    title: String,
    amount: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = order_leg)]
pub(crate) struct LegRow {
    order_id: AsText<OrderId>,
    place: i32,
    leg: String,
    designator: String,
    date: DateText,
}

/// An order with all that is written at its birth.
pub(crate) struct NewRows {
    pub(crate) order: OrderRow,
    pub(crate) passengers: Vec<PassengerRow>,
    pub(crate) items: Vec<ItemRow>,
    pub(crate) legs: Vec<LegRow>,
}

impl NewRows {
    pub(crate) fn of(order: OrderRow, passengers: &[Passenger], items: &[Item]) -> Self {
        let id = order.id;
        Self {
            passengers: (0..).zip(passengers).map(|(place, who)| PassengerRow::of(id, place, who)).collect(),
            items: (0..).zip(items).map(|(place, item)| ItemRow::of(id, place, item)).collect(),
            legs: legs_of(&order),
            order,
        }
    }
}

fn legs_of(order: &OrderRow) -> Vec<LegRow> {
    let legs = order.slices.0.iter().flat_map(|slice| &slice.legs);
    let row = |(place, leg): (i32, &LegKey)| LegRow {
        order_id: order.id,
        place,
        leg: leg_id(leg),
        designator: leg.designator.to_string(),
        date: DateText(leg.date),
    };
    (0..).zip(legs.map(|sold| &sold.leg)).map(row).collect()
}

/// Inserts many orders in few statements.
pub(crate) fn insert(conn: &mut Conn, new: Vec<NewRows>) -> Result<(), DbError> {
    let (mut orders, mut people, mut items, mut legs) = (vec![], vec![], vec![], vec![]);
    for rows in new {
        orders.push(rows.order);
        people.extend(rows.passengers);
        items.extend(rows.items);
        legs.extend(rows.legs);
    }
    for chunk in orders.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(booking_order::table).values(chunk).execute(c))?;
    }
    for chunk in people.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(passenger::table).values(chunk).execute(c))?;
    }
    for chunk in items.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(order_item::table).values(chunk).execute(c))?;
    }
    for chunk in legs.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(order_leg::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Writes what can change, if nobody else has changed it since `version` was read.
pub(crate) fn update(conn: &mut Conn, order: &OrderRow, version: i64) -> Result<(), DbError> {
    let mine = booking_order::table.find(order.id).filter(booking_order::version.eq(version));
    let changed = diesel::update(mine)
        .set((
            booking_order::state.eq(&order.state),
            booking_order::hold_until.eq(order.hold_until),
            booking_order::slices.eq(&order.slices),
            booking_order::departs.eq(order.departs),
            booking_order::paid.eq(order.paid),
            booking_order::refunded.eq(order.refunded),
            booking_order::version.eq(order.version),
        ))
        .execute(conn)?;
    if changed == 1 { Ok(()) } else { Err(DbError::Version { stream: format!("order/{}", order.locator.0) }) }
}

pub(crate) fn by_locator(conn: &mut Conn, locator: Locator) -> Result<Option<OrderRow>, DbError> {
    Ok(booking_order::table.filter(booking_order::locator.eq(AsText(locator))).first(conn).optional()?)
}

/// The same, and nobody else changes it before we are done.
pub(crate) fn locked(conn: &mut Conn, locator: Locator) -> Result<Option<OrderRow>, DbError> {
    let wanted = booking_order::table.filter(booking_order::locator.eq(AsText(locator)));
    let found = match conn {
        // There is one writer at a time.
        Conn::Sqlite(c) => wanted.first(c).optional()?,
        Conn::Postgres(c) => wanted.for_update().first(c).optional()?,
    };
    Ok(found)
}

pub(crate) fn by_id(conn: &mut Conn, id: OrderId) -> Result<Option<OrderRow>, DbError> {
    Ok(booking_order::table.find(AsText(id)).first(conn).optional()?)
}

pub(crate) fn is_used(conn: &mut Conn, locator: Locator) -> Result<bool, DbError> {
    let taken = booking_order::table.filter(booking_order::locator.eq(AsText(locator)));
    let found: Option<i64> = taken.select(booking_order::version).first(conn).optional()?;
    Ok(found.is_some())
}

/// Those of the locators that are taken.
pub(crate) fn used(conn: &mut Conn, locators: &[Locator]) -> Result<Vec<Locator>, DbError> {
    let mut used = Vec::new();
    for chunk in locators.chunks(CHUNK) {
        let asked: Vec<String> = chunk.iter().map(ToString::to_string).collect();
        let found: Vec<AsText<Locator>> = booking_order::table
            .filter(booking_order::locator.eq_any(asked))
            .select(booking_order::locator)
            .load(conn)?;
        used.extend(found.into_iter().map(|row| row.0));
    }
    Ok(used)
}

pub(crate) fn passengers(conn: &mut Conn, id: OrderId) -> Result<Vec<PassengerRow>, DbError> {
    Ok(passenger::table.filter(passenger::order_id.eq(AsText(id))).order(passenger::place).load(conn)?)
}

pub(crate) fn items(conn: &mut Conn, id: OrderId) -> Result<Vec<ItemRow>, DbError> {
    Ok(order_item::table.filter(order_item::order_id.eq(AsText(id))).order(order_item::place).load(conn)?)
}

/// Orders that use a leg, oldest first.
pub(crate) fn on_leg(conn: &mut Conn, leg: &LegKey) -> Result<Vec<OrderRow>, DbError> {
    let ids: Vec<String> =
        order_leg::table.filter(order_leg::leg.eq(leg_id(leg))).select(order_leg::order_id).load(conn)?;
    let mut rows: Vec<OrderRow> = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        rows.extend(booking_order::table.filter(booking_order::id.eq_any(chunk)).load::<OrderRow>(conn)?);
    }
    rows.sort_by_key(|order| (order.created_at, order.id));
    Ok(rows)
}

/// How many live orders use each of some legs; `live` are state words.
pub(crate) fn count_on(conn: &mut Conn, leg: &LegKey, live: &[&str]) -> Result<u32, DbError> {
    let count: i64 = order_leg::table
        .inner_join(booking_order::table.on(booking_order::id.eq(order_leg::order_id)))
        .filter(order_leg::leg.eq(leg_id(leg)))
        .filter(booking_order::state.eq_any(live.to_vec()))
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Orders whose hold has ended, oldest first.
pub(crate) fn lapsed(
    conn: &mut Conn,
    waiting: &[&str],
    now: Micros,
    limit: i64,
) -> Result<Vec<OrderId>, DbError> {
    let ids: Vec<AsText<OrderId>> = booking_order::table
        .filter(booking_order::hold_until.le(now))
        .filter(booking_order::state.eq_any(waiting.to_vec()))
        .order(booking_order::hold_until)
        .limit(limit)
        .select(booking_order::id)
        .load(conn)?;
    Ok(ids.into_iter().map(|row| row.0).collect())
}

impl OrderRow {
    pub(crate) fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency.0)
    }
}

impl PassengerRow {
    fn of(order_id: AsText<OrderId>, place: i32, who: &Passenger) -> Self {
        Self {
            order_id,
            place,
            kind: type_word(who.kind).to_owned(),
            given_name: who.given_name.clone(),
            family_name: who.family_name.clone(),
            family_key: family_key(&who.family_name),
            date_of_birth: who.date_of_birth.map(|day| day.to_string()).unwrap_or_default(),
        }
    }

    pub(crate) fn person(self) -> Passenger {
        Passenger {
            kind: type_of(&self.kind),
            given_name: self.given_name,
            family_name: self.family_name,
            date_of_birth: self.date_of_birth.parse().ok(),
        }
    }
}

impl ItemRow {
    fn of(order_id: AsText<OrderId>, place: i32, item: &Item) -> Self {
        let kind = kind_word(item.kind).to_owned();
        Self { order_id, place, kind, title: item.title.clone(), amount: item.amount.minor }
    }

    pub(crate) fn item(self, currency: Currency) -> Item {
        let kind = kind_of(&self.kind);
        Item { kind, title: self.title, amount: Money::new(self.amount, currency) }
    }
}

fn type_word(kind: PassengerType) -> &'static str {
    match kind {
        PassengerType::Adult => "adult",
        PassengerType::Child => "child",
        PassengerType::Infant => "infant",
    }
}

fn type_of(word: &str) -> PassengerType {
    match word {
        "child" => PassengerType::Child,
        "infant" => PassengerType::Infant,
        _ => PassengerType::Adult,
    }
}

pub(crate) fn kind_word(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Base => "base",
        ItemKind::Tax => "tax",
        ItemKind::Fee => "fee",
        ItemKind::Extra => "extra",
    }
}

fn kind_of(word: &str) -> ItemKind {
    match word {
        "tax" => ItemKind::Tax,
        "fee" => ItemKind::Fee,
        "extra" => ItemKind::Extra,
        _ => ItemKind::Base,
    }
}
