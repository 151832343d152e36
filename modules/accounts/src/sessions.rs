//! Opening a session with a password, telling whose a token is, listing and ending.

use accounts_api::{
    Account, AccountsError, EndSessions, OpenedSession, PersonOf, Session, SessionId, SessionInfo,
    ShownToken, SignIn,
};
use jiff::Timestamp;
use kernel::{Ctx, NewEvent, PersonId, Secret};
use serde_json::json;
use store::{AsText, Expected, Micros, Tx};

use crate::{
    Answer, House,
    people::stream,
    rows::{
        audit::{self, Act},
        people::{self, Person},
        sessions::{self, OpenSession},
    },
    rules::{self, SessionLimit},
    tokens,
    trouble::Trouble,
};

impl House {
    pub(crate) async fn open(&self, ctx: &Ctx, with: SignIn) -> Answer<OpenedSession> {
        let email = rules::check_sign_in(&with).map_err(AccountsError::Invalid)?;
        let known = self.read(move |conn| people::by_email(conn, &email)).await?;
        let stored = known.as_ref().map(|person| person.password.clone());
        let right = self.hashing.verify(ctx, &with.password, stored).await?;
        let person = known.filter(|_| right).ok_or(AccountsError::WrongPassword)?;
        let dearer = self.dearer_hash(ctx, &with.password, &person.password).await?;
        let token = tokens::random(self.outside());
        let row = self.new_session(&person, &token, &with.device);
        let limit = self.limits.of(person.role.0);
        let session = self.write(ctx, move |tx| admit(tx, &person, &row, limit, dearer.as_deref())).await?;
        Ok(OpenedSession { token, session })
    }

    pub(crate) async fn resolve(&self, ctx: &Ctx, shown: ShownToken) -> Answer<Option<Session>> {
        let hash = tokens::stored(&shown.token);
        let Some((row, person)) = self.read(move |conn| sessions::by_token(conn, &hash)).await? else {
            return Ok(None);
        };
        let (now, limit) = (self.outside().now(), self.limits.of(person.role.0));
        let ends_at = rules::ends_at(row.last_seen.0, row.expires_at.0, limit);
        if now >= ends_at {
            return Ok(None);
        }
        let mut session = show(&row, person, limit);
        if rules::is_worth_noting(row.last_seen.0, now) && self.note(ctx, &session, now).await.is_ok() {
            session.expires_at = rules::ends_at(now, row.expires_at.0, limit);
        }
        Ok(Some(session))
    }

    /// A visit that cannot be noted is still a visit: a busy writer signs nobody out.
    async fn note(&self, ctx: &Ctx, session: &Session, now: Timestamp) -> Answer<()> {
        let (id, owner) = (session.id, session.account.id);
        self.write(ctx, move |tx| {
            sessions::seen(tx.conn(), id, now)?;
            Ok(people::seen(tx.conn(), owner, now)?)
        })
        .await
    }

