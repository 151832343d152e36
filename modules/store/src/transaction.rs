//! The outer transaction of a group, begun and ended by hand: diesel's own begins deferred on SQLite.

use diesel::{
    Connection, QueryResult,
    connection::{AnsiTransactionManager, TransactionManager, TransactionManagerStatus},
    r2d2::R2D2Connection,
};

use crate::{Conn, DbError};

/// Why a group did not commit.
pub(crate) enum Failed {
    /// Nothing was done, and trying at once is useless.
    NotNow(DbError),
    /// Nothing was done; it may work again, or with fewer jobs.
    Again(DbError),
    /// Nobody knows.
    Unknown(DbError),
}

pub(crate) fn begin(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        Conn::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
    }
}

pub(crate) fn close(conn: &mut Conn) -> Result<(), Failed> {
    <Conn as Connection>::TransactionManager::commit_transaction(conn).map_err(|error| {
        let lost = !is_alive(conn);
        roll_back(conn);
        let why = DbError::from(error);
        if lost { Failed::Unknown(DbError::Lost(why.to_string())) } else { Failed::Again(why) }
    })
}

pub(crate) fn roll_back(conn: &mut Conn) {
    roll_back_to(conn, 0);
}

pub(crate) fn roll_back_to(conn: &mut Conn, depth: u32) {
    while !is_at_depth(conn, depth) {
        if <Conn as Connection>::TransactionManager::rollback_transaction(conn).is_err() {
            break;
        }
    }
}

pub(crate) fn is_at_depth(conn: &mut Conn, depth: u32) -> bool {
    let status: &TransactionManagerStatus =
        <Conn as Connection>::TransactionManager::transaction_manager_status_mut(conn);
    status.transaction_depth().is_ok_and(|found| found.map_or(0, u32::from) == depth)
}

fn is_alive(conn: &mut Conn) -> bool {
    match conn {
        Conn::Sqlite(_) => true,
        Conn::Postgres(c) => !c.is_broken() && c.ping().is_ok(),
    }
}

/// Fit for the next group: no transaction is left open and the server still listens.
pub(crate) fn is_sound(conn: &mut Conn) -> bool {
    is_at_depth(conn, 0) && !conn.is_broken()
}
