//! `cargo xtask demo`: from nothing to three steps run on real flights.

use std::process::Command;

use crate::process::run as run_command;
use crate::{modules, paths, setup};

/// Sets up, builds, runs.
pub(crate) fn run() -> anyhow::Result<()> {
    let toolchain = setup::run()?;
    modules::build(&toolchain, &[])?;
    let flights = "tests/data/flights-2013.parquet";
    let output = |name: &str| paths::target().join("demo").join(name).display().to_string();
    std::fs::create_dir_all(paths::target().join("demo"))?;
    let (long, late, carriers) = (output("long.parquet"), output("late.csv"), output("carriers.csv"));
    let condition = r#"{"operation": "number_is_greater_than", "column": "distance", "value": 1000}"#;
    let filter = format!(r#"{{"keep": true, "condition": {condition}}}"#);
    let sort = r#"{"sort_columns": [{"colname": "dep_delay", "is_ascending": false}], "keep_top": "10"}"#;
    let groupby = r#"{"groups": {"colnames": ["carrier"], "group_dates": false, "date_granularities": {}}, "aggregations": [{"operation": "size", "colname": "", "outname": "flights"}, {"operation": "mean", "colname": "arr_delay", "outname": "mean delay"}]}"#;
    crunchbox(&["run", "filter", "--input", flights, "--output", &long, "--params-clean", &filter])?;
    crunchbox(&["table", &long, "--rows", "5"])?;
    crunchbox(&["run", "sort", "--input", &long, "--output", &late, "--params-clean", sort])?;
    crunchbox(&["table", &late])?;
    crunchbox(&["run", "groupby", "--input", flights, "--output", &carriers, "--params-clean", groupby])?;
    crunchbox(&["table", &carriers, "--rows", "16"])
}

/// Shows a command as one would type it, and runs it.
fn crunchbox(arguments: &[&str]) -> anyhow::Result<()> {
    let quoted = |argument: &&str| match argument.contains([' ', '"']) {
        true => format!("'{argument}'"),
        false => (*argument).to_owned(),
    };
    let shown: Vec<String> = arguments.iter().map(quoted).collect();
    println!("\n$ crunchbox {}", shown.join(" "));
    run_command(Command::new(paths::crunchbox()).args(arguments).current_dir(paths::root()))
}
