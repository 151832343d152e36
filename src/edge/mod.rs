//! What every request passes before and after its handler. `Visit` is what a page takes; `Stop` is how it ends
//! early; `explain` is the one place that turns a stop into a page or a problem document.

mod assets;
mod enter;
mod explain;
mod form;
mod sealed;
mod shell;
mod stop;
mod visit;

pub use assets::Assets;
pub use enter::{Marks, enter};
pub use explain::explain;
pub use form::Form;
pub use sealed::Seal;
pub use shell::{Flash, FlashKind, Shell, ShellPerson};
pub use stop::Stop;
pub use visit::{Sessions, Visit};

/// Handlers of the edge's own routes.
pub mod routes {
    pub use super::assets::serve as asset;
}
