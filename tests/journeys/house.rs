//! What a journey needs to stand on: the demo airline served by the real binary from a throw-away folder, and the
//! browser's driver. Both are started once, shared by the journeys that run, and stopped with the last of them.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, Weak},
};

use jiff::{Span, Timestamp, civil, tz::TimeZone};
use kernel::Outside;
use serde_json::Value;
use tempfile::TempDir;

/// A running demo and a running driver. Both end when this is dropped, also after a panic.
pub(crate) struct House {
    /// `http://127.0.0.1:…`, without a slash at the end.
    pub(crate) url: String,
    /// Where the driver listens.
    pub(crate) driver: String,
    accounts: Value,
    // In this order: first who writes into the folder, then the folder.
    _driver: Process,
    _server: Process,
    folder: TempDir,
}

/// Kept while a test holds it, so that it is not there for ever.
static OPEN: Mutex<Weak<House>> = Mutex::new(Weak::new());

impl House {
    /// The one that is open, or a new one. None where there is no browser, unless all tiers were asked for.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        let driver = found(&["chromedriver"]).filter(|_| found(&["chromium", "chromium-browser"]).is_some());
        let Some(driver) = driver else {
            let all = std::env::var_os("BANYAN_TEST_ALL").is_some();
            assert!(!all, "no browser here: apt-get install chromium chromium-driver");
            println!("not proven here: browser");
            return None;
        };
        let mut open = OPEN.lock().unwrap();
        let house = open.upgrade().unwrap_or_else(|| Arc::new(Self::open(&driver)));
        *open = Arc::downgrade(&house);
        Some(house)
    }

    fn open(chromedriver: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (driver, at) = Process::driver(chromedriver, folder.path());
        let (server, first) = Process::demo(folder.path());
        let url = first["url"].as_str().unwrap().to_owned();
        Self {
            url,
            driver: at,
            accounts: first["accounts"].clone(),
            _driver: driver,
            _server: server,
            folder,
        }
    }

    /// Waits until the timetable has been read: search and boards answer.
    pub(crate) async fn awake(&self) {
        let ask = format!("{}/api/v1/itineraries?from=AMS&to=BCN&date={}", self.url, day(0));
        let mut looks = tokio::time::interval(std::time::Duration::from_millis(200));
        for _ in 0..600 {
            looks.tick().await;
            if reqwest::get(&ask).await.unwrap().status().is_success() {
                return;
            }
        }
        panic!("search does not answer after two minutes");
    }

    /// Where the demo keeps its data.
    pub(crate) fn data(&self) -> PathBuf {
        data_of(self.folder.path())
    }

    /// A folder for something of this run: a browser's profile, a file to import.
    pub(crate) fn room(&self) -> TempDir {
        tempfile::tempdir_in(self.folder.path()).unwrap()
    }

    /// The address and the password by which the demo lets a role in.
    pub(crate) fn account(&self, role: &str) -> (String, String) {
        let accounts = self.accounts.as_array().unwrap();
        let account = accounts.iter().find(|account| account["role"] == role).unwrap();
        let text = |key: &str| account[key].as_str().unwrap().to_owned();
        (text("email"), text("password"))
    }

    /// What the public API answers.
    pub(crate) async fn ask(&self, path: &str) -> Value {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }
}

/// The time by the clock that the demo goes by.
pub(crate) fn now() -> Timestamp {
    Outside::system().now()
}

/// The day that is so many days ahead.
pub(crate) fn day(ahead: i64) -> civil::Date {
    now().to_zoned(TimeZone::UTC).date() + Span::new().days(ahead)
}

fn data_of(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn found(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// A child that does not outlive its owner.
struct Process(Child);

impl Process {
    /// Building a demo takes a debug build a while; its first line says that it serves.
    fn demo(folder: &Path) -> (Self, Value) {
        let log = folder.join("demo.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
        command
            .args([
                "demo",
                "--days",
                "10",
                "--listen",
                "127.0.0.1:0",
                "--ops",
                "127.0.0.1:0",
                "--json",
                "--data",
            ])
            .arg(data_of(folder))
            .env("BANYAN__LIMITS__ENABLED", "false")
            // Somewhere to move to; nobody is there, so queries fall back.
            .env("BANYAN__SWITCH__UPSTREAMS__NOTES", "http://127.0.0.1:9")
            .stderr(File::create(&log).unwrap());
        let (process, line) = Self::until(command, |line| line.starts_with('{'));
        let said = || std::fs::read_to_string(&log).unwrap_or_default();
        let line = line.unwrap_or_else(|| panic!("the demo ended before it served:\n{}", said()));
        (process, serde_json::from_str(&line).unwrap())
    }

    fn driver(chromedriver: &Path, folder: &Path) -> (Self, String) {
        let mut command = Command::new(chromedriver);
        // What the browser leaves behind goes with the folder.
        command.arg("--port=0").env("TMPDIR", folder).stderr(Stdio::null());
        let (process, line) = Self::until(command, |line| line.contains("started successfully on port"));
        let line = line.expect("chromedriver ended before it listened");
        let port = line.trim_end_matches('.').rsplit(' ').next().unwrap();
        (process, format!("http://127.0.0.1:{port}"))
    }

    /// Starts it and reads what it prints until a line is the awaited one; the rest is read and forgotten.
    fn until(mut command: Command, awaited: impl Fn(&str) -> bool) -> (Self, Option<String>) {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let process = Self(child);
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 0 {
            if awaited(&line) {
                std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
                return (process, Some(line.trim_end().to_owned()));
            }
            line.clear();
        }
        (process, None)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
