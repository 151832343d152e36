//! `banyan backup` and `restore`: every module's database in one gzipped tar, with a manifest of checksums. A
//! backup is taken under load; a restore begins a new history, so that no reader mistakes it for the old one.

mod postgres;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Db, DbOptions, Engine, Migrations};

use super::{Failure, Global, Outcome, house::House};
use crate::hex::hex;
use crate::wire;

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write
    file: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup to bring back
    file: PathBuf,
    /// Check everything, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    banyan: String,
    taken_at: jiff::Timestamp,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    name: String,
    bytes: u64,
    sha256: String,
}

const MANIFEST: &str = "manifest.json";
/// Beside the databases: without the keys, sealed and derived values would be lost; the mark keeps a demo a demo.
const FILES: [&str; 2] = ["keys", "demo.json"];

impl Backup {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        if self.file.exists() {
            return Err(Failure::refused(anyhow!(
                "{} is there already; choose another name",
                self.file.display()
            )));
        }
        let work = self.file.with_extension("parts");
        fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;
        let taken = House::block_on(take(&house, &work));
        let packed = taken.and_then(|manifest| pack(&self.file, &work, &manifest));
        fs::remove_dir_all(&work)?;
        let manifest = packed?;
        if global.json {
            println!("{}", serde_json::to_string(&manifest).map_err(anyhow::Error::from)?);
        } else {
            println!("{}: {} parts", self.file.display(), manifest.parts.len());
        }
        Ok(())
    }
}

async fn take(house: &House, work: &Path) -> anyhow::Result<Manifest> {
    let mut parts = Vec::new();
    for (module, url, migrations) in wire::databases(&house.loaded.settings, &house.data) {
        if Engine::of(&url) == Engine::Postgres {
            let name = format!("{module}.pgdump");
            postgres::dump(module, &url, &work.join(&name)).await?;
            parts.push(part(work, name)?);
            continue;
        }
        if !Path::new(&url).exists() {
            continue;
        }
        let db = open(house, module, url, &migrations)?;
        let name = format!("{module}.db");
        db.backup_to(&work.join(&name)).await?;
        parts.push(part(work, name)?);
    }
    for name in FILES {
        if house.data.join(name).exists() {
            fs::copy(house.data.join(name), work.join(name))?;
            parts.push(part(work, name.to_owned())?);
        }
    }
    if parts.is_empty() {
        bail!("there is nothing to back up in {}", house.data.display());
    }
    Ok(Manifest { banyan: env!("CARGO_PKG_VERSION").to_owned(), taken_at: house.outside.now(), parts })
}

fn open(house: &House, module: &'static str, url: String, migrations: &Migrations) -> anyhow::Result<Db> {
    Ok(Db::open(DbOptions { url, module, readers: 1, outside: house.outside.clone() }, migrations)?)
}

fn part(folder: &Path, name: String) -> anyhow::Result<Part> {
    let (bytes, sha256) = digest(&folder.join(&name))?;
    Ok(Part { name, bytes, sha256 })
}

fn digest(path: &Path) -> anyhow::Result<(u64, String)> {
    let mut file = fs::File::open(path)?;
    let (mut sha, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        sha.update(buffer.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
    Ok((bytes, hex(&sha.finalize())))
}

fn pack(file: &Path, work: &Path, manifest: &Manifest) -> anyhow::Result<Manifest> {
    use std::os::unix::fs::OpenOptionsExt;
    // It holds the keys, so it is as private as they are.
    let out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    fs::write(work.join(MANIFEST), serde_json::to_vec_pretty(manifest)?)?;
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
    for name in std::iter::once(MANIFEST).chain(manifest.parts.iter().map(|part| part.name.as_str())) {
        tar.append_path_with_name(work.join(name), name)?;
    }
    tar.into_inner()?.finish()?.sync_all()?;
    read_manifest(work)
}

impl Restore {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        let data = &house.data;
        let busy = data.exists() && fs::read_dir(data)?.next().is_some();
        if busy && !self.dry_run {
            let words = "{} is not empty; restore into an empty folder with --data";
            return Err(Failure::refused(anyhow!("{}", words.replace("{}", &data.display().to_string()))));
        }
        let work = data.with_extension("restoring");
        fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;
        let checked = unpack(&self.file, &work).map_err(Failure::input);
        let done = checked.and_then(|manifest| {
            if self.dry_run {
                Ok(manifest)
            } else {
                House::block_on(bring_back(&house, &work, manifest)).map_err(Failure::from)
            }
        });
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        let manifest = done?;
        let word = if self.dry_run { "whole, nothing was changed" } else { "restored" };
        println!(
            "{}: {word} ({} parts, taken {})",
            self.file.display(),
            manifest.parts.len(),
            manifest.taken_at
        );
        Ok(())
    }
}

fn unpack(file: &Path, work: &Path) -> anyhow::Result<Manifest> {
    let input = fs::File::open(file).with_context(|| format!("reading {}", file.display()))?;
    tar::Archive::new(GzDecoder::new(input))
        .unpack(work)
        .with_context(|| format!("{} is not a backup, or is damaged", file.display()))?;
    let manifest =
        read_manifest(work).with_context(|| format!("{} has no readable manifest", file.display()))?;
    for part in &manifest.parts {
        if part.name.contains(['/', '\\']) {
            bail!("the manifest names `{}`, which is outside of the backup", part.name);
        }
        let found = digest(&work.join(&part.name)).with_context(|| format!("{} is missing", part.name))?;
        if found != (part.bytes, part.sha256.clone()) {
            bail!("{} does not match its checksum: the backup is damaged", part.name);
        }
    }
    Ok(manifest)
}

fn read_manifest(work: &Path) -> anyhow::Result<Manifest> {
    Ok(serde_json::from_slice(&fs::read(work.join(MANIFEST))?)?)
}

async fn bring_back(house: &House, work: &Path, manifest: Manifest) -> anyhow::Result<Manifest> {
    let databases = wire::databases(&house.loaded.settings, &house.data);
    for (module, url, _) in databases.iter().filter(|(_, url, _)| Engine::of(url) == Engine::Postgres) {
        let has = manifest.parts.iter().any(|part| part.name == format!("{module}.pgdump"));
        if !has {
            bail!(
                "the backup has no PostgreSQL part for {module}, whose database is there: point {module}.database at a SQLite file"
            );
        }
        if !Db::applied(url, module)?.is_empty() {
            bail!("the schema banyan_{module} is there already; restore into an empty database");
        }
    }
    fs::create_dir_all(&house.data)?;
    for part in manifest.parts.iter().filter(|part| !part.name.ends_with(".pgdump")) {
        fs::rename(work.join(&part.name), house.data.join(&part.name))?;
    }
    for (module, url, migrations) in databases {
        let dump = work.join(format!("{module}.pgdump"));
        if Engine::of(&url) == Engine::Postgres {
            postgres::restore(&url, &dump).await?;
        } else if !Path::new(&url).exists() {
            continue;
        }
        open(house, module, url, &migrations)?.new_history().await?;
    }
    Ok(manifest)
}
