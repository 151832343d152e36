//! Secrets that are shown once: what they look like, what is stored of them, and how one is made again from a row's id.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use kernel::{Outside, Secret};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// 256 random bits for a session.
pub(crate) fn random(outside: &Outside) -> Secret {
    Secret::new(BASE64.encode(outside.bytes::<32>()))
}

/// All that is stored of a token.
pub(crate) fn stored(token: &Secret) -> Vec<u8> {
    Sha256::digest(token.expose().as_bytes()).to_vec()
}

/// The installation's key for tokens that are derived, never stored.
#[derive(Clone)]
pub(crate) struct Derived(pub(crate) [u8; 32]);

impl Derived {
    /// The token of a mailed link: known to whoever holds the key and the row's id.
    pub(crate) fn reset_link(&self, id: Uuid) -> Secret {
        self.token("reset-link", id)
    }

    /// The token of a machine, with a mark that scanners for lost secrets can find.
    pub(crate) fn machine(&self, id: Uuid) -> Secret {
        Secret::new(format!("banyan_{}", self.token("machine", id).expose()))
    }

    fn token(&self, purpose: &str, id: Uuid) -> Secret {
        let keyed = Hmac::<Sha256>::new_from_slice(&self.0).map(|mac| {
            let mac = mac.chain_update(purpose.as_bytes()).chain_update([0]).chain_update(id.as_bytes());
            mac.finalize().into_bytes()
        });
        // HMAC takes keys of any length, so there is always one.
        Secret::new(keyed.map(|bytes| BASE64.encode(bytes)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_row_has_its_own() {
        let (key, id) = (Derived([7; 32]), Uuid::from_u128(1));
        assert_eq!(key.reset_link(id), key.reset_link(id));
        assert_eq!(key.reset_link(id).expose().len(), 43);
        assert_ne!(key.reset_link(id), key.reset_link(Uuid::from_u128(2)));
        assert_ne!(key.reset_link(id), Derived([8; 32]).reset_link(id));
        assert!(!key.machine(id).expose().contains(key.reset_link(id).expose()));
    }
}
