//! `cargo xtask setup`: everything that is needed to build and run steps, and the proof that it works.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::process::{read, run_quietly, step};
use crate::toolchain::{TARGET, Toolchain, find_or_make};
use crate::{build, drawing, paths};

/// Sets up and checks; a second time there is nothing to do but the check.
pub(crate) fn run() -> anyhow::Result<Toolchain> {
    let toolchain = find_or_make()?;
    if let Err(error) = drawing::prepare() {
        eprintln!("    what draws charts is left out ({error:#})");
    }
    build::run()?;
    check(&toolchain)?;
    Ok(toolchain)
}

/// Builds a step that says hello and runs it.
fn check(toolchain: &Toolchain) -> anyhow::Result<()> {
    let folder = paths::target().join("setup");
    fs::create_dir_all(&folder)?;
    let module = folder.join("hello.wasm");
    step("hello, world", || {
        let mut rustc = toolchain.rustc();
        rustc.args(["--edition", "2024", "-O", "-Clto=fat", "--target", TARGET, "-o"]).arg(&module);
        run_quietly(rustc.arg(paths::root().join("xtask/src/hello.rs")))?;
        let report =
            read(Command::new(paths::crunchbox()).arg("run").arg(&module).args(["--report", "json"]))?;
        let report: serde_json::Value = serde_json::from_str(&report).context("no report")?;
        ensure!(
            report["verdict"] == "ok" && report["log"] == "hello, world\n",
            "it ended otherwise: {report:#}"
        );
        Ok(())
    })
}
