//! Every query of tickets.

use booking_api::{Coupon, OrderId, Segment};
use diesel::prelude::*;
use store::{AsText, Conn, DbError, both};

use super::schema::{coupon, ticket, ticket_sequence};
use crate::inventory::rows::{CHUNK, letter};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = ticket)]
pub(crate) struct TicketRow {
    pub(crate) number: String,
    pub(crate) order_id: AsText<OrderId>,
    /// The traveller's place in the order.
    pub(crate) passenger: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = coupon)]
pub(crate) struct CouponRow {
    pub(crate) ticket: String,
    pub(crate) number: i32,
    pub(crate) order_id: AsText<OrderId>,
    pub(crate) segment: i32,
    pub(crate) status: String,
}

/// So many serial numbers, which nobody else gets: the row stays locked until the commit.
pub(crate) fn reserve(conn: &mut Conn, count: i64) -> Result<impl Iterator<Item = i64>, DbError> {
    diesel::update(ticket_sequence::table)
        .set(ticket_sequence::next.eq(ticket_sequence::next + count))
        .execute(conn)?;
    let next: i64 = ticket_sequence::table.select(ticket_sequence::next).first(conn)?;
    Ok(next - count..next)
}

pub(crate) fn insert(conn: &mut Conn, tickets: &[TicketRow], coupons: &[CouponRow]) -> Result<(), DbError> {
    for chunk in tickets.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(ticket::table).values(chunk).execute(c))?;
    }
    for chunk in coupons.chunks(CHUNK) {
        both!(conn, c => diesel::insert_into(coupon::table).values(chunk).execute(c))?;
    }
    Ok(())
}

pub(crate) fn tickets(conn: &mut Conn, order: OrderId) -> Result<Vec<TicketRow>, DbError> {
    Ok(ticket::table.filter(ticket::order_id.eq(AsText(order))).order(ticket::number).load(conn)?)
}

pub(crate) fn coupons(conn: &mut Conn, order: OrderId) -> Result<Vec<CouponRow>, DbError> {
    Ok(coupon::table
        .filter(coupon::order_id.eq(AsText(order)))
        .order((coupon::ticket, coupon::number))
        .load(conn)?)
}

pub(crate) fn end_coupons(conn: &mut Conn, order: OrderId, status: &str) -> Result<(), DbError> {
    let open = coupon::table
        .filter(coupon::order_id.eq(AsText(order)))
        .filter(coupon::status.eq_any(vec!["O", "C", "L", "S"]));
    diesel::update(open).set(coupon::status.eq(status)).execute(conn)?;
    Ok(())
}

/// The order that a ticket belongs to.
pub(crate) fn order_of(conn: &mut Conn, number: &str) -> Result<Option<OrderId>, DbError> {
    let found: Option<AsText<OrderId>> =
        ticket::table.find(number).select(ticket::order_id).first(conn).optional()?;
    Ok(found.map(|row| row.0))
}

impl CouponRow {
    pub(crate) fn shown(&self, segment: &Segment) -> Option<Coupon> {
        Some(Coupon {
            number: u8::try_from(self.number).ok()?,
            designator: segment.designator,
            date: segment.date,
            from: segment.from,
            to: segment.to,
            status: letter(&self.status),
        })
    }
}
