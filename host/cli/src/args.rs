//! The command line. Help text is the reference.

use std::num::NonZeroU8;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use crunchbox::Profile;

use crate::units::{parse_duration, parse_fuel, parse_language, parse_size};

/// Runs untrusted data steps: WebAssembly modules, each in a jailed subprocess, with limits.
#[derive(Debug, Parser)]
#[command(name = "crunchbox", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What a command line means that clap can't tell is wrong.
#[derive(Debug)]
pub(crate) struct UsageError(pub(crate) String);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a step on a table.
    Run(Box<RunArgs>),
    /// Tell what a module is: its manifest, its params, its code. It is not run.
    Inspect(InspectArgs),
    /// Compile modules into the code cache, so that their first run does not have to.
    Compile(CompileArgs),
    /// Look at a table: validate it, show its first rows, convert it.
    Table(TableArgs),
    /// Check this machine: what is there, which walls there are, and how to get the others.
    Doctor(DoctorArgs),
    /// Print a script that completes this command's arguments in a shell.
    #[command(
        after_help = "Example:\n  crunchbox completions bash > ~/.local/share/bash-completion/completions/crunchbox"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a person, on standard error.
    Text,
    /// One JSON object on standard output.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Call {
    /// Make a table.
    Render,
    /// Fetch data into a file of any bytes, from the files that it is handed: there is no network.
    Fetch,
    /// Bring stored params up to date, and print them.
    MigrateParams,
    /// See whether it can be started.
    Validate,
}

/// Where the engine keeps things, for every command that runs something.
#[derive(Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// Refuse to run without these layers, by name; `doctor` lists them.
    #[arg(long, value_name = "LAYERS", value_delimiter = ',')]
    pub(crate) require: Vec<String>,
    /// The folder for compiled code [default: crunchbox/code in $XDG_CACHE_HOME or ~/.cache]
    #[arg(long, value_name = "DIR", env = "CRUNCHBOX_CODE_CACHE")]
    pub(crate) cache: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crunchbox run filter --input flights.parquet --output long.parquet --params-clean '{\"keep\": true, \
\"condition\": {\"operation\": \"number_is_greater_than\", \"column\": \"distance\", \"value\": 1000}}'
  crunchbox run my-step.wasm --input in.csv --output out.csv --params @params.json --fuel 10G --timeout 5s
  crunchbox run my-step.wasm --call fetch --params @params.json --secret key=@key.json --output fetched.bin
  crunchbox run my-step.wasm --call migrate-params --params @old.json

Exit status: 0 ok, 1 the host failed, 2 usage, 3 the step said that it can't, 4 the step broke (exit, trap, \
bad-*, killed, denied), 5 a limit was hit, 6 a required layer is missing, 130 cancelled.")]
pub(crate) struct RunArgs {
    /// A .wasm file, or the id of a shipped step (looked for in $CRUNCHBOX_MODULES, then beside this program).
    pub(crate) module: String,
    /// What to ask of the step.
    #[arg(long, value_enum, default_value = "render")]
    pub(crate) call: Call,
    /// The main table: .arrow, .parquet or .csv.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// The name of the tab that the step is in.
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) tab_name: String,
    /// Another tab's table, for params that name it by its slug. May be given more than once.
    #[arg(long, value_name = "SLUG[:NAME]=FILE")]
    pub(crate) tab: Vec<String>,
    /// A file, for params that name it by its UUID. May be given more than once.
    #[arg(long, value_name = "UUID=FILE")]
    pub(crate) file: Vec<String>,
    /// A secret, for fetch alone. Give it as @FILE: arguments can be seen by everybody. May be given more than once.
    #[arg(long, value_name = "NAME=JSON|@FILE")]
    pub(crate) secret: Vec<String>,
    /// What the step's last fetch left, for render and for the next fetch.
    #[arg(long, value_name = "FILE")]
    pub(crate) fetch_result: Option<PathBuf>,
    /// What the step's last fetch had to say: a list of messages, or a fetch's whole JSON report.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) fetch_errors: Option<String>,
    /// Params as a user stores them: migrated, checked against the manifest, filled up, cleaned.
    #[arg(long, value_name = "JSON|@FILE", conflicts_with = "params_clean")]
    pub(crate) params: Option<String>,
    /// Params exactly as the step is to see them.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) params_clean: Option<String>,
    /// Where the table goes: .arrow, .parquet or .csv; or what was fetched, under any name. Replaced in one go, and only
    /// if the step gives a good table, or a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Draw the chart that the step's JSON result describes, in Vega-Lite or Vega: .svg, .png or .html.
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// Fuel: 1000000, 500M, 10G [default: 1T]
    #[arg(long, value_name = "N", value_parser = parse_fuel)]
    pub(crate) fuel: Option<u64>,
    /// Linear memory: 64MiB, 1GiB [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) memory: Option<u64>,
    /// Real time: 500ms, 1s, 2m; for each of the two modules that draw a chart too [default: 60s, and 2m for each of those]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// All that the step may write, in files: 100MB, 1GiB [default: 16GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub(crate) max_output: Option<u64>,
    /// Which rules tables must keep: arrow or workbench [default: what the module's manifest asks for, else arrow]
    #[arg(long)]
    pub(crate) profile: Option<Profile>,
    /// How many workers may work on a large table at a time, if the step's manifest says that it works by rows or by
    /// key. The result is the same.
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) jobs: NonZeroU8,
    /// How to report.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) report: ReportFormat,
    /// The language to tell messages in, as de or pt-BR, as far as there are texts in it; else in English
    /// [default: what LC_ALL, LC_MESSAGES or LANG says]
    #[arg(long, value_name = "LANG", value_parser = parse_language)]
    pub(crate) lang: Option<String>,
    /// Give the step the machine's clocks and random numbers, instead of the same ones in every run.
    #[arg(long)]
    pub(crate) real_clock_and_random: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  crunchbox inspect filter\n  crunchbox inspect filter --form")]
pub(crate) struct InspectArgs {
    /// A .wasm file, or the id of a shipped step.
    pub(crate) module: String,
    /// One JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Only the JSON Schema (draft 7) of its params, as a user stores them.
    #[arg(long, conflicts_with = "json")]
    pub(crate) schema: bool,
    /// Only its form, as JSON for user interfaces: labels, options, defaults, what shows when.
    #[arg(long, conflicts_with_all = ["json", "schema"])]
    pub(crate) form: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  crunchbox compile filter sort my-step.wasm")]
pub(crate) struct CompileArgs {
    /// .wasm files, or ids of shipped steps.
    #[arg(required = true)]
    pub(crate) modules: Vec<String>,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crunchbox table flights.parquet
  crunchbox table flights.parquet --output flights.arrow --profile workbench")]
pub(crate) struct TableArgs {
    /// The table: .arrow, .parquet or .csv.
    pub(crate) file: PathBuf,
    /// Write it here too, in the format that the name's ending tells.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How many rows to show.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) rows: u64,
    /// Which rules it must keep: arrow or workbench.
    #[arg(long, default_value = "arrow")]
    pub(crate) profile: Profile,
    /// Real time: 500ms, 1s, 2m [default: 60s]
    #[arg(long, value_name = "DUR", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  crunchbox doctor --json")]
pub(crate) struct DoctorArgs {
    /// One JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}
