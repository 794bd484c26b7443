//! `cargo xtask bench large`: what memory it takes to filter a table that is larger than a step's memory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use crunchbox_protocol::FileFormat;
use serde_json::{Value, json};

use super::data::LIMITS;
use super::memory::{Peaks, watch};
use super::peers::{self, Libraries};
use super::{heading, keep};
use crate::paths;
use crate::process::step;

/// The goal for all processes together.
const GOAL: u64 = 1 << 30;

/// Measures and prints, and adds the figures to `docs/benchmarks.md`.
pub(super) fn run(rows: u64) -> anyhow::Result<()> {
    let filter = paths::target().join("modules/filter.wasm");
    ensure!(filter.is_file(), "the steps are not built: run `cargo xtask modules`");
    let folder = paths::target().join("bench/large");
    fs::create_dir_all(&folder)?;
    let wasmtime = step("the wasmtime command, from PyPI", peers::wasmtime)?;
    let libraries = step("pyarrow, from PyPI", || Libraries::install(&folder))?;
    let year = paths::root().join("tests/data/flights-2013.parquet");

    use FileFormat::{Arrow, Csv, Parquet};
    let farther =
        |miles: u32| json!({"operation": "number_is_greater_than", "column": "distance", "value": miles});
    let cases = [
        ("filter: farther than 1000 miles", Parquet, Arrow, farther(1000)),
        ("the same", Arrow, Arrow, farther(1000)),
        ("the same", Csv, Arrow, farther(1000)),
        ("filter that keeps all", Parquet, Arrow, farther(0)),
        ("the same", Parquet, Parquet, farther(0)),
    ];
    let mut text = heading(&format!(", {rows} flights in little memory"), &wasmtime, 1)?;
    let _ = writeln!(
        text,
        "The most memory that was taken at any time; the goal for all processes together is {} MB. \
         Resident pages of files, which the system can take back, are counted.\n\n\
         | | input | output | whole process | all processes | of that without files' pages | the largest process | which |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |",
        megabytes(GOAL)
    );
    for (what, from, to, condition) in cases {
        let row = step(&format!("{what}, {} to {}", from.extension(), to.extension()), || {
            let input = folder.join("flights").with_extension(from.extension());
            let output = folder.join("output").with_extension(to.extension());
            libraries.repeat_flights(&year, rows, &input)?;
            let mut command = Command::new(paths::crunchbox());
            let params = json!({"keep": true, "condition": condition}).to_string();
            command
                .arg("run")
                .arg(&filter)
                .args(["--report", "json", "--params-clean", &params])
                .args(LIMITS);
            let (peaks, told) = watch(command.arg("--input").arg(&input).arg("--output").arg(&output))?;
            let report: Value = serde_json::from_str(&told).context("crunchbox gave no report")?;
            ensure!(report["usage"]["rows_in"] == rows, "it read other rows than there are: {report:#}");
            let row = row(what, &input, &output, &peaks)?;
            // They take some gigabytes each.
            fs::remove_file(input)?;
            fs::remove_file(output)?;
            Ok(row)
        })?;
        text.push_str(&row);
    }
    println!("\n{text}");
    keep(&text)
}

fn row(what: &str, input: &Path, output: &Path, peaks: &Peaks) -> anyhow::Result<String> {
    let length = |path: &Path| -> anyhow::Result<u64> { Ok(fs::metadata(path)?.len()) };
    let format = |path: &Path| path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let largest = peaks.largest();
    let which = peaks.each.iter().find(|(_, bytes)| **bytes == largest).map_or("", |(program, _)| program);
    Ok(format!(
        "| {what} | {}, {} MB | {}, {} MB | {:.1} s | {} MB | {} MB | {} MB | `{which}` |\n",
        format(input),
        megabytes(length(input)?),
        format(output),
        megabytes(length(output)?),
        peaks.time.as_secs_f64(),
        megabytes(peaks.all),
        megabytes(peaks.all_anonymous),
        megabytes(largest),
    ))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / 1e6)
}
