//! A temporary folder that goes when it is dropped.

use std::path::{Path, PathBuf};

pub struct Folder(PathBuf);

impl Folder {
    #[expect(clippy::expect_used, reason = "a test without its folder must fail loudly")]
    pub fn new(what: &str) -> Self {
        let name = format!("banyan-{what}-{}-{}", std::process::id(), super::ticket());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Best effort: what is left is in the system's temporary folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
