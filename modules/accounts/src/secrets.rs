//! Changing a password, the mailed link that replaces a forgotten one, machine tokens, and the outbox.

use std::collections::BTreeMap;

use accounts_api::{
    AccountsError, ChangePassword, IssuedToken, Machine, NewMachineToken, RequestReset, ResetPassword,
    ShownToken,
};
use kernel::{Ctx, FieldErrors, MailDue, MailOutcome, NewEvent, PersonId, TakeMail};
use serde_json::json;
use store::{AsText, Expected, Micros, Tx, UuidText};
use uuid::Uuid;

use crate::{
    Answer, House,
    people::stream,
    rows::{
        audit::{self, Act},
        links::{self, ResetLink},
        machines::{self, MachineRow},
        mail::{self, Mail},
        people::{self, Person},
    },
    rules, sessions,
    tokens::{self, Derived},
    trouble::Trouble,
};

const RESET: &str = "password_reset";
const CHANGED: &str = "password_changed";

impl House {
    pub(crate) async fn change(&self, ctx: &Ctx, change: ChangePassword) -> Answer<()> {
        let id = ctx.actor.person().ok_or(AccountsError::Forbidden)?;
        let person = self.read(move |conn| people::by_id(conn, id)).await?.ok_or(AccountsError::NotFound)?;
        rules::check_change(&change, &person.email.0, &self.brand).map_err(AccountsError::Invalid)?;
        let right = self.hashing.verify(ctx, &change.old_password, Some(person.password.clone())).await?;
        let hash = if right { Some(self.new_hash(ctx, &change.new_password).await?) } else { None };
        self.write(ctx, move |tx| {
            // A repeat finds the old password changed already: the key is asked first.
            tx.once("change_password", &id, |tx| {
                let now_stored = people::by_id(tx.conn(), id)?.map(|found| found.password);
                match &hash {
                    Some(hash) if now_stored.as_ref() == Some(&person.password) => {
                        replace(tx, id, hash)?;
                        sessions::end_all(tx, id, change.keep).map(|_| ())
                    }
                    _ => Err(FieldErrors::one("old_password", rules::WRONG_OLD).into()),
                }
            })
        })
        .await
    }

    /// Writes as much for an unknown address as for a known one, so that neither answer nor time tells.
    pub(crate) async fn mail_link(&self, ctx: &Ctx, ask: RequestReset) -> Answer<()> {
        let email = rules::check_address(&ask.email).map_err(AccountsError::Invalid)?;
        let derived = self.derived.clone();
        self.write(ctx, move |tx| {
            tx.once("request_reset", &email, |tx| {
                let person = people::by_email(tx.conn(), &email)?;
                add_link(tx, &derived, person.map(|found| found.id))
            })
        })
        .await
    }

    pub(crate) async fn use_link(&self, ctx: &Ctx, reset: ResetPassword) -> Answer<()> {
        let (shown, now) = (tokens::stored(&reset.token), self.outside().now());
        let hash_of_link = shown.clone();
        let person = self.read(move |conn| links::owner(conn, &hash_of_link, now)).await?;
        let person = person.ok_or(AccountsError::LinkExpired)?;
        rules::check_reset(&reset, &person.email.0, &self.brand).map_err(AccountsError::Invalid)?;
        let hash = self.new_hash(ctx, &reset.new_password).await?;
        self.write(ctx, move |tx| {
            let now = tx.now();
            // Of two that use one link at once, the second finds it gone.
            let id = links::owner(tx.conn(), &shown, now)?.ok_or(AccountsError::LinkExpired)?.id.0;
            replace(tx, id, &hash)?;
            people::confirm(tx.conn(), id)?;
            sessions::end_all(tx, id, None).map(|_| ())
        })
        .await
    }

