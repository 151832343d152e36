//! KILL with the store stopped: PostgreSQL halted in the middle of everything, SQLite held by a lock from outside. It is
//! in force before it is acknowledged, everybody gets an answer, and the store has it once it is back.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod house;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use cockpit::{Cockpit, CockpitError, Database};
use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use house::{actions, ada, at_remote, epoch, moved, open, open_on, soon};
use kernel::{Actor, Ctx, Outside, PageAsk, Target};
use store::{Db, DbOptions, testing};
use switch::State;
use tokio::sync::watch;

/// The issue's bound: from the acknowledgement to the last decision that goes elsewhere.
const EFFECTIVE: Duration = Duration::from_millis(50);
/// A moment for the answer itself: 25 ms for the store, and room for a busy machine.
const ANSWER: Duration = Duration::from_millis(250);

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_stopped() {
    let Some(db) = testing::postgres("switch", &cockpit::migrations(), &Outside::system()) else { return };
    let Some(server) = Server::of(&db) else {
        println!("not proven here: PostgreSQL stopped (the test server is not ours to stop)");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let cockpit = open(&db, folder.path(), "one").await;
    hold_and_kill(&db, &cockpit, folder.path(), "postgres", || server.stop()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_locked_from_outside() {
    let db = testing::sqlite("switch", &cockpit::migrations(), &Outside::system());
    let folder = tempfile::tempdir().unwrap();
    let cockpit = open(&db, folder.path(), "one").await;
    hold_and_kill(&db, &cockpit, folder.path(), "sqlite", || {
        let mut lock = SqliteConnection::establish(db.url()).unwrap();
        lock.batch_execute("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE").unwrap();
        lock
    })
    .await;
}

async fn hold_and_kill<H>(
    db: &Db,
    cockpit: &Arc<Cockpit>,
    folder: &Path,
    engine: &str,
    hold: impl Fn() -> H,
) {
    epoch(cockpit.apply(&ada(), &moved("notes", 100_000), None, "").await);
    epoch(cockpit.apply(&ada(), &moved("booking", 100_000), None, "").await);
    let (stop, stopping) = watch::channel(false);
    let following = tokio::spawn(cockpit.clone().follow(stopping));
    soon(ANSWER * 20, "it follows", async || cockpit.replicas().await.is_ok()).await;
    let decider = Decider::start(cockpit);

    let held = hold();
    let asked = Instant::now();
    let killed = cockpit.kill(&ada(), Some("notes"), "it burns").await.unwrap();
    let acknowledged = Instant::now();
    let answer = acknowledged - asked;
    assert!(!killed.stored && killed.epoch == 3 && killed.replicas.len() == 1, "{engine}: {killed:?}");
    assert!(answer < ANSWER, "{engine}: answered after {answer:?}");
    let everything = cockpit.kill(&ada(), None, "all of it").await.unwrap();
    assert!(!everything.stored && at_remote(cockpit, "booking") == 0, "{engine}: {everything:?}");

    // Everybody else gets an answer too, and nothing is done behind their backs later.
    let (ada, plan) = (ada(), moved("notes", 5));
    let (change, record, audit, waiting, verify, replicas) = bounded(async {
        tokio::join!(
            cockpit.apply(&ada, &plan, None, "not now"),
            cockpit.record(&ada, "feed.replayed", "x", "not now"),
            cockpit.audit(PageAsk::default()),
            cockpit.waiting(),
            cockpit.verify(),
            cockpit.replicas(),
        )
    })
    .await;
    for writing in [change.map(drop), record] {
        assert!(matches!(writing, Err(CockpitError::Store(_))), "{engine}: {writing:?}");
    }
    for reading in [audit.map(drop), waiting.map(drop), verify.map(drop), replicas.map(drop)] {
        // A reader of a locked SQLite file in WAL mode still reads.
        assert!(
            engine == "sqlite" || matches!(reading, Err(CockpitError::Store(_))),
            "{engine}: {reading:?}"
        );
    }

    // A process that starts now starts, with the kill.
    let (url, outside) = (db.url().to_owned(), db.outside().clone());
    let open_later = move || {
        let options = DbOptions { url: url.clone(), module: "switch", readers: 2, outside: outside.clone() };
        Db::open(options, &cockpit::migrations())
    };
    let copy = folder.join("restarted.json");
    std::fs::copy(folder.join("one.json"), copy).unwrap();
    let database = bounded(Database::open(db.outside().clone(), open_later)).await.unwrap();
    let restarted = bounded(open_on(database, db.outside(), folder, "restarted")).await;
    assert_eq!((restarted.table().epoch, at_remote(&restarted, "notes")), (4, 0), "{engine}");

    drop(held);
    let told = ["switch.applied", "switch.applied", "switch.killed", "switch.killed"];
    soon(Duration::from_secs(20), "both kills are stored, each once", async || {
        cockpit.audit_after(0, 10).await.is_ok_and(|page| page.items.len() == told.len())
    })
    .await;
    assert_eq!(actions(cockpit).await, told, "{engine}");
    let fresh = open(db, folder, "fresh").await;
    assert_eq!(fresh.table().bindings["notes"].state, State::Halted, "{engine}");
    let last = decider.last_elsewhere();
    let late = last.saturating_duration_since(acknowledged);
    println!(
        "{engine}: kill answered after {:.1} ms, in force after {:.3} ms, last decision elsewhere {:.3} ms after the acknowledgement ({:.1} ms before it)",
        answer.as_secs_f64() * 1e3,
        killed.effective_ms,
        late.as_secs_f64() * 1e3,
        acknowledged.saturating_duration_since(last).as_secs_f64() * 1e3,
    );
    assert!(late <= EFFECTIVE, "{engine}: {late:?}");
    stop.send(true).unwrap();
    following.await.unwrap();
}

/// Nobody waits for a store that is away: an answer comes within three seconds.
async fn bounded<T>(asking: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3), asking).await.expect("an answer")
}

/// A thread that decides all the time, as requests do, and remembers when it was last sent elsewhere.
struct Decider {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<(Instant, u64)>,
}

impl Decider {
    fn start(cockpit: &Arc<Cockpit>) -> Self {
        let (enough, cockpit) = (Arc::new(AtomicBool::new(false)), cockpit.clone());
        let done = enough.clone();
        let thread = std::thread::spawn(move || {
            let ctx = Ctx::new(Actor::Anonymous, "r");
            let (mut last, mut decided) = (Instant::now(), 0);
            while !done.load(Ordering::Relaxed) {
                let now = Instant::now();
                if cockpit.switch().explain("notes", &ctx).unwrap().target != Target::Here {
                    last = now;
                }
                decided += 1;
                std::thread::yield_now();
            }
            (last, decided)
        });
        Self { enough, thread }
    }

    fn last_elsewhere(self) -> Instant {
        self.enough.store(true, Ordering::Relaxed);
        let (last, decided) = self.thread.join().unwrap();
        assert!(decided > 100, "it decided {decided} times");
        last
    }
}

/// The processes of the private PostgreSQL.
struct Server {
    postmaster: String,
}

/// While it lives, the server does nothing at all.
struct Stopped(Vec<String>);

impl Server {
    /// The test kit keeps its server's files in the folder of the socket.
    fn of(db: &Db) -> Option<Self> {
        let host = db.url().split("host=").nth(1)?.split('&').next()?;
        let pid = std::fs::read_to_string(PathBuf::from(host).join("data/postmaster.pid")).ok()?;
        Some(Self { postmaster: pid.lines().next()?.trim().to_owned() })
    }

    /// The postmaster first: it can have no more children that the look into `/proc` would miss.
    fn stop(&self) -> Stopped {
        let mut all = vec![self.postmaster.clone()];
        signal("-STOP", &all);
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            // After the name in brackets: the state, then the parent.
            let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1));
            if parent == Some(&self.postmaster) {
                all.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        signal("-STOP", &all);
        Stopped(all)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(which: &str, processes: &[String]) {
    assert!(Command::new("kill").arg(which).args(processes).status().unwrap().success());
}
