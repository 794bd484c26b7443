//! A disk that fails, is full, or stalls, at each call in turn that the command makes on its files.
//!
//! Whatever the disk does, the output is the old one or the whole new one, and the command says which. What is the disk's
//! doing is never put down to the step.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustix::process::Signal;

use crate::intercept::{self, Answer, Call};
use crate::subject::{Output as Found, Subject, text};

/// A table that the engine copies itself, and one that a worker writes.
const FORMATS: [&str; 2] = ["arrow", "csv"];

/// Ends of the command that say that the disk, or what the caller asked for, is to blame.
const NOT_THE_STEPS: [i32; 2] = [1, 2];

/// The end of a command that was cancelled.
const CANCELLED: i32 = 130;

/// The calls that take room on the disk, which are those that a full one refuses.
const TAKES_ROOM: [&str; 11] = [
    "openat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "write",
    "pwrite64",
    "copy_file_range",
    "sendfile",
    "ftruncate",
    "fdatasync",
];

/// Calls the step; `decide` meets the command's own calls on its files, by their number.
fn meet(
    subject: &Subject,
    arguments: &[&str],
    mut decide: impl FnMut(usize, &Call) -> Answer,
) -> anyhow::Result<(Output, Vec<Call>)> {
    let mut met = Vec::new();
    subject.begin()?;
    let output = intercept::run(subject.command().args(arguments), subject.folder(), |call| {
        if !call.is_hosts {
            return Ok(Answer::Go);
        }
        met.push(call.clone());
        Ok(decide(met.len() - 1, call))
    })?;
    subject.assert_alone()?;
    Ok((output, met))
}

/// Empties the cache of code.
fn forget_code(folder: &Path) -> anyhow::Result<()> {
    fs::remove_dir_all(folder)?;
    Ok(fs::create_dir(folder)?)
}

/// Does `check` for each of the calls that the command makes on its files when nothing goes wrong; once with code in the
/// cache, and once without.
fn at_each_call(check: impl Fn(&Subject, usize, &Call) -> anyhow::Result<()>) -> anyhow::Result<()> {
    for (format, cold) in FORMATS.into_iter().zip([false, true]) {
        let subject = Subject::new(format)?;
        let prepare = || if cold { forget_code(&subject.code()) } else { Ok(()) };
        prepare()?;
        let (output, calls) = meet(&subject, &[], |_, _| Answer::Go)?;
        ensure!(output.status.success(), "without a fault: {}", text(&output.stderr));
        subject.assert_true(output.status)?;
        subject.assert_clean()?;
        ensure!(calls.len() > 20, "these can't be all calls: {calls:?}");
        for (number, call) in calls.iter().enumerate() {
            prepare()?;
            let tried = check(&subject, number, call).and_then(|()| subject.assert_works());
            tried.with_context(|| format!("as {format}, at call {number}, {call:?}"))?;
        }
    }
    Ok(())
}

pub(crate) fn fails_at_each_call() -> anyhow::Result<()> {
    at_each_call(|subject, number, call| {
        for errno in [libc::EIO, libc::ENOSPC] {
            let fails = |call: &Call| errno == libc::EIO || TAKES_ROOM.contains(&call.name);
            if !fails(call) {
                continue;
            }
            let fail = |met, call: &Call| {
                if met == number && fails(call) { Answer::Fail(errno) } else { Answer::Go }
            };
            let (output, met) = meet(subject, &[], fail)?;
            judge(subject, &output, met.get(number)).with_context(|| format!("error {errno}"))?;
        }
        Ok(())
    })
}

/// `call`: the one that failed.
fn judge(subject: &Subject, output: &Output, call: Option<&Call>) -> anyhow::Result<()> {
    let said = text(&output.stderr);
    subject.assert_true(output.status).with_context(|| said.clone())?;
    if !output.status.success() {
        let is_told = output.status.code().is_some_and(|code| NOT_THE_STEPS.contains(&code));
        ensure!(is_told, "{}: {said}", output.status);
        let folder = subject.folder().display().to_string();
        ensure!(said.contains(&folder), "no file is named: {said}");
    }
    // What can't be removed stays, and goes with the next call.
    if call.is_some_and(Call::removes) { Ok(()) } else { subject.assert_clean() }
}

