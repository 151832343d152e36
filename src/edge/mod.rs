//! What every request passes before and after its handler. `pass` is the one middleware; `Visit` is what a page
//! takes; `Stop` is how it ends early; `explain` turns a stop into a page or a problem document.

mod arrive;
mod assets;
mod authorise;
mod body;
mod client;
mod crash;
mod csrf;
mod door;
mod enter;
mod explain;
mod form;
mod headers;
mod host;
mod kill;
mod limits;
mod pass;
mod problem;
mod sealed;
mod seam;
mod seen;
mod session;
mod shell;
mod stop;
mod visit;

pub use assets::Assets;
pub use authorise::{Kind, Row, TABLE, Verb, Who, row_of};
pub use body::Patience;
pub use client::Proxies;
pub use enter::Marks;
pub use form::Form;
pub use host::Hosts;
pub use kill::{KillPost, MAY_KILL};
pub use limits::{Class, Counted, Limits, Rates};
pub use pass::{EdgeSettings, Gate, pass};
pub use sealed::Seal;
pub use seam::{Asking, OWN_COOKIES, Seam, Vouch};
pub use seen::ToldRequest;
pub use session::Sessions;
pub(crate) use session::of_token;
pub use shell::{Flash, FlashKind, Held, Shell, ShellPerson};
pub use stop::{Refusal, Stop};
pub use visit::Visit;

/// Handlers of the edge's own routes.
pub mod routes {
    pub use super::assets::serve as asset;
}
