//! The built programs and modules.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

/// Where the programs and modules are that `cargo xtask build` and `cargo xtask modules` made.
#[derive(Clone, Debug)]
pub struct Built {
    target: PathBuf,
}

/// What a run of `crunchbox run --report json` came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// The exit status.
    pub status: i32,
    /// The report.
    pub report: Value,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// The verdict's word.
    pub fn verdict(&self) -> &str {
        self.report["verdict"].as_str().unwrap_or("(none)")
    }

    /// The verdict's reason.
    pub fn detail(&self) -> &str {
        self.report["detail"].as_str().unwrap_or_default()
    }
}

impl Built {
    /// Finds them beside the test that runs: `<target>/<profile>/deps/<test>`.
    ///
    /// # Errors
    /// If something is missing: the message says which command builds it.
    pub fn find() -> anyhow::Result<Built> {
        let test = std::env::current_exe()?;
        let target = test
            .ancestors()
            .find(|folder| folder.join("release").is_dir() && folder.join(".rustc_info.json").exists())
            .with_context(|| format!("{} is in no target folder", test.display()))?
            .to_owned();
        let built = Built { target };
        for program in ["crunchbox", "crunchbox-worker", "crunchbox-compiler", "crunchbox-tables"] {
            let path = built.programs().join(program);
            ensure!(path.is_file(), "{} is missing: run `cargo xtask build`", path.display());
        }
        Ok(built)
    }

    /// The folder of the programs.
    pub fn programs(&self) -> PathBuf {
        self.target.join("release")
    }

    /// The command.
    pub fn command(&self) -> PathBuf {
        self.programs().join("crunchbox")
    }

    /// The folder of the modules.
    pub fn modules(&self) -> PathBuf {
        self.target.join("modules")
    }

    /// A shipped module's file.
    ///
    /// # Errors
    /// If it has not been built.
    pub fn module(&self, id: &str) -> anyhow::Result<PathBuf> {
        let path = self.modules().join(format!("{id}.wasm"));
        ensure!(path.is_file(), "{} is missing: run `cargo xtask modules`", path.display());
        Ok(path)
    }

    /// Runs the command with these arguments.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn crunchbox(&self, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = Command::new(self.command());
        command.args(arguments).output().context("can't start crunchbox")
    }

    /// Runs `crunchbox run` with these arguments and a JSON report.
    ///
    /// # Errors
    /// If it can't be started, or if it reports nothing.
    pub fn run(&self, module: &Path, arguments: &[&str]) -> anyhow::Result<Run> {
        report(Command::new(self.command()), module, arguments)
    }

    /// The same with a scratch folder of its own, so that the caller can see what is left in it.
    ///
    /// # Errors
    /// If it can't be started, or if it reports nothing.
    pub fn run_in(&self, scratch: &Path, module: &Path, arguments: &[&str]) -> anyhow::Result<Run> {
        let mut command = Command::new(self.command());
        command.env("TMPDIR", scratch);
        report(command, module, arguments)
    }
}

fn report(mut command: Command, module: &Path, arguments: &[&str]) -> anyhow::Result<Run> {
    command.arg("run").arg(module).args(["--report", "json"]).args(arguments);
    let output = command.output().context("can't start crunchbox")?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let Ok(report) = serde_json::from_slice(&output.stdout) else {
        bail!("no report, {}: {stderr}", output.status);
    };
    Ok(Run { status: output.status.code().unwrap_or(-1), report, stderr })
}
