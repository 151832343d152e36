//! `banyan doctor`: ten numbered checks. Each that fails names the command or setting that mends it.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path};

use serde_json::json;
use store::{Db, DbOptions, Engine};

use super::{Global, Outcome, house::House};
use crate::{serve, wire};

#[derive(Clone, Copy, PartialEq)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

struct Check {
    name: &'static str,
    verdict: Verdict,
    detail: String,
    remedy: String,
}

pub(super) fn run(global: &Global) -> Outcome {
    let house = House::open(global, Vec::new())?;
    let checks = [
        ok("settings", "every key is known and well-formed"),
        folder(&house.data),
        keys(&house),
        reach(&house),
        migrations(&house),
        House::block_on(integrity(&house)),
        wal(&house),
        ports(&house),
        public_url(&house),
        demo_accounts(&house),
    ];
    for (number, check) in (1..).zip(&checks) {
        show(global, number, check);
    }
    let failed = checks.iter().filter(|check| check.verdict == Verdict::Fail).count();
    if failed == 0 {
        Ok(())
    } else {
        Err(anyhow::anyhow!("{failed} of {} checks failed", checks.len()).into())
    }
}

fn show(global: &Global, number: u32, check: &Check) {
    let word = match check.verdict {
        Verdict::Ok => "OK",
        Verdict::Warn => "WARN",
        Verdict::Fail => "FAIL",
    };
    if global.json {
        println!(
            "{}",
            json!({ "number": number, "check": check.name, "verdict": word, "detail": check.detail, "remedy": check.remedy })
        );
        return;
    }
    println!("{number:2}. {word:4} {}: {}", check.name, check.detail);
    if !check.remedy.is_empty() {
        println!("         mend it: {}", check.remedy);
    }
}

fn ok(name: &'static str, detail: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Ok, detail: detail.into(), remedy: String::new() }
}

fn warn(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Warn, detail: detail.into(), remedy: remedy.into() }
}

fn fail(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Check {
    Check { name, verdict: Verdict::Fail, detail: detail.into(), remedy: remedy.into() }
}

fn folder(data: &Path) -> Check {
    let name = "data folder";
    let probe = data.join(".doctor");
    match fs::create_dir_all(data)
        .and_then(|()| fs::write(&probe, b"x"))
        .and_then(|()| fs::remove_file(&probe))
    {
        Ok(()) => ok(name, format!("{} can be written", data.display())),
        Err(error) => fail(
            name,
            format!("{}: {error}", data.display()),
            "choose another folder with --data, or give this user the right to write",
        ),
    }
}

fn keys(house: &House) -> Check {
    let name = "key file";
    let path = match house.loaded.settings.keys.file.as_str() {
        "" => house.data.join("keys"),
        file => file.into(),
    };
    match fs::metadata(&path) {
        Err(_) => warn(
            name,
            format!("{} is not there yet", path.display()),
            "it is made at first start; on several machines copy one to all",
        ),
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => fail(
            name,
            format!("{} can be read by others", path.display()),
            format!("chmod 600 {}", path.display()),
        ),
        Ok(_) => ok(name, format!("{} is private", path.display())),
    }
}

fn reach(house: &House) -> Check {
    let name = "databases";
    for (module, url, _) in wire::databases(&house.loaded.settings, &house.data) {
        if let Err(error) = Db::applied(&url, module) {
            return fail(
                name,
                format!("{module}: {error}"),
                "check <module>.database, or bring it back with `banyan restore`",
            );
        }
    }
    ok(name, "all can be reached")
}

fn migrations(house: &House) -> Check {
    let name = "migrations";
    let mut waiting = Vec::new();
    for (module, url, migrations) in wire::databases(&house.loaded.settings, &house.data) {
        match Db::pending(&url, module, &migrations) {
            Ok(pending) if pending.is_empty() => {}
            Ok(pending) => waiting.push(format!("{module} lacks {}", pending.len())),
            Err(error) => return fail(name, format!("{module}: {error}"), "see the check before"),
        }
    }
    if waiting.is_empty() {
        ok(name, "none is missing")
    } else {
        warn(name, waiting.join(", "), "banyan migrate up")
    }
}

async fn integrity(house: &House) -> Check {
    let name = "integrity";
    for (module, url, migrations) in wire::databases(&house.loaded.settings, &house.data) {
        if Engine::of(&url) == Engine::Sqlite && !Path::new(&url).exists() {
            continue;
        }
        let db = match Db::open(
            DbOptions { url, module, readers: 1, outside: house.outside.clone() },
            &migrations,
        ) {
            Ok(db) => db,
            Err(error) => return fail(name, error.to_string(), "banyan restore FILE --data an-empty-folder"),
        };
        match db.check().await {
            Ok(findings) => {
                if let Some(finding) = findings.first() {
                    return fail(name, format!("{module}: {}", finding.what), finding.remedy);
                }
            }
            Err(error) => {
                return fail(
                    name,
                    format!("{module}: {error}"),
                    "banyan restore FILE --data an-empty-folder",
                );
            }
        }
    }
    ok(name, "databases and logs are whole")
}

fn wal(house: &House) -> Check {
    const LARGE: u64 = 256 * 1024 * 1024;
    let name = "write-ahead logs";
    let large = wire::databases(&house.loaded.settings, &house.data)
        .into_iter()
        .filter_map(|(module, url, _)| Some((module, fs::metadata(format!("{url}-wal")).ok()?.len())))
        .find(|(_, bytes)| *bytes > LARGE);
    match large {
        Some((module, bytes)) => warn(
            name,
            format!("{module}: {} MB wait", bytes / 1_048_576),
            "restart the server at a quiet moment",
        ),
        None => ok(name, "small"),
    }
}

fn ports(house: &House) -> Check {
    let name = "ports";
    if let Some(running) = serve::running(&house.data) {
        return ok(name, format!("a server runs here: {}", running.url.unwrap_or_default()));
    }
    let settings = &house.loaded.settings;
    for (key, address) in [("http.listen", &settings.http.listen), ("ops.listen", &settings.ops.listen)] {
        if !address.is_empty() && TcpListener::bind(address.as_str()).is_err() {
            return fail(name, format!("{address} cannot be used"), format!("choose another with {key}"));
        }
    }
    ok(name, "free")
}

fn public_url(house: &House) -> Check {
    let name = "public address";
    let url = house.loaded.settings.http.public_url.as_str();
    let is_loopback =
        |url: &str| ["://127.", "://localhost", "://[::1]"].iter().any(|host| url.contains(host));
    match url {
        "" => ok(name, "the listening address"),
        url if url.starts_with("http://") && !is_loopback(url) => warn(
            name,
            format!("{url} is not encrypted: cookies travel in the clear"),
            "end TLS in front and set http.public_url to the https address",
        ),
        url => ok(name, url),
    }
}

fn demo_accounts(house: &House) -> Check {
    let name = "demo data";
    let demo = house.data.join("demo.json").exists();
    let url = house.loaded.settings.http.public_url.as_str();
    let listen = house.loaded.settings.http.listen.as_str();
    let public =
        !(listen.starts_with("127.") || listen.starts_with("localhost") || listen.starts_with("[::1]"));
    match (demo, public || (!url.is_empty() && !url.contains("127.0.0.1") && !url.contains("localhost"))) {
        (true, true) => fail(
            name,
            "demo accounts meet a public address",
            "serve an empty folder with `banyan serve`, or listen on 127.0.0.1",
        ),
        (true, false) => ok(name, "a demo, on a private address"),
        (false, _) => ok(name, "none"),
    }
}
