//! The payloads of notes' feed. They say what became of a note, and never what it says: the text is private, has
//! no readers elsewhere, and is gone when its owner deletes it.

use kernel::{Locator, PersonId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{NoteId, PadId};

/// `note.created`, `note.changed`, `note.deleted`. Stream `note/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteFact {
    pub id: NoteId,
    pub owner: PersonId,
    #[serde(default)]
    pub pad: Option<PadId>,
    #[serde(default)]
    pub trip: Option<Locator>,
    pub version: i64,
}

/// `pad.created`, `pad.renamed`, `pad.deleted`. Stream `pad/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PadFact {
    pub id: PadId,
    pub owner: PersonId,
}
