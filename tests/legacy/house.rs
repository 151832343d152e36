//! The town as a browser needs it: an address to go to, a driver, and a folder for its profile.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use tempfile::TempDir;

use crate::{Town, person::Person};

/// A town with everybody at legacy, and a running driver.
pub(crate) struct House {
    pub(crate) url: String,
    pub(crate) driver: String,
    pub(crate) town: Town,
    // In this order: first who writes into the folder, then the folder.
    _driver: Driver,
    folder: TempDir,
}

impl House {
    /// None where there is no browser, unless all tiers were asked for.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        let Some(chromedriver) = found("chromedriver").filter(|_| found("chromium").is_some()) else {
            let all = std::env::var_os("BANYAN_TEST_ALL").is_some();
            assert!(!all, "no browser here: apt-get install chromium chromium-driver");
            println!("not proven here: browser");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let (driver, at) = Driver::start(&chromedriver, &folder);
        let town = actix_web::rt::System::new().block_on(Town::build());
        town.move_to_legacy(100_000);
        Some(Arc::new(Self { url: town.site.base.clone(), driver: at, town, _driver: driver, folder }))
    }

    /// Waits until search has read the timetable.
    pub(crate) async fn awake(&self) {
        self.town.flights(&mut Person::new(&self.town.site)).await;
    }

    pub(crate) fn room(&self) -> TempDir {
        tempfile::tempdir_in(self.folder.path()).unwrap()
    }
}

struct Driver(Child);

impl Driver {
    fn start(program: &PathBuf, folder: &TempDir) -> (Self, String) {
        let mut command = Command::new(program);
        // What the browser leaves behind goes with the folder.
        command.arg("--port=0").env("TMPDIR", folder.path()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let driver = Self(child);
        let mut line = String::new();
        while !line.contains("started successfully on port") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "chromedriver ended before it listened");
        }
        std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
        let port = line.trim_end().trim_end_matches('.').rsplit(' ').next().unwrap();
        (driver, format!("http://127.0.0.1:{port}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
