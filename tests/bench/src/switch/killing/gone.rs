//! A store that is gone: SQLite files that somebody else has locked, or a PostgreSQL all of whose processes stand
//! still. It is back when the value is dropped.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use rustix::process::{Pid, Signal, kill_process};

pub(crate) enum Gone {
    /// Each holds a file's lock.
    Locked {
        _files: Vec<SqliteConnection>,
    },
    Stopped(Vec<Pid>),
}

impl Gone {
    /// Nobody else may write to the files that sessions and tables live in.
    pub(crate) fn lock(data: &Path) -> Result<Self> {
        let lock = |name: &str| {
            let mut file = SqliteConnection::establish(&data.join(name).display().to_string())?;
            file.batch_execute("PRAGMA busy_timeout=5000; BEGIN EXCLUSIVE")?;
            Ok::<_, anyhow::Error>(file)
        };
        let files = ["switch.db", "accounts.db"].map(lock);
        Ok(Self::Locked { _files: files.into_iter().collect::<Result<_>>()? })
    }

    /// The server behind a URL that names its socket's folder, where its data are too.
    pub(crate) fn stop(url: &str) -> Result<Self> {
        let (_, folder) = url.split_once("host=").context("a server of our own, by its socket")?;
        let folder = folder.split('&').next().unwrap_or_default();
        let note = Path::new(folder).join("data/postmaster.pid");
        let note = fs::read_to_string(&note).with_context(|| note.display().to_string())?;
        let server: i32 = note.lines().next().context("a process id")?.trim().parse()?;
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        let all: Vec<_> = std::iter::once(server).chain(children).filter_map(Pid::from_raw).collect();
        all.iter().try_for_each(|pid| kill_process(*pid, Signal::STOP))?;
        Ok(Self::Stopped(all))
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        if let Self::Stopped(all) = self {
            for pid in all {
                let _ = kill_process(*pid, Signal::CONT);
            }
        }
    }
}
