//! What a writing job holds: the transaction, the events that will commit with it, and the promise to run once.

use std::{
    collections::HashMap,
    ops::{Deref, DerefMut},
};

use diesel::prelude::*;
use jiff::Timestamp;
use kernel::{Ctx, Event, NewEvent, Outside};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    Conn, DbError, Micros, both,
    log::{self, MOST_BYTES, Pending},
    schema::idempotency,
};

/// The transaction of one job. It is a [`Conn`] too: `query.execute(&mut **tx)` or `query.execute(tx.conn())`.
pub struct Tx<'a> {
    conn: &'a mut Conn,
    asker: Asker<'a>,
    /// What earlier jobs of the same commit appended.
    before: &'a HashMap<String, i64>,
    log: Appended,
    caused_by: Option<Uuid>,
}

/// Which version a stream must have for an append to be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Any,
    Exactly(i64),
    /// Nothing was ever appended to it.
    New,
}

impl<'a> Tx<'a> {
    pub fn conn(&mut self) -> &mut Conn {
        self.conn
    }

    pub fn now(&self) -> Timestamp {
        self.asker.outside.now()
    }

    pub fn outside(&self) -> &Outside {
        self.asker.outside
    }

    /// Who asks, as given to `write`.
    pub fn ctx(&self) -> &'a Ctx {
        self.asker.ctx
    }

    /// Events that are appended from here on name this one as their cause.
    pub fn caused_by(&mut self, event_id: Uuid) {
        self.caused_by = Some(event_id);
    }

    /// Appends an event to a stream such as `order/7Q4ZK2` and answers its version there. It gets its number when the
    /// group commits, and goes with the transaction if that is rolled back.
    pub fn append(&mut self, stream: &str, expected: Expected, new: NewEvent) -> Result<i64, DbError> {
        let bytes = json_bytes(&new.payload);
        if bytes > MOST_BYTES {
            return Err(DbError::TooLarge { stream: stream.to_owned(), bytes });
        }
        let last = self.stream_version(stream)?;
        let fits = match expected {
            Expected::Any => true,
            Expected::Exactly(version) => version == last,
            Expected::New => last == 0,
        };
        if !fits {
            return Err(DbError::Version { stream: stream.to_owned() });
        }
        let pending = self.asker.stamp(stream, last + 1, new, self.caused_by);
        self.log.push(pending);
        Ok(last + 1)
    }

    /// Appends many events, each to the end of its own stream, with few looks at where the streams stand: for importers.
    pub fn append_all(&mut self, news: Vec<(String, NewEvent)>) -> Result<(), DbError> {
        let unknown =
            |stream: &&str| !self.log.versions.contains_key(*stream) && !self.before.contains_key(*stream);
        let streams: Vec<&str> = news.iter().map(|(stream, _)| stream.as_str()).filter(unknown).collect();
        let mut last = log::stream_versions(self.conn, &streams)?;
        for (stream, new) in news {
            let bytes = json_bytes(&new.payload);
            if bytes > MOST_BYTES {
                return Err(DbError::TooLarge { stream, bytes });
            }
            let appended = self.log.versions.get(&stream).or_else(|| self.before.get(&stream)).copied();
            let version = appended.or_else(|| last.remove(&stream)).unwrap_or(0) + 1;
            let pending = self.asker.stamp(&stream, version, new, self.caused_by);
            self.log.push(pending);
        }
        Ok(())
    }

    /// The last version of a stream, counting what this commit appended; 0 if there is none.
    pub fn stream_version(&mut self, stream: &str) -> Result<i64, DbError> {
        match self.log.versions.get(stream).or_else(|| self.before.get(stream)) {
            Some(last) => Ok(*last),
            None => log::stream_version(self.conn, stream),
        }
    }

    /// The committed events of a stream, oldest first.
    pub fn events_of(&mut self, stream: &str) -> Result<Vec<Event>, DbError> {
        log::of_stream(self.conn, stream)
    }

    /// Runs `f` once for the key in `Ctx`, this operation and this asker. A repeat of the same question gets the stored
    /// reply; another question under the same key is refused. Without a key `f` just runs. A failure stores nothing.
    pub fn once<T, E>(
        &mut self,
        op: &str,
        question: &impl Serialize,
        f: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        E: From<DbError>,
    {
        let Some(key) = self.asker.ctx.key.as_ref().map(|key| key.as_str().to_owned()) else {
            return f(self);
        };
        let asked = Asked {
            actor: self.asker.ctx.actor.label(),
            op: op.to_owned(),
            key,
            fingerprint: fingerprint(question)?,
        };
        if let Some(reply) = asked.answered(self.conn)? {
            return Ok(serde_json::from_str(&reply).map_err(DbError::encoding)?);
        }
        let answer = f(self)?;
        let reply = serde_json::to_string(&answer).map_err(DbError::encoding)?;
        asked.store(self.conn, reply, self.asker.outside.now())?;
        Ok(answer)
    }

    pub(crate) fn new(conn: &'a mut Conn, asker: Asker<'a>, before: &'a HashMap<String, i64>) -> Self {
        Self { conn, asker, before, log: Appended::default(), caused_by: None }
    }

    pub(crate) fn into_log(self) -> Appended {
        self.log
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}

/// Events that wait for their numbers, and where their streams will stand.
#[derive(Default)]
pub(crate) struct Appended {
    pub(crate) events: Vec<Pending>,
    pub(crate) versions: HashMap<String, i64>,
}

impl Appended {
    fn push(&mut self, event: Pending) {
        self.versions.insert(event.stream.clone(), event.stream_version);
        self.events.push(event);
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.events.extend(more.events);
        self.versions.extend(more.versions);
    }
}

/// How long a payload is as JSON, without writing it down.
fn json_bytes(payload: &serde_json::Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, payload).map_or(usize::MAX, |()| count.0)
}

