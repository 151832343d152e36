//! From the text of a message to facts about legs: read, match, and name each part so that a repeat is known as one.

mod schedule;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use status_api::RawMessage;

use crate::{
    facts::{Heard, Planned, What},
    matching::{NotFound, Scene},
    messages::{self, Body, Load, Movement, Report, Telex},
    places::Places,
};

/// What one message comes to.
#[derive(Debug, Default)]
pub(crate) struct Digested {
    /// Its text, hashed without what differs between copies.
    pub(crate) id: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) warnings: Vec<String>,
    /// Why it, or a part of it, was refused.
    pub(crate) refused: Option<NotFound>,
}

/// Something heard of one leg.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    pub(crate) leg: Planned,
    pub(crate) heard: Heard,
}

/// Reads one message and finds its legs.
pub(crate) fn digest(scene: &Scene<'_>, places: &Places, raw: &RawMessage) -> Digested {
    let id = hash(&[&messages::normal(&raw.text)]);
    let telex = match messages::read(&raw.text) {
        Ok(telex) => telex,
        Err(reason) => return Digested { id, refused: Some(reason.into()), ..Digested::default() },
    };
    let sent = telex.sent.and_then(|clock| clock.near(raw.received_at));
    let mut digest = Digesting {
        scene,
        places,
        raw,
        at: sent.unwrap_or(raw.received_at),
        sent: sent.is_some(),
        out: Digested { id, ..Digested::default() },
    };
    digest.telex(&telex);
    digest.out
}

struct Digesting<'a> {
    scene: &'a Scene<'a>,
    places: &'a Places,
    raw: &'a RawMessage,
    at: Timestamp,
    sent: bool,
    out: Digested,
}

impl Digesting<'_> {
    fn telex(&mut self, telex: &Telex) {
        for line in &telex.unread {
            self.warn(format!("kept without being understood: {}", messages::quoted(line)));
        }
        match &telex.body {
            Body::Movement(movement) => self.movement(movement),
            Body::Load(load) => self.load(load),
            Body::Schedule(message) => self.schedule(message),
        }
    }

    fn movement(&mut self, movement: &Movement) {
        let leg = match self.scene.leg_of(movement, self.at) {
            Ok(leg) => leg,
            Err(why) => return self.refuse(why),
        };
        for report in &movement.reports {
            if let Report::ExpectedTouchdown(_, Some(airport)) = report
                && *airport != leg.key.to
                && !movement.reports.contains(&Report::Diversion(*airport))
            {
                self.warn(format!("it expects a touchdown at {airport}, but the leg goes to {}", leg.key.to));
            }
        }
        self.hear(leg, What::Reports(movement.reports.clone()), |heard| {
            heard.correction = movement.correction;
            heard.automatic = movement.automatic;
            heard.station = Some(movement.station);
            heard.registration.clone_from(&movement.registration);
        });
    }

    fn load(&mut self, load: &Load) {
        match self.scene.leg_of_load(load, self.at) {
            Ok(leg) => {
                let what = What::Reports(vec![Report::Passengers(load.passengers)]);
                self.hear(leg, what, |heard| heard.registration.clone_from(&load.registration));
            }
            Err(why) => self.refuse(why),
        }
    }

    /// Two messages that mean the same are one fact. Changes of the schedule are told apart by their text too: a
    /// flight that is cancelled, reinstated and cancelled again has messages with references of their own.
    fn hear(&mut self, leg: Planned, what: What, with: impl FnOnce(&mut Heard)) {
        let mut heard = Heard {
            id: String::new(),
            at: self.at,
            sent: self.sent,
            correction: false,
            automatic: false,
            station: None,
            registration: None,
            what,
        };
        with(&mut heard);
        let sent = if self.sent { self.at.to_string() } else { String::new() };
        let text =
            if matches!(heard.what, What::Reports(_)) { String::new() } else { meaning(&self.raw.text) };
        let said = serde_json::to_string(&(
            &heard.what,
            heard.station,
            &heard.registration,
            heard.correction,
            heard.automatic,
        ));
        heard.id = hash(&[&said.unwrap_or_default(), &sent, &text, &crate::facts::stream(&leg.key)]);
        self.out.facts.push(Fact { leg, heard });
    }

    fn warn(&mut self, warning: String) {
        self.out.warnings.push(warning);
    }

    fn refuse(&mut self, why: NotFound) {
        self.out.refused.get_or_insert(why);
    }
}

/// The message from its identifier on: address lines differ between two copies of one message.
fn meaning(text: &str) -> String {
    messages::normal(&messages::without_header(text))
}

/// The first 128 bits of SHA-256 in hexadecimal.
pub(crate) fn hash(parts: &[&str]) -> String {
    use std::fmt::Write as _;
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part.len().to_le_bytes());
        sha.update(part);
    }
    sha.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
