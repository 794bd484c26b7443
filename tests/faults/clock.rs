//! A clock that jumps under an engine: by hours, forwards, backwards or to and fro, at each reading in turn.
//!
//! A small library does it, which is loaded into the engine's process (`clock.c`); the machine's own clocks go on as ever.
//! The command may be one file that no library gets into, so the process is this test's own executable. Workers start with an empty environment, so theirs are the machine's. What they use of the time is how much of the processor
//! the kernel lets them have, and a step sees clocks of its own.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, ensure};
use crunchbox::{Engine, Limits, Module, RenderRequest, Verdict};
use crunchbox_tests::Built;

use crate::intercept::STAGE;
use crate::subject::{Subject, names, text};

const REALTIME: i32 = libc::CLOCK_REALTIME;
const MONOTONIC: i32 = libc::CLOCK_MONOTONIC;

/// How far a clock jumps, in seconds.
const HOURS: i64 = 3 * 3600;

/// The library, made by the C compiler that Crunchbox needs anyway.
fn library(folder: &Path) -> anyhow::Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/clock.c");
    let library = folder.join("clock.so");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .args([&library, &source])
        .output()
        .context("there is no C compiler `cc`")?;
    ensure!(made.status.success(), "{}: {}", source.display(), text(&made.stderr));
    Ok(library)
}

/// What a clock does.
struct Jump {
    library: PathBuf,
    clock: i32,
    seconds: i64,
    /// Behind how many readings.
    after: u32,
    swings: bool,
}

impl Jump {
    fn under(&self, command: &mut Command) -> anyhow::Result<Output> {
        command.env("LD_PRELOAD", &self.library);
        command.env("JUMP_CLOCK", self.clock.to_string()).env("JUMP_SECONDS", self.seconds.to_string());
        command.env("JUMP_AFTER", self.after.to_string());
        if self.swings {
            command.env("JUMP_SWINGS", "1");
        }
        Ok(command.output()?)
    }
}

/// The stage of this test's executable in which it makes one call.
pub(crate) const CALL: &str = "call";

/// Makes the call that the arguments say. Ends with 0 if the step does well, with 5 and its verdict if it doesn't.
pub(crate) fn call() -> anyhow::Result<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [module, input, output, scratch, code, seconds] = &arguments[..] else {
        anyhow::bail!("these are no arguments for a call: {arguments:?}");
    };
    let workers = Built::find()?.programs();
    let engine = Engine::builder().workers(workers).scratch(scratch).cache(code).idle_workers(0).build()?;
    let module = Module::from_bytes("step", fs::read(module)?)?;
    let request = RenderRequest::new(&module).input(input).output(output);
    // Nothing but the time ends an endless step.
    let limits = Limits::default().with_fuel(1 << 60).with_wall_time(Duration::from_secs(seconds.parse()?));
    let verdict = engine.render(&request, &limits)?.verdict;
    if verdict == Verdict::Ok {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("{verdict}");
    Ok(ExitCode::from(5))
}

/// Calls a step in a process of its own.
fn calls(subject: &Subject, module: &Path, seconds: u32) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.env(STAGE, CALL).arg(module).arg(subject.folder().join("input.csv")).arg(subject.output());
    command.arg(subject.scratch()).arg(subject.code()).arg(seconds.to_string());
    Ok(command)
}

/// A good step.
fn good_step(subject: &Subject, seconds: u32) -> anyhow::Result<Command> {
    calls(subject, &subject.folder().join("step.wasm"), seconds)
}

/// A step that goes on for ever.
fn endless(subject: &Subject, seconds: u32) -> anyhow::Result<Command> {
    looping(subject, "i32.const 1", seconds)
}

/// A step that goes on for seconds.
fn long(subject: &Subject, seconds: u32) -> anyhow::Result<Command> {
    let count = "local.tee 0 (i64.add (local.get 0) (i64.const 1))";
    looping(subject, &format!("i64.lt_u ({count}) (i64.const 3000000000)"), seconds)
}

/// A step that goes on while this is so.
fn looping(subject: &Subject, condition: &str, seconds: u32) -> anyhow::Result<Command> {
    let module = subject.folder().join("looping.wasm");
    let text = format!(
        r#"(module (memory (export "memory") 1)
            (func (export "_start") (local i64) (loop (br_if 0 ({condition})))))"#
    );
    fs::write(&module, wat::parse_str(text)?)?;
    calls(subject, &module, seconds)
}

