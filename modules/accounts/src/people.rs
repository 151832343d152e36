//! Making accounts, finding them, and changing what they may do.

use accounts_api::{Account, AccountsError, CreateAccount, FindAccounts, NewAccount, PersonOf, SetRole};
use kernel::{AuditRow, Ctx, Cursor, Email, FieldErrors, NewEvent, Page, PageAsk, PersonId, Role, Secret};
use serde_json::json;
use store::{AsText, Expected, Micros, Tx};

use crate::{
    Answer, House, page,
    rows::{
        audit::{self, Act},
        people::{self, Person},
    },
    rules, sessions,
    trouble::Trouble,
};

impl House {
    pub(crate) async fn enrol(&self, ctx: &Ctx, new: NewAccount) -> Answer<Account> {
        let email = rules::check_sign_up(&new, &self.brand).map_err(AccountsError::Invalid)?;
        let row = self.person(ctx, email, &new.password, Role::Traveller, new.subject.as_deref()).await?;
        self.write(ctx, move |tx| {
            // The fingerprint leaves the password out: its plain hash must not lie in a table.
            tx.once("sign_up", &row.email.0, |tx| add(tx, &row))
        })
        .await
    }

    pub(crate) async fn make(&self, ctx: &Ctx, new: CreateAccount) -> Answer<Account> {
        let email =
            rules::check_create(&new.email, &new.password, &self.brand).map_err(AccountsError::Invalid)?;
        let row = self.person(ctx, email, &new.password, new.role, None).await?;
        self.write(ctx, move |tx| {
            tx.once("create", &(&row.email.0, row.role.0), |tx| {
                let account = add(tx, &row)?;
                let reason = format!("role {}", row.role.0);
                audit::write(
                    tx,
                    &Act { action: "account.created", subject: stream(account.id), reason: &reason },
                )?;
                Ok(account)
            })
        })
        .await
    }

    pub(crate) async fn look_up(&self, ctx: &Ctx, of: PersonOf) -> Answer<Account> {
        if !rules::is_own_or_staff(&ctx.actor, of.person) {
            return Err(AccountsError::NotFound);
        }
        let row = self.read(move |conn| people::by_id(conn, of.person)).await?;
        row.map(Account::from).ok_or(AccountsError::NotFound)
    }

    pub(crate) async fn search(&self, ask: FindAccounts) -> Answer<Page<Account>> {
        let limit = ask.page.bounded();
        let rows = self.read(move |conn| people::find(conn, &ask)).await?;
        Ok(page(rows, limit, |row| Cursor(row.email.0.to_string()), Account::from))
    }

    pub(crate) async fn appoint(&self, ctx: &Ctx, change: SetRole) -> Answer<Account> {
        if ctx.actor.person() == Some(change.person) {
            return Err(AccountsError::OwnRole);
        }
        rules::check_reason(&change.reason).map_err(AccountsError::Invalid)?;
        self.write(ctx, move |tx| tx.once("set_role", &change, |tx| set_role(tx, &change))).await
    }

    pub(crate) async fn trail(&self, ask: PageAsk) -> Answer<Page<AuditRow>> {
        let limit = ask.bounded();
        let rows = self.read(move |conn| audit::page(conn, &ask)).await?;
        Ok(page(rows, limit, |(cursor, _)| cursor.clone(), |(_, row)| row))
    }

    async fn person(
        &self,
        ctx: &Ctx,
        email: Email,
        password: &Secret,
        role: Role,
        subject: Option<&str>,
    ) -> Answer<Person> {
        let outside = self.outside();
        let hash = self.hashing.hash(ctx, password, &*outside.entropy).await?;
        Ok(Person {
            id: AsText(PersonId::new(outside)),
            email: AsText(email),
            password: hash,
            role: AsText(role),
            subject: rules::subject(subject)
                .unwrap_or_else(|| crate::tokens::random(outside).expose().to_owned()),
            confirmed: false,
            created_at: Micros(outside.now()),
            last_seen: None,
        })
    }
}

/// The stream of a person's events, and their name in the audit trail.
pub(crate) fn stream(id: PersonId) -> String {
    format!("account/{id}")
}

fn add(tx: &mut Tx<'_>, row: &Person) -> Result<Account, Trouble> {
    if !people::insert(tx.conn(), row)? {
        return Err(FieldErrors::one("email", rules::TAKEN).into());
    }
    let id = row.id.0;
    let payload = json!({ "id": id, "role": row.role.0 });
    tx.append(&stream(id), Expected::New, NewEvent::new("account.created", tx.now(), &payload))?;
    Ok(row.clone().into())
}

fn set_role(tx: &mut Tx<'_>, change: &SetRole) -> Result<Account, Trouble> {
    let mut row = people::by_id(tx.conn(), change.person)?.ok_or(AccountsError::NotFound)?;
    let before = std::mem::replace(&mut row.role, AsText(change.role)).0;
    people::set_role(tx.conn(), change.person, change.role)?;
    sessions::end_all(tx, change.person, None)?;
    let payload = json!({ "id": change.person, "from": before, "to": change.role });
    tx.append(
        &stream(change.person),
        Expected::Any,
        NewEvent::new("account.role_changed", tx.now(), &payload),
    )?;
    let reason = format!("{before} to {}: {}", change.role, change.reason.trim());
    audit::write(
        tx,
        &Act { action: "account.role_changed", subject: stream(change.person), reason: &reason },
    )?;
    Ok(row.into())
}
