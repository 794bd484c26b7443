//! `cargo xtask build`: what ships.

use crate::process::{cargo, step};

/// Builds the command and its workers, one after the other: a build of several at once would give each executable the
/// features of all, and the runner would hold a compiler.
pub(crate) fn run_all(quiet: bool) -> anyhow::Result<()> {
    let builds: [&[&str]; 4] = [
        &["-p", "crunchbox-cli", "--bin", "crunchbox"],
        &["-p", "crunchbox-worker", "--features", "run", "--bin", "crunchbox-worker"],
        &["-p", "crunchbox-worker", "--features", "compiler", "--bin", "crunchbox-compiler"],
        &["-p", "crunchbox-worker", "--features", "tables", "--bin", "crunchbox-tables"],
    ];
    for arguments in builds {
        let mut command = cargo();
        command.args(["build", "--release", "--locked"]).args(arguments);
        if quiet {
            command.arg("--quiet");
        }
        crate::process::run(&mut command)?;
    }
    Ok(())
}

/// The same, told.
pub(crate) fn run() -> anyhow::Result<()> {
    step("the command and its workers", || run_all(true))
}
