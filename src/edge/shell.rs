//! What both layouts need around every page.

use actix_web::{HttpMessage, HttpRequest, web::Data};
use serde::{Deserialize, Serialize};

use super::Marks;
use crate::portal::Portal;

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
    /// What the visitor sees elsewhere than others do.
    pub held: Vec<Held>,
}

/// An override of the switch that holds for this visitor: its words, and where a post ends it (empty for whoever may
/// not).
#[derive(Debug, Clone)]
pub struct Held {
    pub text: String,
    pub end: String,
}

impl Shell {
    /// The frame of a page for which nobody is asked who the visitor is.
    pub(super) fn bare(request: &HttpRequest) -> Self {
        let mut shell = Self { lang: "en-GB".into(), path: request.path().to_owned(), ..Self::default() };
        if let Some(portal) = request.app_data::<Data<Portal>>() {
            shell.brand.clone_from(&portal.house.brand);
            shell.demo = portal.house.demo;
            shell.css.clone_from(&portal.assets.css);
            shell.js.clone_from(&portal.assets.js);
        }
        shell.nonce = request.extensions().get::<Marks>().map(|m| m.nonce.to_string()).unwrap_or_default();
        shell
    }
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