/// From each call on, all that the command does on its files fails.
pub(crate) fn is_gone_from_each_call_on() -> anyhow::Result<()> {
    at_each_call(|subject, number, _| {
        let fail = |met, _: &Call| if met >= number { Answer::Fail(libc::EIO) } else { Answer::Go };
        let (output, _) = meet(subject, &[], fail)?;
        subject.assert_true(output.status).with_context(|| text(&output.stderr))
    })
}

/// A call takes longer than the step may, and all of them are slow: nothing comes of it but time. The step's time is its own.
pub(crate) fn stalls() -> anyhow::Result<()> {
    for format in FORMATS {
        let subject = Subject::new(format)?;
        let started = Instant::now();
        let (output, calls) = meet(&subject, &[], |_, _| Answer::Stall(Duration::from_millis(20)))?;
        ensure!(output.status.success(), "{}", text(&output.stderr));
        // One of its threads makes a worker's room while another reads.
        ensure!(
            started.elapsed() >= Duration::from_millis(20) * u32::try_from(calls.len())? / 2,
            "it did not stall"
        );
        subject.assert_true(output.status)?;
        subject.assert_clean()?;
        let results = subject.output().parent().context("it is in a folder")?.to_owned();
        for (number, call) in calls.iter().enumerate().filter(|(_, call)| call.path.starts_with(&results)) {
            let stall = |met, _: &Call| {
                if met == number { Answer::Stall(Duration::from_millis(1500)) } else { Answer::Go }
            };
            let (output, _) = meet(&subject, &["--timeout", "1s"], stall)?;
            ensure!(output.status.success(), "{call:?} stalls: {}", text(&output.stderr));
            subject.assert_true(output.status)?;
            subject.assert_clean()?;
        }
    }
    Ok(())
}

/// The disk stalls at each call, and the caller has had enough.
pub(crate) fn stalls_and_the_caller_cancels() -> anyhow::Result<()> {
    at_each_call(|subject, number, _| {
        let cancel = |met, _: &Call| {
            if met == number { Answer::Signal(Signal::INT, Duration::from_millis(30)) } else { Answer::Go }
        };
        let (output, _) = meet(subject, &[], cancel)?;
        let code = output.status.code();
        ensure!(code == Some(0) || code == Some(CANCELLED), "{}: {}", output.status, text(&output.stderr));
        subject.assert_true(output.status)?;
        subject.assert_clean()
    })
}

/// The command is killed at each call, as a machine may that has lost its patience. What it leaves the next one sweeps.
pub(crate) fn stalls_and_the_command_is_killed() -> anyhow::Result<()> {
    at_each_call(|subject, number, call| {
        let kill = |met, _: &Call| {
            if met == number { Answer::Signal(Signal::KILL, Duration::ZERO) } else { Answer::Go }
        };
        let (output, _) = meet(subject, &[], kill)?;
        ensure!(output.status.code().is_none(), "it lives on: {}", output.status);
        if subject.end()? == Found::New {
            // It takes its place at once, and nothing comes behind but the clearing up.
            let is_late = call.name.starts_with("rename") || call.path.starts_with(subject.scratch());
            ensure!(is_late, "it is new too early");
        }
        Ok(())
    })
}

/// A step's own writing stalls, and its time is over meanwhile. Where we may see which file it writes.
pub(crate) fn stalls_under_a_step() -> anyhow::Result<()> {
    let subject = Subject::new("arrow")?;
    subject.begin()?;
    let mut stalled = 0;
    let started = Instant::now();
    let output = intercept::run(subject.command().args(["--timeout", "1s"]), subject.folder(), |call| {
        let is_output = !call.is_hosts && call.path.to_string_lossy().ends_with("output.arrow");
        let writes = is_output && ["write", "pwrite64", "writev", "pwritev"].contains(&call.name);
        stalled += u32::from(writes);
        Ok(if writes { Answer::Stall(Duration::from_secs(60)) } else { Answer::Go })
    })?;
    subject.assert_alone()?;
    if stalled == 0 && !rustix::process::geteuid().is_root() {
        eprintln!("who isn't root can't see what workers write");
        return Ok(());
    }
    ensure!(stalled > 0, "the step's writing was not seen");
    ensure!(output.status.code() == Some(5), "{}: {}", output.status, text(&output.stderr));
    ensure!(started.elapsed() < Duration::from_secs(20), "it waited for the disk");
    subject.assert_true(output.status)?;
    subject.assert_clean()?;
    subject.assert_works()
}