    pub(crate) async fn issue(&self, ctx: &Ctx, new: NewMachineToken) -> Answer<IssuedToken> {
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(AccountsError::Invalid(FieldErrors::one("name", "Use 1 to 100 characters")));
        }
        let (derived, role, label) = (self.derived.clone(), new.role, name.clone());
        let id = self
            .write(ctx, move |tx| tx.once("issue_token", &new, |tx| add_machine(tx, &derived, &label, role)))
            .await?;
        Ok(IssuedToken { token: self.derived.machine(id), name, role })
    }

    pub(crate) async fn known_machine(&self, shown: ShownToken) -> Answer<Option<Machine>> {
        let hash = tokens::stored(&shown.token);
        let row = self.read(move |conn| machines::by_token(conn, &hash)).await?;
        Ok(row.map(|row| Machine { name: row.name, role: row.role.0 }))
    }

    pub(crate) async fn lease_mail(&self, ctx: &Ctx, ask: TakeMail) -> Answer<Vec<MailDue>> {
        let derived = self.derived.clone();
        let limit = i64::from(ask.limit.clamp(1, 100));
        self.write(ctx, move |tx| {
            let now = tx.now();
            let mut taken = Vec::new();
            for (row, person) in mail::due(tx.conn(), now, limit)? {
                if !is_worth_sending(tx, &row)? {
                    mail::settle(tx.conn(), row.id, mail::DROPPED)?;
                } else if mail::lease(tx.conn(), &row, rules::later(now, rules::MAIL_LEASE))? {
                    taken.push(addressed(&derived, row, person));
                }
            }
            Ok(taken)
        })
        .await
    }

    pub(crate) async fn settle_mail(&self, ctx: &Ctx, outcome: MailOutcome) -> Answer<()> {
        self.write(ctx, move |tx| {
            let id = UuidText(outcome.id);
            let row = mail::by_id(tx.conn(), id)?.ok_or(AccountsError::NotFound)?;
            match &outcome.failure {
                None => mail::settle(tx.conn(), id, mail::SENT)?,
                Some(why) => {
                    let again = rules::later(tx.now(), rules::mail_pause(row.attempts));
                    mail::failed(tx.conn(), id, why, again)?;
                    if row.attempts >= rules::MAIL_TRIES {
                        mail::settle(tx.conn(), id, mail::DROPPED)?;
                    }
                }
            }
            Ok(())
        })
        .await
    }

    async fn new_hash(&self, ctx: &Ctx, password: &kernel::Secret) -> Answer<String> {
        Ok(self.hashing.hash(ctx, password, &*self.outside().entropy).await?)
    }
}

/// Sets the password, kills mailed links, says so in the log and to the person.
fn replace(tx: &mut Tx<'_>, id: PersonId, hash: &str) -> Result<(), Trouble> {
    people::set_password(tx.conn(), id, hash)?;
    links::delete_of(tx.conn(), id)?;
    let event = NewEvent::new("account.password_changed", tx.now(), &json!({ "id": id }));
    tx.append(&stream(id), Expected::Any, event)?;
    let row = new_mail(tx, CHANGED, Some(AsText(id)), None);
    Ok(mail::insert(tx.conn(), &row)?)
}

fn add_link(tx: &mut Tx<'_>, derived: &Derived, person: Option<AsText<PersonId>>) -> Result<(), Trouble> {
    let (id, now) = (tx.outside().uuid(), tx.now());
    links::sweep(tx.conn(), now)?;
    let token_hash = tokens::stored(&derived.reset_link(id));
    let expires_at = Micros(rules::later(now, rules::LINK_LIVES));
    links::insert(tx.conn(), &ResetLink { id: UuidText(id), person, token_hash, expires_at })?;
    let row = new_mail(tx, RESET, person, Some(UuidText(id)));
    Ok(mail::insert(tx.conn(), &row)?)
}

fn add_machine(tx: &mut Tx<'_>, derived: &Derived, name: &str, role: kernel::Role) -> Result<Uuid, Trouble> {
    let id = tx.outside().uuid();
    let token_hash = tokens::stored(&derived.machine(id));
    let created_at = Micros(tx.now());
    let row =
        MachineRow { id: UuidText(id), name: name.to_owned(), role: AsText(role), token_hash, created_at };
    machines::insert(tx.conn(), &row)?;
    let subject = format!("machine/{name}");
    audit::write(tx, &Act { action: "token.issued", subject, reason: &format!("role {role}") })?;
    Ok(id)
}

fn new_mail(
    tx: &Tx<'_>,
    template: &str,
    person: Option<AsText<PersonId>>,
    reset_link: Option<UuidText>,
) -> Mail {
    let state = if person.is_some() { mail::DUE } else { mail::DROPPED };
    Mail {
        id: UuidText(tx.outside().uuid()),
        template: template.to_owned(),
        person,
        reset_link,
        state: state.to_owned(),
        attempts: 0,
        due_at: Micros(tx.now()),
        failure: None,
    }
}

/// A link that died while its mail waited is not worth a mail.
fn is_worth_sending(tx: &mut Tx<'_>, row: &Mail) -> Result<bool, Trouble> {
    let now = tx.now();
    match row.reset_link {
        Some(link) => Ok(links::is_usable(tx.conn(), link, now)?),
        None => Ok(true),
    }
}

fn addressed(derived: &Derived, row: Mail, person: Person) -> MailDue {
    let token =
        row.reset_link.map(|link| ("token".to_owned(), derived.reset_link(link.0).expose().to_owned()));
    let values = BTreeMap::from_iter(token);
    MailDue { id: row.id.0, to: person.email.0, template: row.template, values, attempts: row.attempts }
}
