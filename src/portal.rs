//! What every page may ask: the modules by their interfaces, and a few facts about the house.

use std::sync::Arc;

use accounts_api::Accounts;
use booking_api::{Disruption, Orders, Payments, Schedule, Shop};
use cockpit::Cockpit;
use kernel::Outside;
use notes_api::Notes;
use search_api::Search;
use status_api::Status;

use crate::edge::{Assets, Seal};

/// Judges a token of our own command line: the caller's name, if it is ours and fresh.
pub type OwnTokens = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// The modules as callers see them: each behind a fork, which alone knows where it is.
#[derive(Clone)]
pub struct Faces {
    pub accounts: Arc<dyn Accounts>,
    pub schedule: Arc<dyn Schedule>,
    pub shop: Arc<dyn Shop>,
    pub orders: Arc<dyn Orders>,
    pub payments: Arc<dyn Payments>,
    pub disruption: Arc<dyn Disruption>,
    pub search: Arc<dyn Search>,
    pub status: Arc<dyn Status>,
    pub notes: Arc<dyn Notes>,
}

/// Shared by all workers, as `web::Data<Portal>`.
pub struct Portal {
    pub faces: Faces,
    pub cockpit: Arc<Cockpit>,
    /// Judges the tokens of our own command line.
    pub own_tokens: OwnTokens,
    pub outside: Outside,
    pub seal: Seal,
    pub assets: Assets,
    pub house: House,
}

/// Facts about this installation that pages show or obey.
#[derive(Debug, Clone)]
pub struct House {
    /// `brand.name`
    pub brand: String,
    /// Whether everything in here is made up.
    pub demo: bool,
    /// `http.public_url`, without a slash at the end.
    pub public_url: String,
}

impl House {
    /// Cookies are Secure and prefixed under https.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
