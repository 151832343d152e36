//! The outbox: mails that commit with what they tell of. A row holds a template's name and values, never a text.

use std::{collections::BTreeMap, time::Duration};

use diesel::prelude::*;
use jiff::{SignedDuration, Timestamp};
use kernel::{Email, MailDue, MailOutcome};
use store::{AsText, DbError, JsonText, Micros, Tx, UuidText};
use uuid::Uuid;

diesel::table! {
    mail (id) {
        id -> Text,
        recipient -> Text,
        template -> Text,
        details -> Text,
        state -> Text,
        attempts -> Integer,
        due_at -> BigInt,
        trouble -> Text,
    }
}

type Values = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
struct MailRow {
    id: UuidText,
    recipient: AsText<Email>,
    template: String,
    details: JsonText<Values>,
    state: String,
    attempts: i32,
    due_at: Micros,
    trouble: String,
}

const LEASE: SignedDuration = SignedDuration::from_secs(60);
const MOST_ATTEMPTS: i32 = 12;

/// Puts a mail into the outbox.
pub(crate) fn post(tx: &mut Tx<'_>, to: &Email, template: &str, values: Values) -> Result<(), DbError> {
    let (id, now) = (tx.outside().uuid(), tx.now());
    diesel::insert_into(mail::table)
        .values((
            mail::id.eq(UuidText(id)),
            mail::recipient.eq(AsText(to.clone())),
            mail::template.eq(template),
            mail::details.eq(JsonText(values)),
            mail::state.eq("waiting"),
            mail::attempts.eq(0),
            mail::due_at.eq(Micros(now)),
            mail::trouble.eq(""),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Leases what is due to the asker.
pub(crate) fn take(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<MailDue>, DbError> {
    let now = tx.now();
    let due: Vec<MailRow> = mail::table
        .filter(mail::state.eq("waiting"))
        .filter(mail::due_at.le(Micros(now)))
        .order(mail::due_at)
        .limit(i64::from(limit.min(100)))
        .load(tx.conn())?;
    let mut taken = Vec::with_capacity(due.len());
    for row in due {
        // Another process may have leased it since.
        let still_due = mail::table.find(row.id).filter(mail::due_at.eq(row.due_at));
        let leased = diesel::update(still_due)
            .set((mail::due_at.eq(Micros(later(now, LEASE))), mail::attempts.eq(mail::attempts + 1)))
            .execute(tx.conn())?;
        if leased == 1 {
            taken.push(row.due());
        }
    }
    Ok(taken)
}

/// `false`: there is no such mail.
pub(crate) fn done(tx: &mut Tx<'_>, outcome: &MailOutcome) -> Result<bool, DbError> {
    let Some(row) = find(tx, outcome.id)? else { return Ok(false) };
    let (state, due_at, trouble) = match &outcome.failure {
        None => ("sent", row.due_at.0, String::new()),
        Some(why) if row.attempts >= MOST_ATTEMPTS => ("failed", row.due_at.0, why.clone()),
        Some(why) => ("waiting", later(tx.now(), pause(row.attempts)), why.clone()),
    };
    diesel::update(mail::table.find(row.id))
        .set((mail::state.eq(state), mail::due_at.eq(Micros(due_at)), mail::trouble.eq(trouble)))
        .execute(tx.conn())?;
    Ok(true)
}

fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<MailRow>, DbError> {
    Ok(mail::table.find(UuidText(id)).first(tx.conn()).optional()?)
}

/// Half a minute, doubled each time, at most six hours.
fn pause(attempts: i32) -> SignedDuration {
    let doubled = 30u64 << attempts.clamp(0, 10);
    SignedDuration::try_from(Duration::from_secs(doubled.min(6 * 3600))).unwrap_or(LEASE)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl MailRow {
    fn due(self) -> MailDue {
        MailDue {
            id: self.id.0,
            to: self.recipient.0,
            template: self.template,
            values: self.details.0,
            attempts: self.attempts,
        }
    }
}
