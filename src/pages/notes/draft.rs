//! What is sent with a note form, read kindly: what makes no sense is not there, or is answered beside its field.

use kernel::{Ctx, Locator};
use notes_api::{NoteDraft, PadId};
use serde::Deserialize;
use uuid::Uuid;

use crate::edge::{Stop, Visit};

/// The fields of the note form. Others are ignored, whatever they claim.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NoteFields {
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    pad: String,
    #[serde(default)]
    trip: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    idempotency_key: String,
}

impl NoteFields {
    pub(super) fn draft(&self) -> NoteDraft {
        NoteDraft {
            name: self.name.clone(),
            // Forms send line breaks as CR LF, whatever was typed.
            text: self.text.replace("\r\n", "\n"),
            pad: pad(&self.pad),
            trip: self.trip.parse::<Locator>().ok(),
        }
    }

    /// The version that the form was filled from.
    pub(super) fn version(&self) -> Option<i64> {
        self.version.parse().ok()
    }

    pub(super) fn ctx(&self, visit: &Visit) -> Result<Ctx, Stop> {
        visit.ctx_with_key(&self.idempotency_key)
    }
}

/// What the address of a new note's form already says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Preset {
    #[serde(default)]
    pad: String,
    #[serde(default)]
    trip: String,
}

impl Preset {
    pub(super) fn draft(&self) -> NoteDraft {
        let (pad, trip) = (self.pad.parse().ok(), self.trip.parse::<Locator>().ok());
        NoteDraft { pad, trip, ..NoteDraft::default() }
    }
}

/// The chosen pad. What is no id at all is nobody's pad, so that the answer stands beside the field.
fn pad(chosen: &str) -> Option<PadId> {
    match chosen.trim() {
        "" | "0" => None,
        other => Some(other.parse().unwrap_or(PadId(Uuid::nil()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pad_has_several_spellings() {
        let real = Uuid::from_u128(7);
        for (chosen, meant) in [
            ("", None),
            (" ", None),
            ("0", None),
            ("17", Some(PadId(Uuid::nil()))),
            (&real.to_string(), Some(PadId(real))),
        ] {
            assert_eq!(pad(chosen), meant, "{chosen:?}");
        }
    }
}
