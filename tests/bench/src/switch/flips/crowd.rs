//! The clients: each holds one connection, asks, reads the whole answer, writes down what came of it, and asks again.

use std::{
    fmt,
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    super::{
        house::Visitor,
        line::{Answer, Ask, Line},
    },
    side::EVENTS,
};

/// What one client does, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// A list of notes, through the call seam.
    List,
    Note,
    KeyedNote,
    /// A note whose request is 1 MiB long.
    LongNote,
    /// A page of the site, through the route seam.
    Read,
    Post,
    KeyedPost,
    Upload,
    Stream,
}

/// One client of the crowd.
pub(super) struct Client {
    pub(super) deed: Deed,
    pub(super) number: usize,
    pub(super) portal: SocketAddr,
    /// Whose notes; the site knows nobody.
    pub(super) visitor: Visitor,
    pub(super) ends: Instant,
}

/// A client's own ledger.
#[derive(Default)]
pub(super) struct Log {
    /// What was answered: the id of a note, of a request to the site, or nothing for a list.
    pub(super) answered: Vec<(Deed, String)>,
    pub(super) resets: u32,
    /// Answers of 500 and above.
    pub(super) failed: u32,
    pub(super) wrong: Vec<String>,
    pub(super) slowest: Duration,
}

const UPLOAD: usize = 1 << 20;

impl Deed {
    /// As a busy afternoon has them, out of 64.
    pub(super) const CROWD: [(Self, usize); 9] = [
        (Self::List, 12),
        (Self::Note, 6),
        (Self::KeyedNote, 6),
        (Self::LongNote, 4),
        (Self::Read, 14),
        (Self::Post, 6),
        (Self::KeyedPost, 6),
        (Self::Upload, 4),
        (Self::Stream, 6),
    ];

    pub(super) fn is_call(self) -> bool {
        matches!(self, Self::List | Self::Note | Self::KeyedNote | Self::LongNote)
    }

    /// Between two requests: what writes to a disk or moves a megabyte leaves room for the rest.
    fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Self::List | Self::Read => 10,
            Self::Post | Self::KeyedPost | Self::Stream => 20,
            Self::Note | Self::KeyedNote => 60,
            Self::LongNote | Self::Upload => 120,
        })
    }
}

impl Client {
    pub(super) async fn work(self) -> Log {
        let mut log = Log::default();
        let mut line = None;
        for round in 0u32.. {
            if Instant::now() >= self.ends {
                break;
            }
            let id = format!("{}-{}-{round}", self.deed, self.number);
            let mut held = match line.take() {
                Some(held) => held,
                None => match Line::open(self.portal).await {
                    Ok(fresh) => fresh,
                    Err(why) => {
                        log.broken(&id, &why);
                        continue;
                    }
                },
            };
            let begun = Instant::now();
            match self.ask(&mut held, &id).await {
                Ok(answer) => log.note(self.deed, &id, &answer, begun.elapsed()),
                Err(why) => log.broken(&id, &why),
            }
            line = (!held.is_spent()).then_some(held);
            tokio::time::sleep(self.deed.pause()).await;
        }
        log
    }

    async fn ask(&self, line: &mut Line, id: &str) -> std::io::Result<Answer> {
        let key = format!("Idempotency-Key: {id}\r\n");
        let session = format!(
            "Cookie: {}\r\nX-CSRF-Token: {}\r\nContent-Type: application/json\r\n",
            self.visitor.cookies, self.visitor.form_token
        );
        let note = format!("{{\"name\":\"{id}\",\"text\":\"on the way\"}}").into_bytes();
        let thing = format!("/ledger/things/{id}");
        let (method, path, headers, body) = match self.deed {
            Deed::List => ("GET", "/api/v1/notes?limit=1".to_owned(), session, Vec::new()),
            Deed::Note => ("POST", "/api/v1/notes".to_owned(), session, note),
            Deed::KeyedNote => ("POST", "/api/v1/notes".to_owned(), session + &key, note),
            Deed::LongNote => ("POST", "/api/v1/notes".to_owned(), session, padded(note)),
            Deed::Read => ("GET", thing, String::new(), Vec::new()),
            Deed::Post => ("POST", thing, String::new(), id.as_bytes().to_vec()),
            Deed::KeyedPost => ("POST", format!("/ledger/keyed/{id}"), key, id.as_bytes().to_vec()),
            Deed::Upload => ("POST", thing, String::new(), padded(Vec::new())),
            Deed::Stream => ("GET", format!("/ledger/live/{id}"), String::new(), Vec::new()),
        };
        line.ask(&Ask { method, path: &path, headers: &headers, body: &body }).await
    }
}

/// As long as an upload: blanks mean nothing in JSON.
fn padded(mut body: Vec<u8>) -> Vec<u8> {
    body.resize(UPLOAD, b' ');
    body
}

impl Log {
    fn note(&mut self, deed: Deed, id: &str, answer: &Answer, took: Duration) {
        self.slowest = self.slowest.max(took);
        if answer.status >= 500 {
            self.failed += 1;
            self.wrong.push(format!("{id}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)));
            return;
        }
        if let Some(told) = told(deed, id, answer) {
            self.answered.push((deed, told));
        } else {
            self.wrong.push(format!("{id}: {} {}", answer.head, String::from_utf8_lossy(&answer.body)));
        }
    }

    fn broken(&mut self, id: &str, why: &std::io::Error) {
        self.resets += 1;
        self.wrong.push(format!("{id}: {why}"));
    }
}

/// What a whole and right answer is remembered by.
fn told(deed: Deed, id: &str, answer: &Answer) -> Option<String> {
    let body = std::str::from_utf8(&answer.body).ok()?;
    let json = || serde_json::from_str::<Value>(body).ok();
    match deed {
        Deed::List => json()?.get("data").is_some().then(String::new),
        Deed::Note | Deed::KeyedNote | Deed::LongNote => {
            let note = json()?;
            let id = note.pointer("/data/id").or_else(|| note.get("id"))?;
            (answer.status == 201).then(|| id.as_str().map(str::to_owned))?
        }
        Deed::Read => (body == id).then(|| id.to_owned()),
        Deed::Post | Deed::KeyedPost => (body == format!("{id} {}", id.len())).then(|| id.to_owned()),
        Deed::Upload => (body == format!("{id} {UPLOAD}")).then(|| id.to_owned()),
        Deed::Stream => {
            let events = body.matches("data: tick").count();
            (u32::try_from(events).ok()? == EVENTS).then(|| id.to_owned())
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list",
            Self::Note => "note",
            Self::KeyedNote => "keyed-note",
            Self::LongNote => "long-note",
            Self::Read => "read",
            Self::Post => "post",
            Self::KeyedPost => "keyed-post",
            Self::Upload => "upload",
            Self::Stream => "stream",
        })
    }
}