/// Who asked for a job, and the world it runs in.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) outside: &'a Outside,
}

impl Asker<'_> {
    fn stamp(&self, stream: &str, stream_version: i64, new: NewEvent, causation_id: Option<Uuid>) -> Pending {
        let epoch = self.ctx.pin.as_ref().map_or(0, |pin| pin.epoch);
        Pending {
            event_id: self.outside.uuid(),
            stream: stream.to_owned(),
            stream_version,
            actor: self.ctx.actor.label(),
            request_id: self.ctx.request_id.to_string(),
            causation_id,
            epoch: i64::try_from(epoch).unwrap_or(i64::MAX),
            recorded_at: self.outside.now(),
            new,
        }
    }
}

/// One question under one key.
struct Asked {
    actor: String,
    op: String,
    key: String,
    fingerprint: String,
}

impl Asked {
    fn answered(&self, conn: &mut Conn) -> Result<Option<String>, DbError> {
        let found: Option<(String, String)> = idempotency::table
            .find((&self.actor, &self.op, &self.key))
            .select((idempotency::fingerprint, idempotency::reply))
            .first(conn)
            .optional()?;
        match found {
            None => Ok(None),
            Some((fingerprint, reply)) if fingerprint == self.fingerprint => Ok(Some(reply)),
            Some(_) => Err(DbError::KeyReused),
        }
    }

    /// Another process may have answered in between; then the job runs again and finds that answer.
    fn store(&self, conn: &mut Conn, reply: String, now: Timestamp) -> Result<(), DbError> {
        let row = (
            idempotency::actor.eq(&self.actor),
            idempotency::op.eq(&self.op),
            idempotency::key.eq(&self.key),
            idempotency::fingerprint.eq(&self.fingerprint),
            idempotency::reply.eq(reply),
            idempotency::created_at.eq(Micros(now)),
        );
        both!(conn, c => diesel::insert_into(idempotency::table).values(row).execute(c))?;
        Ok(())
    }
}

/// A hash that is the same in every process and release. `serde_json::Value` sorts its keys.
fn fingerprint(question: &impl Serialize) -> Result<String, DbError> {
    let canonical = serde_json::to_value(question).map_err(DbError::encoding)?;
    let hash = Sha256::digest(canonical.to_string().as_bytes());
    Ok(hash.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")))
}
