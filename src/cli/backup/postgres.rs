//! A module's schema by PostgreSQL's own tools, which know every version of it.

use std::{path::Path, process::Stdio};

use anyhow::{Context, bail};
use tokio::process::Command;

/// Writes the schema `banyan_<module>` into a file, as it stands at one instant.
pub(super) async fn dump(module: &str, url: &str, file: &Path) -> anyhow::Result<()> {
    let schema = format!("--schema=banyan_{module}");
    let args = ["--format=custom", "--no-owner", "--no-privileges", &schema, "--file"];
    run("pg_dump", Command::new("pg_dump").args(args).arg(file).arg("--dbname").arg(url)).await
}

/// Brings such a file back into a database that lacks the schema.
pub(super) async fn restore(url: &str, file: &Path) -> anyhow::Result<()> {
    let args = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", "--dbname"];
    run("pg_restore", Command::new("pg_restore").args(args).arg(url).arg(file)).await
}

async fn run(name: &str, command: &mut Command) -> anyhow::Result<()> {
    let done = command.stdin(Stdio::null()).output().await.with_context(|| {
        format!("{name} is needed for databases on PostgreSQL: install postgresql-client")
    })?;
    if !done.status.success() {
        // The tools name the server and the database, never the password.
        bail!("{name} failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}
