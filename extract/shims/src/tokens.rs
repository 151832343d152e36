//! The near end's tokens: signed anew only every few seconds, because a signature costs more than the rest of a call.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock, Fault};
use reqwest::header::HeaderValue;

use crate::ServiceKey;

/// What one caller shows at the far ends, by module.
pub(crate) struct Tokens {
    caller: String,
    key: Arc<ServiceKey>,
    clock: Arc<dyn Clock>,
    signed: Mutex<BTreeMap<&'static str, (Timestamp, HeaderValue)>>,
}

impl Tokens {
    /// A third of a token's life: it never grows old on the way.
    const KEPT: SignedDuration = SignedDuration::from_secs(20);

    pub(crate) fn new(caller: &str, key: Arc<ServiceKey>, clock: Arc<dyn Clock>) -> Self {
        Self { caller: caller.to_owned(), key, clock, signed: Mutex::default() }
    }

    /// The `Authorization` header for calls to a module.
    pub(crate) fn bearer(&self, module: &'static str) -> Result<HeaderValue, Fault> {
        let now = self.clock.now();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, bearer)) = signed.get(module)
            && (SignedDuration::ZERO..Self::KEPT).contains(&now.duration_since(*at))
        {
            return Ok(bearer.clone());
        }
        let token = self.key.token(&self.caller, module, now);
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(Fault::malformed)?;
        bearer.set_sensitive(true);
        signed.insert(module, (now, bearer.clone()));
        Ok(bearer)
    }
}

#[cfg(test)]
mod tests {
    use kernel::FixedClock;

    use super::*;

    #[test]
    fn a_token_serves_for_twenty_seconds_and_for_one_module() {
        let clock = FixedClock::at(Timestamp::from_second(1_000_000).unwrap());
        let key = Arc::new(ServiceKey::new(&[7; 32]));
        let tokens = Tokens::new("portal", key.clone(), clock.clone());
        let first = tokens.bearer("notes").unwrap();
        assert_ne!(tokens.bearer("booking").unwrap(), first);
        clock.advance(SignedDuration::from_secs(19));
        assert_eq!(tokens.bearer("notes").unwrap(), first);
        clock.advance(SignedDuration::from_secs(1));
        let second = tokens.bearer("notes").unwrap();
        assert_ne!(second, first);
        // A clock that was set back makes a new one too.
        clock.advance(SignedDuration::from_secs(-60));
        let third = tokens.bearer("notes").unwrap();
        let token = third.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned();
        assert_eq!(key.verify(&token, "notes", clock.now()), Ok("portal".into()));
    }
}
