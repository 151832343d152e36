//! `banyan-bench`: measures Banyan against its targets, with clients and peers of its own. One file for each subject;
//! a subject that is not measured yet is not offered.

mod clock;
mod figures;
mod house;
mod memory;
mod search;
mod switch;

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
    /// The switch: what it costs, against what people use today, and what it holds under load.
    Switch(switch::SwitchOptions),
    /// One end of a measurement, in a process of its own.
    #[command(subcommand, hide = true)]
    Aid(switch::Aid),
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
    let (figures, json) = match Cli::parse().subject {
        Subject::Search(options) => (search::run(&options), options.json),
        Subject::Switch(options) => (switch::run(&options), options.common.json),
        Subject::Aid(aid) => return told(aid.run().map(|()| true)),
    };
    told(figures.map(|figures| {
        figures.print(json);
        figures.all_true()
    }))
}

fn told(outcome: anyhow::Result<bool>) -> ExitCode {
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}