/// How the clock of the calendar is set is nothing to a call: a good one is good, and a limit of time is as long as ever.
pub(crate) fn the_calendar_jumps() -> anyhow::Result<()> {
    let subject = Subject::new("csv")?;
    let library = library(subject.folder())?;
    let date = |seconds: i64| -> anyhow::Result<i64> {
        let library = library.clone();
        let jump = Jump { library, clock: REALTIME, seconds, after: 0, swings: false };
        Ok(text(&jump.under(Command::new("date").arg("+%s"))?.stdout).parse()?)
    };
    let ahead = date(HOURS)? - date(0)?;
    ensure!((HOURS..HOURS + 60).contains(&ahead), "the library moves the clock by {ahead} s");
    for seconds in [HOURS, -HOURS] {
        for (after, swings) in [(0, false), (0, true), (1, false), (2, false), (3, true)] {
            let jump = Jump { library: library.clone(), clock: REALTIME, seconds, after, swings };
            subject.begin()?;
            let output = jump.under(&mut good_step(&subject, 60)?)?;
            ensure!(output.status.success(), "{}", text(&output.stderr));
            subject.assert_true(output.status)?;
            subject.assert_clean()?;
        }
        let jump = Jump { library: library.clone(), clock: REALTIME, seconds, after: 0, swings: true };
        subject.begin()?;
        let started = Instant::now();
        let output = jump.under(&mut endless(&subject, 2)?)?;
        let took = started.elapsed();
        ensure!(output.status.code() == Some(5), "{}: {}", output.status, text(&output.stderr));
        ensure!(took >= Duration::from_secs(2), "2 s were over after {took:?}");
        ensure!(took < Duration::from_secs(15), "2 s took {took:?}");
        subject.assert_true(output.status)?;
        subject.assert_clean()?;
    }
    subject.assert_works()
}

/// The clock that never jumps does, as if the machine had been stopped for hours: at worst the time is over. At each
/// reading of the engine's, so that it shows with each what depends on it.
pub(crate) fn the_stopwatch_jumps() -> anyhow::Result<()> {
    let subject = Subject::new("csv")?;
    let library = library(subject.folder())?;
    let (mut good, mut late) = (0, 0);
    for after in 0..60 {
        let jump = Jump { library: library.clone(), clock: MONOTONIC, seconds: HOURS, after, swings: false };
        subject.begin()?;
        let output = jump.under(&mut good_step(&subject, 3600)?)?;
        match output.status.code() {
            Some(0) => good += 1,
            // A worker does not come in time.
            Some(1) => late += 1,
            // The step's time is over, or that of a worker which brings or judges a table.
            Some(5) if text(&output.stderr).contains("time") => late += 1,
            _ => anyhow::bail!("after {after} readings: {}: {}", output.status, text(&output.stderr)),
        }
        subject.assert_true(output.status)?;
        subject.assert_clean()?;
    }
    ensure!(good > 0 && late > 0, "{good} calls were in time and {late} late: that shows nothing");
    // An hour is over at once where the clock says so: the library is at work. With how many readings the step begins is not
    // known, so this one comes to an end if the clock jumps before that.
    let said = |after: u32| -> anyhow::Result<bool> {
        let jump = Jump { library: library.clone(), clock: MONOTONIC, seconds: HOURS, after, swings: false };
        let output = jump.under(&mut long(&subject, 3600)?)?;
        Ok(text(&output.stderr).contains("not done after 3600 s"))
    };
    let mut late = false;
    for after in [30, 45, 60, 80, 100] {
        late = late || said(after)?;
    }
    ensure!(late, "no clock that jumped by hours ended a step that had one");
    subject.assert_works()
}

/// Files from before the clock was set, and from times that are still to come: code in the cache is what it is, and what
/// is swept is what nobody holds.
pub(crate) fn files_of_other_times() -> anyhow::Result<()> {
    let subject = Subject::new("arrow")?;
    let age = Duration::from_secs(40 * 365 * 24 * 3600);
    for time in [SystemTime::UNIX_EPOCH - age, SystemTime::UNIX_EPOCH, SystemTime::now() + age] {
        let code = files(&subject.code())?;
        for file in &code {
            set_time(file, time)?;
        }
        set_time(&subject.folder().join("input.csv"), time)?;
        set_time(&subject.folder().join("step.wasm"), time)?;
        // What an engine leaves that is killed, and what one has that lives.
        let dead = subject.scratch().join("crunchbox-run-dead");
        let live = subject.scratch().join("crunchbox-run-live");
        for folder in [&dead, &live] {
            fs::create_dir(folder)?;
            File::create(folder.join("lock"))?;
        }
        let lock = File::open(live.join("lock"))?;
        lock.lock()?;
        for path in [dead.join("lock"), live.join("lock"), dead.clone(), live.clone()] {
            set_time(&path, time)?;
        }
        subject.begin()?;
        let output = subject.command().output()?;
        ensure!(output.status.success(), "{}", text(&output.stderr));
        subject.assert_true(output.status)?;
        ensure!(names(&subject.scratch())? == ["crunchbox-run-live"], "{:?}", names(&subject.scratch())?);
        fs::remove_dir_all(&live)?;
        ensure!(files(&subject.code())? == code, "other code is in the cache");
        for file in &code {
            ensure!(fs::metadata(file)?.modified()? == time, "{} was written anew", file.display());
        }
    }
    Ok(())
}

fn set_time(path: &Path, time: SystemTime) -> anyhow::Result<()> {
    let times = FileTimes::new().set_modified(time).set_accessed(time);
    File::open(path)?.set_times(times).with_context(|| path.display().to_string())
}

/// All files below a folder.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
