//! The command that faults are tried on: a small step, its input, the output that was there before.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, ensure};
use crunchbox_tests::{Built, children};
use tempfile::TempDir;

use crate::wait_until;

/// What the output held before.
pub(crate) const OLD: &str = "old";

/// What came of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// It is what it was.
    Old,
    /// It is the whole new one.
    New,
}

/// A folder of its own with all that a command works on, and how to call it.
pub(crate) struct Subject {
    built: Built,
    folder: TempDir,
    format: &'static str,
    /// What a good call makes of the output.
    whole: Vec<u8>,
}

impl Subject {
    /// A step that gives a small table, to be written in this format; called once, so that its code is in the cache.
    pub(crate) fn new(format: &'static str) -> anyhow::Result<Subject> {
        let folder = tempfile::tempdir()?;
        for name in ["scratch", "results", "code"] {
            fs::create_dir(folder.path().join(name))?;
        }
        let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/guests");
        fs::write(folder.path().join("step.wasm"), wat::parse_file(guests.join("table-good.wat"))?)?;
        fs::write(folder.path().join("input.csv"), "a,b\n1,x\n2,y\n")?;
        let mut subject = Subject { built: Built::find()?, folder, format, whole: Vec::new() };
        let output = subject.command().output()?;
        ensure!(output.status.success(), "the step doesn't work: {}", text(&output.stderr));
        subject.whole = fs::read(subject.output())?;
        Ok(subject)
    }

    /// The folder that all is in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of scratch folders.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.folder().join("scratch")
    }

    /// The folder of compiled code.
    pub(crate) fn code(&self) -> PathBuf {
        self.folder().join("code")
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.folder().join("results").join(format!("out.{}", self.format))
    }

    /// A call of the step.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.built.command());
        command.arg("run").arg(self.folder().join("step.wasm")).arg("--cache").arg(self.code());
        command.arg("--input").arg(self.folder().join("input.csv")).arg("--output").arg(self.output());
        command.env("TMPDIR", self.scratch());
        command
    }

    /// Puts the old output in its place.
    pub(crate) fn begin(&self) -> anyhow::Result<()> {
        Ok(fs::write(self.output(), OLD)?)
    }

    /// What came of the output, which is never anything else.
    pub(crate) fn end(&self) -> anyhow::Result<Output> {
        let found = fs::read(self.output()).context("the output is gone")?;
        if found == OLD.as_bytes() {
            return Ok(Output::Old);
        }
        ensure!(found == self.whole, "the output has {} bytes of {}", found.len(), self.whole.len());
        Ok(Output::New)
    }

    /// A program that says that all is well has made the new output, and one that doesn't has left the old one.
    pub(crate) fn assert_true(&self, status: ExitStatus) -> anyhow::Result<()> {
        let (said, found) = (status.success(), self.end()?);
        ensure!(said == (found == Output::New), "{status}, and the output is {found:?}");
        Ok(())
    }

    /// Nothing is in the scratch folder, and nothing beside the output.
    pub(crate) fn assert_clean(&self) -> anyhow::Result<()> {
        let beside = names(&self.folder().join("results"))?;
        ensure!(beside == [format!("out.{}", self.format)], "beside the output: {beside:?}");
        let left = names(&self.scratch())?;
        ensure!(left.is_empty(), "left in the scratch folder: {left:?}");
        Ok(())
    }

    /// All processes end that were started.
    pub(crate) fn assert_alone(&self) -> anyhow::Result<()> {
        wait_until("its processes are gone", || Ok(children(std::process::id())?.is_empty()))
    }

    /// Whatever there was before, this call works, and leaves all as it should be.
    pub(crate) fn assert_works(&self) -> anyhow::Result<()> {
        self.begin()?;
        let output = self.command().output()?;
        ensure!(output.status.success(), "the next call fails: {}", text(&output.stderr));
        self.assert_true(output.status)?;
        self.assert_clean()
    }
}

pub(crate) fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
