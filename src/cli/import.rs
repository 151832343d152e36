//! `banyan import`: files into booking and status, through the interfaces that everybody uses. Refused records
//! are listed with their line; what is safe goes on.

use std::{
    fs,
    io::{IsTerminal, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use booking_api::{ImportReport, ImportText};
use clap::Subcommand;
use kernel::Ctx;
use serde_json::json;
use status_api::{IntakeReport, MovementFile, Movements};

use super::{Failure, Global, Outcome, house::House};
use crate::wire::Wired;

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// An SSIM chapter 7 season file (gzip is recognised)
    Schedule { file: PathBuf },
    /// CSV: from,to,class,family,amount,currency,valid_from,valid_to,conditions
    Fares { file: PathBuf },
    /// CSV: airport,minutes or airport,from_carrier,to_carrier,minutes; `*` is the default
    ConnectingTimes { file: PathBuf },
    /// JSON lines of existing orders and sold counts
    Bookings { file: PathBuf },
    /// MVT, ASM and SSM messages: a line `@` with the time of arrival, the message, a line `=`
    Movements { file: PathBuf },
}

/// What every importer tells at its end.
pub(super) struct Told {
    pub(super) recognised: bool,
    pub(super) summary: String,
    pub(super) json: serde_json::Value,
    pub(super) refused: Vec<(u32, String)>,
    pub(super) warnings: Vec<(u32, String)>,
}

impl Import {
    pub(super) fn run(self, global: &Global) -> Outcome {
        let house = House::open(global, Vec::new())?;
        let path = self.file().to_owned();
        let text = read(&path)?;
        let progress = Progress::start(global, &path, text.len());
        let told = House::block_on(async {
            let wired = house.modules(Some(self.modules())).await?;
            self.import(&wired, name_of(&path), text).await
        })?;
        drop(progress);
        tell(global, &path, &told)
    }

    fn file(&self) -> &Path {
        match self {
            Self::Schedule { file }
            | Self::Fares { file }
            | Self::ConnectingTimes { file }
            | Self::Bookings { file }
            | Self::Movements { file } => file,
        }
    }

    fn modules(&self) -> &'static [&'static str] {
        if matches!(self, Self::Movements { .. }) { &["booking", "status"] } else { &["booking"] }
    }

    async fn import(&self, wired: &Wired, name: String, text: String) -> anyhow::Result<Told> {
        let ctx = ctx();
        let file = ImportText { name, text };
        let schedule = &wired.faces.schedule;
        Ok(match self {
            Self::Schedule { .. } => told(schedule.import_schedule(&ctx, file).await?),
            Self::Fares { .. } => told(schedule.import_fares(&ctx, file).await?),
            Self::ConnectingTimes { .. } => told(schedule.import_connecting_times(&ctx, file).await?),
            Self::Bookings { .. } => told(schedule.import_bookings(&ctx, file).await?),
            Self::Movements { .. } => movements(wired, &ctx, &file.text).await?,
        })
    }
}

/// Importers take their time. They carry no idempotency key, because a file may be read again on purpose.
pub(super) fn ctx() -> Ctx {
    Ctx::system("import").with_time(Duration::from_hours(1))
}

pub(super) fn told(report: ImportReport) -> Told {
    let dated = if report.dated > 0 { format!(", {} dated flights", report.dated) } else { String::new() };
    let unchanged =
        if report.unchanged > 0 { format!(", {} unchanged", report.unchanged) } else { String::new() };
    let kept = if report.kept.is_empty() {
        String::new()
    } else {
        format!("; kept because of bookings: {}", report.kept.join(", "))
    };
    Told {
        recognised: report.recognised,
        summary: format!(
            "{} records read, {} accepted{dated}{unchanged}{kept}",
            report.read, report.accepted
        ),
        json: json!(report),
        refused: report.refused.into_iter().map(|r| (r.line, r.reason)).collect(),
        warnings: report.warnings.into_iter().map(|r| (r.line, r.reason)).collect(),
    }
}

