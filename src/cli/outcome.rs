//! How a command ends: the contract's exit codes, and errors that fit on one screen.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::{config::SettingsError, serve::InUse};

/// What a subcommand gives back.
pub type Outcome = Result<(), Failure>;

/// Why a command did not do what it was asked to, with its exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    /// Absent where all was said already.
    error: Option<anyhow::Error>,
    /// The server's own document, for `--json`.
    problem: Option<Value>,
}

impl Failure {
    fn new(code: u8, error: anyhow::Error) -> Self {
        Self { code, error: Some(error), problem: None }
    }

    /// Nothing more to say than the exit code: 4 where others must agree first.
    pub fn told(code: u8) -> Self {
        Self { code, error: None, problem: None }
    }

    /// With what the server said, whole.
    #[must_use]
    pub fn with_problem(self, problem: Value) -> Self {
        Self { problem: Some(problem), ..self }
    }

    /// 2: bad usage or input.
    pub fn input(error: impl Into<anyhow::Error>) -> Self {
        Self::new(2, error.into())
    }

    /// 3: refused by a guard.
    pub fn refused(error: impl Into<anyhow::Error>) -> Self {
        Self::new(3, error.into())
    }

    /// 5: somebody else was faster.
    pub fn conflict(error: impl Into<anyhow::Error>) -> Self {
        Self::new(5, error.into())
    }
}

/// 1, unless the cause is one that has a code of its own.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let code = if error.is::<SettingsError>() {
            2
        } else if error.is::<InUse>() || matches!(error.downcast_ref(), Some(store::DbError::Newer { .. })) {
            3
        } else {
            1
        };
        Self::new(code, error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// Tells the error, if there is one, and gives the exit code.
pub(super) fn exit(outcome: Outcome, json: bool) -> ExitCode {
    let Err(Failure { code, error, problem }) = outcome else { return ExitCode::SUCCESS };
    let Some(error) = error else { return ExitCode::from(code) };
    // The chain of causes, each once: many libraries repeat their cause in their own words.
    let mut words: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !words.iter().any(|said| said.contains(&cause)) {
            words.push(cause);
        }
    }
    let words = words.join(": ");
    if json {
        let mut told = json!({ "error": words, "exit_code": code });
        if let (Some(told), Some(problem)) = (told.as_object_mut(), problem) {
            told.insert("problem".to_owned(), problem);
        }
        println!("{told}");
    } else {
        eprintln!("banyan: {words}");
    }
    ExitCode::from(code)
}
