//! Sealed cookies: readable by nobody but us, unchangeable, and bound to their name, so that one cannot stand
//! in for another. XChaCha20-Poly1305 with a random 24-byte nonce: `base64url(nonce ‖ ciphertext)`.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use kernel::Outside;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// Seals and opens cookies of this installation.
#[derive(Clone)]
pub struct Seal {
    cipher: XChaCha20Poly1305,
    mac: Hmac<Sha256>,
    outside: Outside,
    https: bool,
}

impl Seal {
    /// `https` decides on Secure and the `__Host-` prefix.
    pub fn new(key: &[u8; 32], outside: Outside, https: bool) -> Self {
        // A key of its own for each use of the one we are given.
        let of = |purpose: &[u8]| {
            <[u8; 32]>::from(Sha256::new().chain_update(purpose).chain_update(key).finalize())
        };
        let cipher = XChaCha20Poly1305::new(&of(b"cookies").into());
        // A key for HMAC is as long as its block; shorter ones are filled with zeros.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(of(b"marks")) {
            *to = from;
        }
        Self { cipher, mac: Hmac::new(&block.into()), outside, https }
    }

    /// The cookie's name on the wire.
    pub fn name(&self, name: &str) -> String {
        if self.https { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// A cookie with our flags; the value as it is.
    pub fn plain(&self, name: &str, value: String, life: Option<Duration>) -> Cookie<'static> {
        let mut cookie = Cookie::build(self.name(name), value)
            .path("/")
            .http_only(true)
            .secure(self.https)
            .same_site(SameSite::Lax)
            .finish();
        cookie.set_max_age(life);
        cookie
    }

    /// A cookie that ends the one of this name.
    pub fn ended(&self, name: &str) -> Cookie<'static> {
        self.plain(name, String::new(), Some(Duration::ZERO))
    }

    /// A cookie that holds a sealed value.
    pub fn cookie(&self, name: &str, value: &impl Serialize, life: Option<Duration>) -> Cookie<'static> {
        self.plain(name, self.seal(name, value), life)
    }

    /// The value of a sealed cookie of this request; `None` if it is not there or not ours.
    pub fn read<T: DeserializeOwned>(&self, request: &HttpRequest, name: &str) -> Option<T> {
        self.open(name, request.cookie(&self.name(name))?.value())
    }

    /// Seals any value under a name.
    pub fn seal(&self, name: &str, value: &impl Serialize) -> String {
        let json = serde_json::to_vec(value).unwrap_or_default();
        let nonce = self.outside.bytes::<24>();
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: &json, aad: name.as_bytes() })
            .unwrap_or_default();
        URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// A keyed hash of texts, for a purpose: nobody else can make it, and nothing can be read from it.
    pub fn mark(&self, purpose: &str, texts: &[&str]) -> String {
        let mut mac = self.mac.clone();
        for text in std::iter::once(&purpose).chain(texts) {
            // The length keeps `ab`, `c` apart from `a`, `bc`.
            mac.update(&(text.len() as u64).to_be_bytes());
            mac.update(text.as_bytes());
        }
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }

    /// Opens what was sealed under the same name.
    pub fn open<T: DeserializeOwned>(&self, name: &str, text: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<24>()?;
        let payload = Payload { msg: sealed, aad: name.as_bytes() };
        let json = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_whole_and_under_its_own_name() {
        let seal = Seal::new(&[1; 32], Outside::system(), true);
        let text = seal.seal("flash", &"hello");
        assert_eq!(seal.open::<String>("flash", &text).as_deref(), Some("hello"));
        assert_eq!(seal.open::<String>("basket", &text), None);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(changed == text || seal.open::<String>("flash", &changed).is_none(), "byte {at}");
        }
        assert_ne!(seal.mark("form", &["ab", "c"]), seal.mark("form", &["a", "bc"]));
        assert_ne!(seal.mark("form", &["a"]), seal.mark("other", &["a"]));
        assert!(seal.plain("sid", "x".into(), None).secure().unwrap());
        assert_eq!(seal.name("sid"), "__Host-sid");
    }
}
