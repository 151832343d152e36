//! A private PostgreSQL for one test process: made with `initdb`, reached over a socket, stopped when the process ends,
//! however it ends. `BANYAN_TEST_POSTGRES` names a server to use instead; its user must be allowed to make databases.

use std::{
    io::{BufRead, BufReader},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use diesel::{Connection, PgConnection, connection::SimpleConnection};

use super::Folder;

/// One database of the server, dropped with this value.
pub(crate) struct Database {
    url: String,
    name: String,
}

impl Database {
    /// `None` when there is no server and none can be made.
    #[expect(clippy::expect_used, reason = "a test without its database must fail loudly")]
    pub(crate) fn create() -> Option<Self> {
        let server = server()?;
        let name = format!("banyan_test_{}_{}", std::process::id(), super::ticket());
        let mut conn = PgConnection::establish(server).expect("the test server answers");
        conn.batch_execute(&format!("CREATE DATABASE {name}")).expect("a database can be made");
        Some(Self { url: with_database(server, &name), name })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Best effort: the server is thrown away as well.
        if let Some(mut conn) = server().and_then(|url| PgConnection::establish(url).ok()) {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        }
    }
}

fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::find).as_ref().map(|server| server.url.as_str())
}

struct Server {
    url: String,
    /// Its standard input is what keeps the server alive: the end of this process closes it.
    _supervisor: Option<Child>,
}

impl Server {
    fn find() -> Option<Self> {
        if let Ok(url) = std::env::var("BANYAN_TEST_POSTGRES") {
            return Some(Self { url, _supervisor: None });
        }
        let found = binaries().and_then(|folder| Self::start(&folder));
        if found.is_none() {
            assert!(
                std::env::var("BANYAN_TEST_ALL").as_deref() != Ok("1"),
                "PostgreSQL is wanted (BANYAN_TEST_ALL=1) but cannot be started here"
            );
            println!("not proven here: PostgreSQL (no initdb found, and BANYAN_TEST_POSTGRES is not set)");
        }
        found
    }

    fn start(binaries: &Path) -> Option<Self> {
        let folder = std::mem::ManuallyDrop::new(Folder::new("postgres"));
        let mut command = as_ordinary_user(folder.path())?;
        command.arg("-c").arg(SCRIPT).arg("supervisor").arg(binaries).arg(folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut supervisor = command.spawn().ok()?;
        let mut line = String::new();
        BufReader::new(supervisor.stdout.take()?).read_line(&mut line).ok()?;
        let url = format!("postgres:///postgres?host={}&user=postgres", folder.path().display());
        (line.trim() == "ready").then_some(Self { url, _supervisor: Some(supervisor) })
    }
}

/// Starts a server in its folder, says so, and takes everything away when standard input ends.
const SCRIPT: &str = r#"
bin=$1; dir=$2; cd "$dir" || exit 1
"$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 &&
"$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -o "-k $dir -c listen_addresses= -c fsync=off \
  -c synchronous_commit=off -c full_page_writes=off -c max_connections=400 -c shared_buffers=32MB" start >/dev/null 2>&1 &&
echo ready
while read -r _; do :; done
"$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1
rm -rf "$dir"
"#;

/// PostgreSQL refuses to run as root, so root lends the folder to `nobody`.
fn as_ordinary_user(folder: &Path) -> Option<Command> {
    const NOBODY: u32 = 65534;
    if std::fs::metadata("/proc/self").ok()?.uid() != 0 {
        return Some(Command::new("sh"));
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).ok()?;
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh"]);
    Some(command)
}

/// The folder with `initdb` and `pg_ctl`: on the path, or where Debian and its kin keep the newest.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    folders.into_iter().find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
}

/// The same URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(a, o)| (a, Some(o)));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let host = rest.split('/').next().unwrap_or_default();
    let options = options.map(|o| format!("?{o}")).unwrap_or_default();
    format!("{scheme}://{host}/{name}{options}")
}
