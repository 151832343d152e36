//! Where the real binary is: beside this one, as new as its sources.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

/// Under `cargo run` it is built first, in the same way; else it must be there.
pub(super) fn banyan() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("a folder of executables")?;
    let found = folder.join("banyan");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--package", "banyan", "--bin", "banyan", "--quiet"]);
        if let Some(target) = folder.parent() {
            build.arg("--target-dir").arg(target);
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        ensure!(build.status()?.success(), "the portal cannot be built");
    }
    ensure!(
        found.is_file(),
        "there is no {}; build it with `cargo build --release`, or start this by `cargo run --release -p banyan-bench`",
        found.display()
    );
    Ok(found)
}
