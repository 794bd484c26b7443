//! `cargo xtask bench steps`: what a step costs, beside the wasmtime command on the same module in the same run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crunchbox_protocol::{JsonMap, Message, RenderRequest};
use serde_json::{Value, json};

use super::{empty_module, heading, keep, median, millis, peers};
use crate::paths;
use crate::process::{run_quietly, step};

/// A module, and what it is run on.
struct Subject {
    name: &'static str,
    module: PathBuf,
    input: Option<PathBuf>,
    params: Value,
}

/// What a run of ours came to.
struct Ours {
    process: Duration,
    report: Value,
}

/// Measures and prints, and adds the figures to `docs/benchmarks.md`.
pub(super) fn run(runs: usize) -> anyhow::Result<()> {
    let filter = paths::target().join("modules/filter.wasm");
    ensure!(filter.is_file(), "the steps are not built: run `cargo xtask modules`");
    let wasmtime = step("the wasmtime command, from PyPI", peers::wasmtime)?;
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder)?;
    let empty = folder.join("empty.wasm");
    fs::write(&empty, empty_module())?;
    let flights = folder.join("flights.arrow");
    let parquet = paths::root().join("tests/data/flights-2013.parquet");
    run_quietly(Command::new(paths::crunchbox()).arg("table").arg(parquet).arg("--output").arg(&flights))?;
    let condition = json!({"operation": "number_is_greater_than", "column": "distance", "value": 1000});
    let subjects = [
        Subject { name: "empty step", module: empty, input: None, params: json!({}) },
        Subject {
            name: "filter, 336,776 flights",
            module: filter,
            input: Some(flights),
            params: json!({"keep": true, "condition": condition}),
        },
    ];
    let mut text = heading("", &wasmtime, runs)?;
    text.push_str(
        "| | whole process | the same, wasmtime command | ratio | dispatch to reaped | whole call | fuel | linear memory | RSS |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for subject in &subjects {
        let row = step(subject.name, || measure(subject, &wasmtime, &folder, runs))?;
        text.push_str(&row);
    }
    println!("\n{text}");
    keep(&text)
}

fn measure(subject: &Subject, wasmtime: &Path, folder: &Path, runs: usize) -> anyhow::Result<String> {
    let compiled =
        folder.join(format!("{}.cwasm", subject.module.file_stem().unwrap_or_default().to_string_lossy()));
    let mut compile = Command::new(wasmtime);
    compile.args(["compile", "-W", "fuel=1", "-o"]).arg(&compiled).arg(&subject.module);
    run_quietly(&mut compile)?;
    let (inputs, outputs) = (folder.join("in"), folder.join("out"));
    for path in [&inputs, &outputs] {
        let _ = fs::remove_dir_all(path);
        fs::create_dir(path)?;
    }
    if let Some(input) = &subject.input {
        fs::copy(input, inputs.join("input.arrow"))?;
    }
    let request = request(subject)?;
    let request_path = folder.join("request.thrift");
    fs::write(&request_path, &request)?;

    // In turn, so that a machine that slows down slows both; the first of each warms up and is not counted.
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..=runs {
        ours.push(run_ours(subject, folder)?);
        theirs.push(run_theirs(&compiled, wasmtime, &request_path, &inputs, &outputs)?);
    }
    let (ours, theirs) = (&ours[1..], &theirs[1..]);
    let process: Vec<Duration> = ours.iter().map(|run| run.process).collect();
    let ratios: Vec<f64> =
        process.iter().zip(theirs).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    let of = |key: &str| {
        ours.iter().map(|run| run.report["usage"][key].as_f64().unwrap_or(0.0)).collect::<Vec<_>>()
    };
    let time = |key: &str| {
        millis(&of(key).iter().map(|seconds| Duration::from_secs_f64(*seconds)).collect::<Vec<_>>())
    };
    Ok(format!(
        "| {} | {} | {} | {:.2} | {} | {} | {} | {:.1} MiB | {:.1} MiB |\n",
        subject.name,
        millis(&process),
        millis(theirs),
        median(ratios),
        time("wall_seconds"),
        time("total_seconds"),
        median(of("fuel")),
        median(of("peak_memory_bytes")) / 1_048_576.0,
        median(of("peak_rss_bytes")) / 1_048_576.0,
    ))
}

fn request(subject: &Subject) -> anyhow::Result<Vec<u8>> {
    let params: JsonMap = subject.params.as_object().cloned().unwrap_or_default();
    let request = RenderRequest {
        basedir: "/in".to_owned(),
        input_filename: "input.arrow".to_owned(),
        params,
        output_filename: "output.arrow".to_owned(),
        ..RenderRequest::default()
    };
    Ok(request.encode()?)
}

fn run_ours(subject: &Subject, folder: &Path) -> anyhow::Result<Ours> {
    let mut command = Command::new(paths::crunchbox());
    command.arg("run").arg(&subject.module).args([
        "--report",
        "json",
        "--params-clean",
        &subject.params.to_string(),
    ]);
    if let Some(input) = &subject.input {
        command.arg("--input").arg(input).arg("--output").arg(folder.join("ours.arrow"));
    }
    let started = Instant::now();
    let output = command.output()?;
    let process = started.elapsed();
    let report: Value = serde_json::from_slice(&output.stdout).context("crunchbox gave no report")?;
    ensure!(report["verdict"] == "ok", "it did not end well: {report:#}");
    Ok(Ours { process, report })
}

fn run_theirs(
    compiled: &Path,
    wasmtime: &Path,
    request: &Path,
    inputs: &Path,
    outputs: &Path,
) -> anyhow::Result<Duration> {
    let mut command = Command::new(wasmtime);
    command.args([
        "run",
        "--allow-precompiled",
        "-W",
        "fuel=1000000000000",
        "-W",
        "unknown-imports-default=y",
        "--argv0",
        "step",
    ]);
    for (folder, name) in [(inputs, "/in"), (outputs, "/out")] {
        command.arg("--dir").arg(format!("{}::{name}", folder.display()));
    }
    command.arg(compiled).arg("render");
    command.stdin(Stdio::from(fs::File::open(request)?));
    let started = Instant::now();
    let output = command.output()?;
    let process = started.elapsed();
    ensure!(output.status.success(), "wasmtime: {}", String::from_utf8_lossy(&output.stderr));
    Ok(process)
}