/// Messages go to status in batches, so that the deadline is for one batch, and a long file shows in other processes
/// while it is being read.
pub(super) async fn movements(wired: &Wired, ctx: &Ctx, text: &str) -> anyhow::Result<Told> {
    const BATCH: usize = 500;
    let Some(file) = MovementFile::split(text) else {
        let reason =
            "no message in it: each begins with a line `@` and its time of arrival, and ends with a line `=`";
        let refused = vec![booking_api::Remark { line: 1, reason: reason.to_owned() }];
        return Ok(told(ImportReport { refused, ..ImportReport::default() }));
    };
    let mut report = IntakeReport::default();
    for messages in file.messages.chunks(BATCH) {
        let part = wired.faces.status.take(ctx, Movements { messages: messages.to_vec() }).await?;
        report.accepted += part.accepted;
        report.duplicates += part.duplicates;
        report.refused.extend(part.refused);
        report.warnings.extend(part.warnings);
    }
    report.refused.extend(file.refused);
    report.refused.sort_by_key(|r| r.line);
    wired.tell_booking().await?;
    Ok(Told {
        recognised: true,
        summary: format!("{} messages accepted, {} seen before", report.accepted, report.duplicates),
        json: json!(report),
        refused: report.refused.into_iter().map(|r| (r.line, r.reason)).collect(),
        warnings: report.warnings.into_iter().map(|r| (r.line, r.reason)).collect(),
    })
}

/// Reads a file, unpacking gzip, and takes bytes that are not UTF-8 as Latin-1, as old systems write.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let raw =
        fs::read(path).with_context(|| format!("reading {}", path.display())).map_err(Failure::input)?;
    let bytes = if raw.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        flate2::read::MultiGzDecoder::new(raw.as_slice())
            .read_to_end(&mut unpacked)
            .with_context(|| format!("{} is gzip, but damaged", path.display()))
            .map_err(Failure::input)?;
        unpacked
    } else {
        raw
    };
    Ok(String::from_utf8(bytes).unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect()))
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Shows the report; exit 2 for a file of another kind, 1 if any record was refused.
pub(super) fn tell(global: &Global, path: &Path, told: &Told) -> Outcome {
    if global.json {
        println!("{}", told.json);
    } else {
        list("warning", &told.warnings, global.quiet);
        list("refused", &told.refused, false);
        println!(
            "{}: {}, {} refused, {} warnings",
            path.display(),
            told.summary,
            told.refused.len(),
            told.warnings.len()
        );
    }
    if !told.recognised {
        let why = told.refused.first().map_or("nothing in it could be read", |(_, why)| why.as_str());
        return Err(Failure::input(anyhow::anyhow!("{} is not a file of this kind: {why}", path.display())));
    }
    if told.refused.is_empty() {
        Ok(())
    } else {
        Err(anyhow::anyhow!("{} of the records were refused; the rest is in", told.refused.len()).into())
    }
}

/// At most a screenful of each; the JSON report has them all.
fn list(word: &str, remarks: &[(u32, String)], quiet: bool) {
    const SCREEN: usize = 20;
    if quiet {
        return;
    }
    for (at, (line, reason)) in remarks.iter().take(SCREEN).enumerate() {
        eprintln!("{word} {}: line {line}: {reason}", at + 1);
    }
    if remarks.len() > SCREEN {
        eprintln!("{word}: and {} more (--json lists them all)", remarks.len() - SCREEN);
    }
}

/// A moving line on a terminal while the work goes on; nothing elsewhere.
pub(super) struct Progress(Option<(std::sync::mpsc::Sender<()>, std::thread::JoinHandle<()>)>);

impl Progress {
    pub(super) fn start(global: &Global, path: &Path, bytes: usize) -> Self {
        if global.quiet || global.json || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let what = format!("{} ({} KB)", path.display(), bytes / 1024);
        let (done, waiting) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let begun = std::time::Instant::now();
            for bar in ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"].iter().cycle() {
                eprint!("\r{bar} reading {what}, {:.1} s", begun.elapsed().as_secs_f64());
                let _ = std::io::stderr().flush();
                if waiting.recv_timeout(Duration::from_millis(120))
                    != Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                {
                    break;
                }
            }
            eprint!("\r\x1b[2K");
        });
        Self(Some((done, thread)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((done, thread)) = self.0.take() {
            drop(done);
            let _ = thread.join();
        }
    }
}
