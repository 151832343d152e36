//! The command line: one file per subcommand. Results go to standard output, everything else to standard error.

mod account;
mod backup;
mod config;
mod demo;
mod doctor;
mod feed;
mod health;
mod house;
mod import;
mod migrate;
mod outcome;
mod serve;
mod server;
mod switch;

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgAction, Parser, Subcommand};

pub use outcome::{Failure, Outcome};

/// An airline passenger portal in one binary, which can be taken apart one flag at a time.
#[derive(Debug, Parser)]
#[command(name = "banyan", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
struct Global {
    /// Settings file [default: banyan.toml in the working folder, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder
    #[arg(long, global = true, value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// Print results as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Say more (twice for everything)
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the demo airline in an empty folder and serve it
    Demo(demo::Demo),
    /// Serve the portal, or with --only some modules for others
    Serve(serve::Serve),
    /// Database migrations of every module
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Read schedules, fares, connecting times, bookings and movements
    #[command(subcommand)]
    Import(import::Import),
    /// People, roles, sessions and machine tokens
    #[command(subcommand)]
    Account(account::Account),
    /// Who goes where: the decision table
    #[command(subcommand)]
    Switch(switch::Switch),
    /// Event logs and their readers
    #[command(subcommand)]
    Feed(feed::Feed),
    /// Copy all modules' data into one file
    Backup(backup::Backup),
    /// Bring a backup back into an empty folder
    Restore(backup::Restore),
    /// Ten checks, each failing one with the command that mends it
    Doctor,
    /// Ask the running server whether it is ready
    Health(health::Health),
    /// Print the version
    Version,
    /// Settings in force
    #[command(subcommand)]
    Config(config::Config),
    /// Print the OpenAPI document of the JSON API
    Openapi,
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.global.json;
    outcome::exit(run(cli), json)
}

fn run(cli: Cli) -> Outcome {
    let global = &cli.global;
    match cli.command {
        Command::Demo(demo) => demo.run(global),
        Command::Serve(serve) => serve.run(global),
        Command::Migrate(migrate) => migrate.run(global),
        Command::Import(import) => import.run(global),
        Command::Account(account) => account.run(global),
        Command::Switch(switch) => switch.run(global),
        Command::Feed(feed) => feed.run(global),
        Command::Backup(backup) => backup.run(global),
        Command::Restore(restore) => restore.run(global),
        Command::Doctor => doctor::run(global),
        Command::Health(health) => health.run(global),
        Command::Version => {
            health::version(global);
            Ok(())
        }
        Command::Config(config) => config.run(global),
        Command::Openapi => {
            health::openapi();
            Ok(())
        }
        Command::Completions { shell } => {
            let mut command = <Cli as clap::CommandFactory>::command();
            clap_complete::generate(shell, &mut command, "banyan", &mut std::io::stdout());
            Ok(())
        }
    }
}
