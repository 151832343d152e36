//! The installation's one secret, and the keys that are derived from it by purpose (HKDF-SHA256).

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use hkdf::Hkdf;
use kernel::Outside;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Derives a key for each purpose. Two purposes never share one.
#[derive(Clone)]
pub struct Keys(Zeroizing<[u8; 32]>);

impl Keys {
    /// Reads the file, or makes it (mode 0600) when `may_make`; of two makers at once, one wins and both read the same.
    pub fn open(path: &Path, may_make: bool, outside: &Outside) -> anyhow::Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => {
                Self::parse(&text).with_context(|| format!("reading the key file {}", path.display()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_make => {
                make(path, outside).with_context(|| format!("making the key file {}", path.display()))?;
                Self::open(path, false, outside)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
                "there is no key file {}: all replicas need the same one; copy it there, or set keys.file",
                path.display()
            ),
            Err(error) => Err(error).with_context(|| format!("reading the key file {}", path.display())),
        }
    }

    /// The key of one purpose.
    #[expect(clippy::expect_used, reason = "HKDF refuses only lengths above 8,160 bytes")]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(b"banyan"), self.0.as_slice())
            .expand(purpose.as_bytes(), &mut key)
            .expect("32 bytes are few enough");
        key
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD_NO_PAD.decode(text.trim()).context("it is not base64")?;
        let Ok(key) = <[u8; 32]>::try_from(bytes) else { bail!("it does not hold 32 bytes") };
        Ok(Self(Zeroizing::new(key)))
    }
}

fn make(path: &Path, outside: &Outside) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension(format!("new-{}", std::process::id()));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(STANDARD_NO_PAD.encode(outside.bytes::<32>()).as_bytes())?;
    file.sync_all()?;
    // A link fails where a name is taken, so the first maker wins.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let outside = Outside::system();
        assert!(Keys::open(&path, false, &outside).is_err());
        let first = Keys::open(&path, true, &outside).unwrap();
        let again = Keys::open(&path, true, &outside).unwrap();
        assert_eq!(first.derive("quotes"), again.derive("quotes"));
        assert_ne!(first.derive("quotes"), first.derive("cookies"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert!(Keys::open(&path, true, &outside).is_err());
    }
}
