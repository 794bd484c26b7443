//! The shipped steps as programs of this machine: the same code, optimised as the guests are.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;
use crunchbox_protocol::{Message, RenderRequest};

use crate::paths;
use crate::process::{cargo, run};

/// Builds these steps and gives back the folder of their programs.
pub(super) fn steps(ids: &[&str]) -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--locked", "--profile", "guest"]);
    for id in ids {
        build.args(["-p", &format!("crunchbox-module-{id}")]);
    }
    run(&mut build)?;
    Ok(paths::target().join("guest"))
}

/// Builds the program that maps a file and does no more than it must.
pub(super) fn kernels() -> anyhow::Result<PathBuf> {
    let mut build = cargo();
    // All features, as `cargo xtask test` has them: one build of Arrow serves both.
    build.args(["build", "--quiet", "--release", "--locked", "--workspace", "--all-features"]);
    run(build.args(["--bin", "crunchbox-native"]))?;
    Ok(paths::target().join("release/crunchbox-native"))
}

/// From start to end of a program that speaks as a step does. Its table is deleted.
pub(super) fn render(program: &Path, request: &RenderRequest, folder: &Path) -> anyhow::Result<Duration> {
    let (asks, output) = (folder.join("request.thrift"), folder.join("native.arrow"));
    // An absolute name is that file, whatever folder it is joined to.
    let request = RenderRequest { output_filename: output.to_string_lossy().into_owned(), ..request.clone() };
    fs::write(&asks, request.encode()?)?;
    let mut command = Command::new(program);
    command.arg("render").stdin(Stdio::from(File::open(&asks)?));
    let time = timed(&mut command)?;
    fs::remove_file(output)?;
    Ok(time)
}

/// From start to end of a program that has to succeed.
pub(super) fn timed(command: &mut Command) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let output = command.output()?;
    let time = started.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(time)
}
