//! People: one row each, found by id or by address.

use accounts_api::{Account, FindAccounts};
use diesel::prelude::*;
use jiff::Timestamp;
use kernel::{Email, PersonId, Role};
use store::{AsText, Conn, DbError, Micros, both};

use crate::schema::person;

#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = person)]
pub(crate) struct Person {
    pub(crate) id: AsText<PersonId>,
    pub(crate) email: AsText<Email>,
    /// A PHC string.
    pub(crate) password: String,
    pub(crate) role: AsText<Role>,
    pub(crate) subject: String,
    pub(crate) confirmed: bool,
    pub(crate) created_at: Micros,
    pub(crate) last_seen: Option<Micros>,
}

impl From<Person> for Account {
    fn from(row: Person) -> Self {
        Self {
            id: row.id.0,
            email: row.email.0,
            role: row.role.0,
            created_at: row.created_at.0,
            last_seen: row.last_seen.map(|at| at.0),
            confirmed: row.confirmed,
            subject: row.subject,
        }
    }
}

pub(crate) fn by_id(conn: &mut Conn, id: PersonId) -> Result<Option<Person>, DbError> {
    Ok(person::table.find(AsText(id)).first(conn).optional()?)
}

pub(crate) fn by_email(conn: &mut Conn, email: &Email) -> Result<Option<Person>, DbError> {
    Ok(person::table.filter(person::email.eq(AsText(email.clone()))).first(conn).optional()?)
}

/// `false` if the address is taken.
pub(crate) fn insert(conn: &mut Conn, row: &Person) -> Result<bool, DbError> {
    let inserted = both!(conn, c => diesel::insert_into(person::table).values(row.clone()).on_conflict_do_nothing().execute(c))?;
    Ok(inserted == 1)
}

pub(crate) fn set_password(conn: &mut Conn, id: PersonId, hash: &str) -> Result<(), DbError> {
    diesel::update(person::table.find(AsText(id))).set(person::password.eq(hash)).execute(conn)?;
    Ok(())
}

/// The address was proven by a link that was mailed to it.
pub(crate) fn confirm(conn: &mut Conn, id: PersonId) -> Result<(), DbError> {
    diesel::update(person::table.find(AsText(id))).set(person::confirmed.eq(true)).execute(conn)?;
    Ok(())
}

pub(crate) fn set_role(conn: &mut Conn, id: PersonId, role: Role) -> Result<(), DbError> {
    diesel::update(person::table.find(AsText(id))).set(person::role.eq(AsText(role))).execute(conn)?;
    Ok(())
}

pub(crate) fn seen(conn: &mut Conn, id: PersonId, now: Timestamp) -> Result<(), DbError> {
    diesel::update(person::table.find(AsText(id))).set(person::last_seen.eq(Micros(now))).execute(conn)?;
    Ok(())
}

/// By address, one more than the page holds.
pub(crate) fn find(conn: &mut Conn, ask: &FindAccounts) -> Result<Vec<Person>, DbError> {
    let mut query = person::table.into_boxed();
    let text = ask.text.trim().to_lowercase();
    if !text.is_empty() {
        query = query.filter(person::email.like(containing(&text)).escape('\\'));
    }
    if let Some(role) = ask.role {
        query = query.filter(person::role.eq(AsText(role)));
    }
    if let Some(after) = &ask.page.after {
        query = query.filter(person::email.gt(after.0.clone()));
    }
    Ok(query.order(person::email.asc()).limit(i64::from(ask.page.bounded()) + 1).load(conn)?)
}

fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
