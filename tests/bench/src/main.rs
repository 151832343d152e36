//! `banyan-bench`: measures Banyan against its targets, with clients and peers of its own. One file for each subject;
//! a subject that is not measured yet is not offered.

mod clock;
mod figures;
mod house;
mod memory;
mod search;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

/// Measures Banyan and holds each figure against its target.
#[derive(Parser)]
#[command(name = "banyan-bench")]
struct Cli {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Subcommand)]
enum Subject {
    /// Itineraries of real days: time for an exact set, against the slow way as proof.
    Search(Options),
}

#[derive(Args)]
struct Options {
    /// One JSON document instead of a table.
    #[arg(long)]
    json: bool,
    /// A few questions instead of many: to see that it works.
    #[arg(long)]
    quick: bool,
    /// The folder with `us-2001-05.ssim.gz`.
    #[arg(long, env = "BANYAN_TEST_DATA")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Cli { subject: Subject::Search(options) } = Cli::parse();
    match search::run(&options) {
        Ok(figures) => {
            figures.print(options.json);
            if figures.all_true() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}
