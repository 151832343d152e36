//! What both layouts need around every page.

use serde::{Deserialize, Serialize};

/// The frame of a page. See the comment on top of `templates/layout.html`.
#[derive(Debug, Clone, Default)]
pub struct Shell {
    pub lang: String,
    pub brand: String,
    pub demo: bool,
    pub person: Option<ShellPerson>,
    pub flash: Vec<Flash>,
    pub csrf: String,
    pub nonce: String,
    pub css: String,
    pub js: String,
    pub path: String,
}

#[derive(Debug, Clone)]
pub struct ShellPerson {
    pub name: String,
    pub email: String,
    pub role: String,
    /// May open `/admin/`.
    pub staff: bool,
}

/// A message for the next page that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    pub kind: FlashKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlashKind {
    Ok,
    Error,
    Warning,
    Note,
}

impl FlashKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl std::fmt::Display for FlashKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<&str> for FlashKind {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<str> for FlashKind {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}
