//! The notes interface: pads and notes of one person, alone or against a trip. The owner is always the
//! asker (`ctx.actor`); somebody else's thing and a missing one are the same `NotFound`.

pub mod events;

use jiff::Timestamp;
use kernel::{
    Ctx, Fault, FeedAfter, FeedBatch, FeedError, FieldErrors, Locator, Page, PageAsk, ReaderStatus,
    ReadersAsk, ReplayReader,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kernel::interface! { "notes",
    /// Notes a passenger keeps, alone, in a pad or against a trip.
    pub trait Notes {
        /// One page of the asker's notes, in the order asked for, with the count of all.
        #[query]
        async fn list(&self, ctx: &Ctx, of: NotesOf) -> Result<NoteList, NotesError>;
        /// One note.
        #[query]
        async fn note(&self, ctx: &Ctx, of: NoteOf) -> Result<Note, NotesError>;
        /// The asker's pads, by name.
        #[query]
        async fn pads(&self, ctx: &Ctx, of: PadsOf) -> Result<Vec<Pad>, NotesError>;
        /// One pad.
        #[query]
        async fn pad(&self, ctx: &Ctx, of: PadOf) -> Result<Pad, NotesError>;
        /// Writes a note. Field names in errors: `name`, `text`, `pad`, `trip`.
        #[command]
        async fn add(&self, ctx: &Ctx, note: NoteDraft) -> Result<Note, NotesError>;
        /// Changes a note, if it is still at the version that was read.
        #[command]
        async fn edit(&self, ctx: &Ctx, edit: NoteEdit) -> Result<Note, NotesError>;
        /// Deletes a note; the answer is what was deleted.
        #[command]
        async fn delete(&self, ctx: &Ctx, of: NoteOf) -> Result<Note, NotesError>;
        /// Makes a pad. Field names in errors: `name`.
        #[command]
        async fn add_pad(&self, ctx: &Ctx, pad: PadDraft) -> Result<Pad, NotesError>;
        /// Renames a pad.
        #[command]
        async fn rename_pad(&self, ctx: &Ctx, edit: PadEdit) -> Result<Pad, NotesError>;
        /// Deletes a pad and the notes in it.
        #[command]
        async fn delete_pad(&self, ctx: &Ctx, of: PadOf) -> Result<Pad, NotesError>;
        /// The event log: `note.created`, `note.changed`, `note.deleted`, `pad.created`, `pad.renamed`, `pad.deleted`.
        #[feed]
        async fn feed(&self, ctx: &Ctx, ask: FeedAfter) -> Result<FeedBatch, FeedError>;
        /// How far this module's readers are.
        #[query]
        async fn readers(&self, ctx: &Ctx, ask: ReadersAsk) -> Result<Vec<ReaderStatus>, NotesError>;
        /// Rebuilds one reader from the beginning.
        #[command]
        async fn replay(&self, ctx: &Ctx, ask: ReplayReader) -> Result<(), NotesError>;
    }
}

kernel::id!(
    /// A note.
    NoteId
);
kernel::id!(
    /// A pad: a named pile of notes.
    PadId
);

/// The longest name of a note or pad, in characters.
pub const NAME_LIMIT: usize = 100;
/// The longest text of a note, in bytes.
pub const TEXT_LIMIT: usize = 200_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    pub id: NoteId,
    pub name: String,
    pub text: String,
    #[serde(default)]
    pub pad: Option<PadRef>,
    #[serde(default)]
    pub trip: Option<TripRef>,
    /// 1, 2, 3 …; what `ETag` and the edit form carry.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A pad as a note shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PadRef {
    pub id: PadId,
    pub name: String,
}

/// A trip as a note shows it. `title` comes from booking's feed, and is absent until that has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TripRef {
    pub locator: Locator,
    #[serde(default)]
    pub title: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pad {
    pub id: PadId,
    pub name: String,
    /// How many notes are in it.
    pub notes: i64,
}

/// Which notes: all, of a pad, or of a trip.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotesOf {
    #[serde(default)]
    pub pad: Option<PadId>,
    #[serde(default)]
    pub trip: Option<Locator>,
    #[serde(default)]
    pub order: NoteOrder,
    #[serde(default)]
    pub page: PageAsk,
}

/// The orders a list can have. Ties are broken by id, so that pages neither skip nor repeat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteOrder {
    Name,
    NameDown,
    Oldest,
    #[default]
    Newest,
}

impl NoteOrder {
    /// The word in `?order=`; anything unknown means newest first.
    pub fn from_word(word: &str) -> Self {
        match word {
            "name" => Self::Name,
            "-name" => Self::NameDown,
            "updated_at" => Self::Oldest,
            _ => Self::Newest,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::NameDown => "-name",
            Self::Oldest => "updated_at",
            Self::Newest => "-updated_at",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteList {
    pub page: Page<Note>,
    /// How many there are on all pages.
    pub total: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteOf {
    pub id: NoteId,
    /// Refuse with `Stale` unless the note is at this version. Only deleting looks at it.
    #[serde(default)]
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PadsOf {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PadOf {
    pub id: PadId,
}

/// What a person typed into the note form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteDraft {
    pub name: String,
    pub text: String,
    #[serde(default)]
    pub pad: Option<PadId>,
    #[serde(default)]
    pub trip: Option<Locator>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoteEdit {
    pub id: NoteId,
    pub draft: NoteDraft,
    /// The version that was read; `None` overwrites whatever is there.
    #[serde(default)]
    pub version: Option<i64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PadDraft {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PadEdit {
    pub id: PadId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
pub enum NotesError {
    #[error("there is no such note or pad")]
    NotFound,
    #[error("sign in to see your notes")]
    SignedOut,
    #[error("{0}")]
    Invalid(FieldErrors),
    /// The note has moved on; this is how it is now.
    #[error("the note was changed in the meantime")]
    Stale(Box<Note>),
    /// The idempotency key was used for another question.
    #[error("this key was used for something else")]
    KeyReused,
    #[error("only staff may do this")]
    Forbidden,
    #[error(transparent)]
    Fault(#[from] Fault),
}
kernel::interface_error!(NotesError);
