//! Sealed quotes: what search shows is signed, so that booking can tell its own prices from invented ones.
//! A quote is `base64url(JSON) . base64url(HMAC-SHA256)`; booking prices it again when it is chosen.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{Timestamp, civil};
use kernel::{Designator, Iata, Money, Party};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// One journey at one price for a whole party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    pub segments: Vec<QuotedSegment>,
    /// Y, W or J.
    pub cabin: char,
    /// `Light`, `Standard` or `Flex`.
    pub family: String,
    pub party: Party,
    /// Fare and taxes for everybody.
    pub total: Money,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedSegment {
    pub designator: Designator,
    pub date: civil::Date,
    pub from: Iata,
    pub to: Iata,
    /// The booking class that was open.
    pub class: char,
}

impl Quote {
    /// Reads a sealed quote without looking at the seal: to show again what somebody chose, never to charge by.
    pub fn peek(sealed: &str) -> Option<Self> {
        let (body, _) = sealed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }
}

/// The key that search seals with and booking opens with: 32 bytes derived for this purpose.
#[derive(Clone)]
pub struct QuoteKey([u8; 32]);

impl QuoteKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn seal(&self, quote: &Quote) -> String {
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(quote).unwrap_or_default());
        let tag = URL_SAFE_NO_PAD.encode(self.mac(&body).finalize().into_bytes());
        format!("{body}.{tag}")
    }

    /// `None` if it was not sealed with this key, or is not whole. The expiry is for the caller to judge.
    pub fn open(&self, sealed: &str) -> Option<Quote> {
        let (body, tag) = sealed.split_once('.')?;
        self.mac(body).verify_slice(&URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn mac(&self, body: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length fits");
        mac.update(body.as_bytes());
        mac
    }
}
