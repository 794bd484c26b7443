//! `cargo xtask test` and `fuzz`.

use std::time::Instant;

use anyhow::ensure;

use crate::process::{cargo, exists, run as run_command, step};
use crate::{drawing, lint, modules, paths, setup};

/// Everything that has to hold.
pub(crate) fn run() -> anyhow::Result<()> {
    let started = Instant::now();
    let toolchain = setup::run()?;
    modules::build(&toolchain, &[])?;
    lint::run()?;
    step("tests", || {
        run_command(cargo().args([
            "test",
            "--release",
            "--locked",
            "--workspace",
            "--all-features",
            "--no-fail-fast",
        ]))
    })?;
    step("tests of what draws", drawing::test)?;
    eprintln!("==> all passed in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Each fuzz target for a while.
pub(crate) fn fuzz(minutes: f64) -> anyhow::Result<()> {
    ensure!(minutes > 0.0 && minutes < 10_000.0, "--minutes {minutes} is no time to fuzz");
    if !exists("cargo-fuzz") {
        step("cargo install cargo-fuzz", || {
            run_command(cargo().args(["install", "--locked", "cargo-fuzz"]))
        })?;
    }
    let seconds = (minutes * 60.0).ceil();
    for target in ["message", "report", "manifest", "table", "cache", "spawner", "pattern"] {
        step(&format!("fuzzing {target}"), || {
            let mut command = cargo();
            // What fuzzers want of the compiler is only for nightly ones, or for one that is told to take itself for one. So
            // it is the compiler that all else is built with, which comes with the sanitizer too.
            command.current_dir(paths::root().join("tests")).env("RUSTC_BOOTSTRAP", "1");
            // What is found goes to the first folder; the seeds are only read.
            let found = format!("fuzz/corpus/{target}");
            std::fs::create_dir_all(paths::root().join("tests").join(&found))?;
            command.args(["fuzz", "run", "--fuzz-dir", "fuzz", target, &found]);
            command.arg(format!("fuzz/seeds/{target}"));
            run_command(command.args(["--", &format!("-max_total_time={seconds}"), "-rss_limit_mb=4096"]))
        })?;
    }
    Ok(())
}
