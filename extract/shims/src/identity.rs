//! Who is calling: a token of at most 60 seconds, signed with the installation's key, for one audience.
//! `base64url(JSON claims) . base64url(Ed25519 signature of the first part)`.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// How long a token is good for.
const LIFE: SignedDuration = SignedDuration::from_secs(60);
/// How far two machines' clocks may differ.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// The key pair that all processes of one installation share.
pub struct ServiceKey {
    pair: Ed25519KeyPair,
    /// What was verified lately, by the token's exact text: a signature is judged once, its age at every call.
    verified: Mutex<HashMap<String, Claims>>,
}

/// Why a caller is not believed. Goes to the log, never to the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("the token is not of our making")]
    Forged,
    #[error("the token has expired or is not valid yet")]
    Expired,
    #[error("the token is for `{0}`")]
    Audience(String),
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    /// The caller.
    sub: String,
    /// The module that is called, or another named door.
    aud: String,
    /// Seconds since 1970.
    iat: i64,
}

impl ServiceKey {
    /// So many verified tokens are remembered: callers sign a few a minute.
    const REMEMBERED: usize = 1_024;

    /// From 32 bytes that were derived for this purpose.
    #[expect(clippy::expect_used, reason = "every seed of 32 bytes is an Ed25519 key")]
    pub fn new(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("32 bytes are a seed");
        Self { pair, verified: Mutex::default() }
    }

    pub fn token(&self, caller: &str, audience: &str, now: Timestamp) -> String {
        let claims = Claims { sub: caller.to_owned(), aud: audience.to_owned(), iat: now.as_second() };
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims).unwrap_or_default());
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(body.as_bytes()));
        format!("{body}.{signature}")
    }

    /// The caller's name, if the token is ours, for this audience, and of the last minute.
    pub fn verify(&self, token: &str, audience: &str, now: Timestamp) -> Result<String, IdentityError> {
        let claims = self.claims(token, now)?;
        if !claims.are_fresh(now) {
            return Err(IdentityError::Expired);
        }
        if claims.aud != audience {
            return Err(IdentityError::Audience(claims.aud));
        }
        Ok(claims.sub)
    }

    fn claims(&self, token: &str, now: Timestamp) -> Result<Claims, IdentityError> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = verified.get(token) {
            return Ok(known.clone());
        }
        drop(verified);
        let claims = self.judged(token)?;
        verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= Self::REMEMBERED {
            verified.retain(|_, claims| claims.are_fresh(now));
        }
        if verified.len() < Self::REMEMBERED {
            verified.insert(token.to_owned(), claims.clone());
        }
        Ok(claims)
    }

    fn judged(&self, token: &str) -> Result<Claims, IdentityError> {
        let (body, signature) = token.split_once('.').ok_or(IdentityError::Forged)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| IdentityError::Forged)?;
        UnparsedPublicKey::new(&ED25519, self.pair.public_key())
            .verify(body.as_bytes(), &signature)
            .map_err(|_| IdentityError::Forged)?;
        URL_SAFE_NO_PAD
            .decode(body)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or(IdentityError::Forged)
    }
}

impl Claims {
    fn are_fresh(&self, now: Timestamp) -> bool {
        Timestamp::from_second(self.iat).is_ok_and(|issued| {
            let age = now.duration_since(issued);
            age <= LIFE + SKEW && age >= -SKEW
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn believed_only_when_whole_fresh_and_for_us() {
        let key = ServiceKey::new(&[7; 32]);
        let now = Timestamp::from_second(1_000_000).unwrap();
        let later = |s| now + SignedDuration::from_secs(s);
        let token = key.token("portal", "notes", now);
        assert_eq!(key.verify(&token, "notes", later(59)), Ok("portal".into()));
        assert_eq!(key.verify(&token, "notes", later(66)), Err(IdentityError::Expired));
        assert_eq!(key.verify(&token, "notes", later(-6)), Err(IdentityError::Expired));
        assert_eq!(key.verify(&token, "booking", now), Err(IdentityError::Audience("notes".into())));
        assert_eq!(ServiceKey::new(&[8; 32]).verify(&token, "notes", now), Err(IdentityError::Forged));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            assert!(key.verify(&changed, "notes", now).is_err(), "byte {at}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded_and_still_expires() {
        let key = ServiceKey::new(&[7; 32]);
        let now = Timestamp::from_second(1_000_000).unwrap();
        let token = |at: i64| key.token("portal", "notes", now + SignedDuration::from_secs(at));
        for at in 0..2_000 {
            let then = now + SignedDuration::from_secs(at);
            assert_eq!(key.verify(&token(at), "notes", then), Ok("portal".into()));
            assert!(key.verified.lock().unwrap().len() <= ServiceKey::REMEMBERED);
        }
        let late = now + SignedDuration::from_secs(2_100);
        assert_eq!(key.verify(&token(1_999), "notes", late), Err(IdentityError::Expired));
        for caller in 0..2_000 {
            assert!(key.verify(&key.token(&caller.to_string(), "notes", now), "notes", now).is_ok());
        }
        assert_eq!(key.verified.lock().unwrap().len(), ServiceKey::REMEMBERED);
        assert!(key.verify("forged.token", "notes", now).is_err());
        assert!(!key.verified.lock().unwrap().contains_key("forged.token"));
    }
}