    pub(crate) async fn close(&self, ctx: &Ctx, shown: ShownToken) -> Answer<()> {
        let hash = tokens::stored(&shown.token);
        self.write(ctx, move |tx| {
            if let Some((row, _)) = sessions::by_token(tx.conn(), &hash)? {
                end_one(tx, &row)?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn list(&self, ctx: &Ctx, of: PersonOf) -> Answer<Vec<SessionInfo>> {
        if !rules::is_own_or_admin(&ctx.actor, of.person) {
            return Err(AccountsError::NotFound);
        }
        let (now, limits) = (self.outside().now(), self.limits);
        let found = self
            .read(move |conn| Ok((people::by_id(conn, of.person)?, sessions::of_person(conn, of.person)?)))
            .await?;
        let (person, rows) = (found.0.ok_or(AccountsError::NotFound)?, found.1);
        let limit = limits.of(person.role.0);
        Ok(rows.into_iter().map(|row| info(&row, limit)).filter(|session| session.expires_at > now).collect())
    }

    pub(crate) async fn end(&self, ctx: &Ctx, which: EndSessions) -> Answer<u32> {
        if !rules::is_own_or_admin(&ctx.actor, which.person) {
            return Err(AccountsError::NotFound);
        }
        rules::check_end(&ctx.actor, &which).map_err(AccountsError::Invalid)?;
        self.write(ctx, move |tx| tx.once("end_sessions", &which, |tx| end_some(tx, &which))).await
    }

    /// A new hash where the stored one is cheaper than today's.
    async fn dearer_hash(&self, ctx: &Ctx, password: &Secret, stored: &str) -> Answer<Option<String>> {
        if !self.hashing.is_outdated(stored) {
            return Ok(None);
        }
        Ok(Some(self.hashing.hash(ctx, password, &*self.outside().entropy).await?))
    }

    fn new_session(&self, person: &Person, token: &Secret, device: &str) -> OpenSession {
        let now = self.outside().now();
        OpenSession {
            id: AsText(SessionId::new(self.outside())),
            person: person.id,
            token_hash: tokens::stored(token),
            device: rules::device(device),
            created_at: Micros(now),
            last_seen: Micros(now),
            expires_at: Micros(rules::later(now, self.limits.of(person.role.0).absolute)),
        }
    }
}

/// Ends a person's sessions but one; answers how many.
pub(crate) fn end_all(tx: &mut Tx<'_>, person: PersonId, keep: Option<SessionId>) -> Result<u32, Trouble> {
    let mut ended = 0;
    for row in sessions::of_person(tx.conn(), person)? {
        if Some(row.id.0) != keep {
            end_one(tx, &row)?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Opens the session, unless the password was changed while it was being checked.
fn admit(
    tx: &mut Tx<'_>,
    checked: &Person,
    row: &OpenSession,
    limit: SessionLimit,
    dearer: Option<&str>,
) -> Result<Session, Trouble> {
    let now = tx.now();
    let mut person = people::by_id(tx.conn(), checked.id.0)?.ok_or(AccountsError::WrongPassword)?;
    if person.password != checked.password || person.role != checked.role {
        return Err(AccountsError::WrongPassword.into());
    }
    if let Some(hash) = dearer {
        people::set_password(tx.conn(), person.id.0, hash)?;
    }
    sessions::sweep(tx.conn(), now)?;
    sessions::insert(tx.conn(), row)?;
    people::seen(tx.conn(), person.id.0, now)?;
    person.last_seen = Some(Micros(now));
    Ok(show(row, person, limit))
}

fn end_some(tx: &mut Tx<'_>, which: &EndSessions) -> Result<u32, Trouble> {
    let ended = match which.only {
        None => end_all(tx, which.person, which.keep)?,
        Some(id) => {
            let rows = sessions::of_person(tx.conn(), which.person)?;
            let row = rows.into_iter().find(|row| row.id.0 == id).ok_or(AccountsError::NotFound)?;
            end_one(tx, &row)?;
            1
        }
    };
    if tx.ctx().actor.person() != Some(which.person) {
        let act = Act { action: "session.ended", subject: stream(which.person), reason: &which.reason };
        audit::write(tx, &act)?;
    }
    Ok(ended)
}

fn end_one(tx: &mut Tx<'_>, row: &OpenSession) -> Result<(), Trouble> {
    if sessions::delete(tx.conn(), row.id.0)? {
        let payload = json!({ "id": row.person.0, "session": row.id.0 });
        tx.append(&stream(row.person.0), Expected::Any, NewEvent::new("session.ended", tx.now(), &payload))?;
    }
    Ok(())
}

fn show(row: &OpenSession, person: Person, limit: SessionLimit) -> Session {
    let expires_at = rules::ends_at(row.last_seen.0, row.expires_at.0, limit);
    Session { id: row.id.0, account: Account::from(person), expires_at }
}

fn info(row: &OpenSession, limit: SessionLimit) -> SessionInfo {
    SessionInfo {
        id: row.id.0,
        device: row.device.clone(),
        created_at: row.created_at.0,
        last_seen: row.last_seen.0,
        expires_at: rules::ends_at(row.last_seen.0, row.expires_at.0, limit),
    }
}
