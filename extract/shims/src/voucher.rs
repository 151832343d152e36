//! Who asks, as an upstream of the route seam is told: a JSON Web Token (RFC 7519, EdDSA as in RFC 8037) of at most 60
//! seconds for that upstream alone. Its key is not that of services, so that no upstream can call a module with it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use kernel::Role;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::IdentityError;

const LIFE: SignedDuration = SignedDuration::from_secs(60);
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// Signs for all processes of one installation.
pub struct Voucher(Ed25519KeyPair);

/// The one header that is ever written, and the only one that is read: nobody chooses an algorithm.
const HEADER: &[u8] = br#"{"alg":"EdDSA","typ":"JWT"}"#;

/// What is vouched for. Nothing of it is there for a visitor whom we have never seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// The stable identity of the visitor's device or account.
    #[serde(rename = "sub", default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The id of the person who has signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The name of the machine token that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    #[serde(flatten)]
    asking: Asking,
    aud: String,
    /// Seconds since 1970.
    iat: i64,
    exp: i64,
}

impl Voucher {
    /// From 32 bytes that were derived for this purpose.
    #[expect(clippy::expect_used, reason = "every seed of 32 bytes is an Ed25519 key")]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed"))
    }

    /// `audience` is the upstream's name.
    pub fn token(&self, asking: &Asking, audience: &str, now: Timestamp) -> String {
        let (asking, aud) = (asking.clone(), audience.to_owned());
        let claims = Claims { asking, aud, iat: now.as_second(), exp: (now + LIFE).as_second() };
        let header = URL_SAFE_NO_PAD.encode(HEADER);
        let signed =
            format!("{header}.{}", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default()));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// For upstreams that know `public_key` and their own name.
    pub fn verify(
        public_key: &[u8],
        token: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Asking, IdentityError> {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| IdentityError::Forged);
        let (signed, signature) = token.rsplit_once('.').ok_or(IdentityError::Forged)?;
        let (header, body) = signed.split_once('.').ok_or(IdentityError::Forged)?;
        if decode(header)? != HEADER {
            return Err(IdentityError::Forged);
        }
        UnparsedPublicKey::new(&ED25519, public_key)
            .verify(signed.as_bytes(), &decode(signature)?)
            .map_err(|_| IdentityError::Forged)?;
        let claims: Claims = serde_json::from_slice(&decode(body)?).map_err(|_| IdentityError::Forged)?;
        let seconds = now.as_second();
        if seconds > claims.exp + SKEW.as_secs() || seconds < claims.iat - SKEW.as_secs() {
            return Err(IdentityError::Expired);
        }
        if claims.aud != audience {
            return Err(IdentityError::Audience(claims.aud));
        }
        Ok(claims.asking)
    }

    pub fn public_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The public key as a JWK Set (RFC 7517), for upstreams that check tokens.
    pub fn jwks(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.public_key());
        serde_json::json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x }] })
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceKey;

    #[test]
    fn believed_by_its_audience_alone_and_not_for_long() {
        let voucher = Voucher::new(&[7; 32]);
        let now = Timestamp::from_second(1_000_000).unwrap();
        let later = |s| now + SignedDuration::from_secs(s);
        let asking = Asking { subject: Some("s-1".into()), role: Some(Role::Traveller), ..Asking::default() };
        for asking in [asking, Asking::default()] {
            let token = voucher.token(&asking, "legacy", now);
            let verify =
                |token: &str, audience, now| Voucher::verify(voucher.public_key(), token, audience, now);
            assert_eq!(verify(&token, "legacy", later(59)), Ok(asking));
            assert_eq!(verify(&token, "legacy", later(66)), Err(IdentityError::Expired));
            assert_eq!(verify(&token, "legacy", later(-6)), Err(IdentityError::Expired));
            assert_eq!(verify(&token, "other", now), Err(IdentityError::Audience("legacy".into())));
            assert_eq!(token.split('.').count(), 3);
            for at in 0..token.len() {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1;
                assert!(verify(&String::from_utf8_lossy(&bytes), "legacy", now).is_err(), "byte {at}");
            }
        }
    }

    #[test]
    fn a_service_is_not_fooled() {
        let token = Voucher::new(&[7; 32]).token(&Asking::default(), "notes", Timestamp::UNIX_EPOCH);
        let services = ServiceKey::new(&[8; 32]);
        assert_eq!(services.verify(&token, "notes", Timestamp::UNIX_EPOCH), Err(IdentityError::Forged));
    }
}
