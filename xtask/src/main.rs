//! `cargo xtask …`: every habit of the project as one command.

#![forbid(unsafe_code)]

mod bench;
mod build;
mod debian;
mod demo;
mod docs;
mod drawing;
mod embed;
mod lint;
mod modules;
mod paths;
mod process;
mod setup;
mod test;
mod thrift;
mod toolchain;
mod walls;

use clap::{Parser, Subcommand};

/// Every habit of the project as one command.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set everything up, build it, and run the shipped steps on real flights.
    Demo,
    /// Set everything up, build it, and pass all tests.
    Test,
    /// Bring this machine to where steps build, and check it with one.
    Setup,
    /// Build the command and its workers, as they ship.
    Build,
    /// Build the shipped steps, and what draws charts, to target/modules.
    Modules {
        /// Which; all if none is named. `drawing` is what draws charts.
        ids: Vec<String>,
        /// Only list those that are built, with their sizes.
        #[arg(long)]
        list: bool,
    },
    /// Check formatting and lints.
    Lint,
    /// Check dependencies' licences and sources with cargo-deny, which is installed if it is missing.
    Deny,
    /// Write a page for each shipped step to docs/steps, with an example that is run.
    Docs,
    /// Generate Rust from the Thrift files.
    Thrift,
    /// Write down in SECURITY.md which walls stop which attack alone. As root.
    Walls,
    /// Measure, beside a named peer in the same run.
    Bench {
        /// What; steps if nothing is named.
        #[command(subcommand)]
        what: Option<bench::What>,
        /// How many runs of each.
        #[arg(long, default_value_t = 40, global = true)]
        runs: usize,
    },
    /// Make many calls, and see that nothing is left behind.
    Soak {
        /// How many.
        #[arg(long, default_value_t = 100_000)]
        calls: u64,
    },
    /// Fuzz what reads untrusted bytes, with cargo-fuzz, which is installed if it is missing.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 1.0)]
        minutes: f64,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Demo => demo::run(),
        Command::Test => test::run(),
        Command::Setup => setup::run().map(|_| ()),
        Command::Build => build::run(),
        Command::Modules { ids, list } => {
            if list {
                return modules::list();
            }
            modules::build(&toolchain::find_or_make()?, &ids)
        }
        Command::Lint => lint::run(),
        Command::Deny => lint::deny(),
        Command::Docs => docs::run(),
        Command::Thrift => thrift::run(),
        Command::Walls => walls::run(),
        Command::Bench { what, runs } => bench::run(what.unwrap_or(bench::What::Steps), runs),
        Command::Soak { calls } => bench::soak(calls),
        Command::Fuzz { minutes } => test::fuzz(minutes),
    }
}
