//! A `Fault` is the lack of an answer. A domain error is an answer, and travels as one.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Why no answer came. The text is for logs and staff, never for travellers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "fault", content = "detail", rename_all = "snake_case")]
pub enum Fault {
    /// The other side could not be reached, or is too busy to say yes. Nothing was done.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The time in `Ctx` ran out. A command may or may not have been done.
    #[error("timed out: {0}")]
    TimedOut(String),
    /// Something answered, but not in our words.
    #[error("malformed: {0}")]
    Malformed(String),
    /// The other side does not let this caller in, or does not know the operation.
    #[error("refused: {0}")]
    Refused(String),
}

impl Fault {
    pub fn unavailable(why: impl fmt::Display) -> Self {
        Self::Unavailable(why.to_string())
    }

    pub fn malformed(why: impl fmt::Display) -> Self {
        Self::Malformed(why.to_string())
    }

    /// The one word used as a metric label and log field.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::TimedOut(_) => "timed_out",
            Self::Malformed(_) => "malformed",
            Self::Refused(_) => "refused",
        }
    }
}

/// What every interface error can do: be made from a fault, and show the fault inside.
pub trait InterfaceError:
    std::error::Error + From<Fault> + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The fault, if this is the lack of an answer; `None` if it is an answer.
    fn fault(&self) -> Option<&Fault>;
}

/// Implements [`InterfaceError`] for an enum that has a variant `Fault(#[from] Fault)`.
#[macro_export]
macro_rules! interface_error {
    ($Error:ident) => {
        impl $crate::InterfaceError for $Error {
            fn fault(&self) -> Option<&$crate::Fault> {
                match self {
                    Self::Fault(fault) => Some(fault),
                    _ => None,
                }
            }
        }
    };
}
