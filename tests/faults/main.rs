//! What goes wrong around a call: processes are killed, descriptors and processes run out. No call may come to a wrong
//! result, and the next one works.
//!
//! One after the other: each looks for, and kills, children of this process, and nothing else.

#![deny(unsafe_code)] // but for `intercept.rs`

mod clock;
mod disk;
#[allow(unsafe_code)] // The kernel is asked for what no crate here asks it for.
mod intercept;
mod subject;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crunchbox::{Engine, EngineBuilder, Error, Layer, Limits, Module, RenderRequest, Verdict};
use crunchbox_tests::{Built, children, workers};
use libtest_mimic::{Arguments, Trial};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use tempfile::TempDir;

fn main() -> anyhow::Result<ExitCode> {
    match std::env::var(intercept::STAGE).as_deref() {
        Ok(intercept::PROGRAM) => return intercept::become_program(),
        Ok(clock::CALL) => return clock::call(),
        _ => {}
    }
    // What a killed host leaves running becomes this process's child, where it is found.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let trials = [
        ("killed_workers", killed_workers as fn() -> anyhow::Result<()>),
        ("killed_while_waiting", killed_while_waiting),
        ("killed_spawners", killed_spawners),
        ("a_killed_host", a_killed_host),
        ("no_descriptors", no_descriptors),
        ("no_processes", no_processes),
        ("no_memory", no_memory),
        ("an_input_cut_short", an_input_cut_short),
        ("a_disk_fails_at_each_call", disk::fails_at_each_call),
        ("a_disk_is_gone_from_each_call_on", disk::is_gone_from_each_call_on),
        ("a_disk_stalls", disk::stalls),
        ("a_disk_stalls_and_the_caller_cancels", disk::stalls_and_the_caller_cancels),
        ("a_disk_stalls_and_the_command_is_killed", disk::stalls_and_the_command_is_killed),
        ("a_disk_stalls_under_a_step", disk::stalls_under_a_step),
        ("the_calendar_jumps", clock::the_calendar_jumps),
        ("the_stopwatch_jumps", clock::the_stopwatch_jumps),
        ("files_of_other_times", clock::files_of_other_times),
    ];
    let trials = trials
        .map(|(name, check)| Trial::test(name, move || Ok(check().map_err(|error| format!("{error:#}"))?)));
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    Ok(libtest_mimic::run(&arguments, trials.into()).exit_code())
}

/// A step that reads the whole of its input, works for a while and says that all is well.
const BUSY: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\12\00\00\00")
    (data (i32.const 16) "\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00")
    (func (export "_start")
        (local $n i32)
        (loop $again
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 2000000))))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// A step that fills 600 MiB.
const GREEDY: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (memory.grow (i32.const 9600)))
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x25800000))))"#;

/// A step that has its file mapped and looks at its end again and again.
const LOOKING: &str = r#"(module
    (import "crunchbox_v1" "map_input" (func $map_input (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 32)
    (data (i32.const 0) "00000000-0000-4000-8000-000000000001_x")
    (func (export "_start")
        (if (call $map_input (i32.const 0) (i32.const 38) (i32.const 65536) (i32.const 1048576))
            (then (call $proc_exit (i32.const 1))))
        (loop $again (br_if $again (i32.eq (i32.load8_u (i32.const 1114111)) (i32.const 7))))))"#;

struct Own {
    engine: Engine,
    module: Module,
    folder: TempDir,
}

impl Own {
    fn new(change: impl FnOnce(EngineBuilder) -> EngineBuilder) -> anyhow::Result<Own> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("scratch"))?;
        let builder = Engine::builder()
            .workers(Built::find()?.programs())
            .cache(folder.path().join("code"))
            .scratch(folder.path().join("scratch"));
        let module = Module::from_bytes("busy", wat::parse_str(BUSY)?)?;
        Ok(Own { engine: change(builder).build()?, module, folder })
    }

    fn call(&self) -> Result<Verdict, Error> {
        Ok(self.engine.render(&RenderRequest::new(&self.module), &Limits::default())?.verdict)
    }

    /// Whatever there was before, this call works.
    fn assert_works(&self) -> anyhow::Result<()> {
        let verdict = self.call()?;
        ensure!(verdict == Verdict::Ok, "a call behind all that ended with {verdict}");
        Ok(())
    }

    /// Nothing runs, and neither a file nor a control group is there, once the engine is gone.
    fn assert_leaves_nothing(self) -> anyhow::Result<()> {
        drop(self.engine);
        wait_until("its processes are gone", || Ok(children(std::process::id())?.is_empty()))?;
        let left: Vec<_> = fs::read_dir(self.folder.path().join("scratch"))?.collect();
        ensure!(left.is_empty(), "left in the scratch folder: {left:?}");
        let groups = groups(Path::new("/sys/fs/cgroup"));
        ensure!(groups.is_empty(), "control groups are left: {groups:?}");
        Ok(())
    }
}

/// The control groups that engines of this process made, below a folder.
fn groups(folder: &Path) -> Vec<PathBuf> {
    let ours = format!("crunchbox-{}-", std::process::id());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name().to_string_lossy().starts_with(&ours) {
            found.push(entry.path());
        }
        found.extend(groups(&entry.path()));
    }
    found
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let started = Instant::now();
    while !is_so()? {
        ensure!(started.elapsed() < Duration::from_secs(20), "not within 20 seconds: {what}");
        // A process that died as our child is reaped by nobody else.
        let _ = rustix::process::wait(rustix::process::WaitOptions::NOHANG);
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn kill(id: u32) {
    if let Some(pid) = Pid::from_raw(id.cast_signed()) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Calls by two threads for three seconds, in which one of `targets` dies every few milliseconds.
fn under_fire(own: &Own, targets: impl Fn() -> anyhow::Result<Vec<u32>> + Sync) -> anyhow::Result<()> {
    own.assert_works()?;
    let over = AtomicBool::new(false);
    let (good, bad) = thread::scope(|scope| {
        let shoot = || -> anyhow::Result<()> {
            let started = Instant::now();
            let mut turn = 0;
            while started.elapsed() < Duration::from_secs(3) {
                let found = targets()?;
                if !found.is_empty() {
                    kill(found[turn % found.len()]);
                }
                turn += 1;
                thread::sleep(Duration::from_millis(turn as u64 * 7 % 23));
            }
            over.store(true, Ordering::Relaxed);
            Ok(())
        };
        let call = || -> anyhow::Result<(u32, u32)> {
            let (mut good, mut bad) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                match own.call() {
                    Ok(Verdict::Ok) => good += 1,
                    Ok(Verdict::Killed { .. }) | Err(Error::Spawn(_)) => bad += 1,
                    Ok(other) => anyhow::bail!("a call whose processes were killed ended with {other}"),
                    Err(error) => return Err(error.into()),
                }
            }
            Ok((good, bad))
        };
        let callers = [scope.spawn(call), scope.spawn(call)];
        let shot = shoot();
        over.store(true, Ordering::Relaxed);
        let mut sums = (0, 0);
        for caller in callers {
            let (good, bad) = caller.join().map_err(|_| anyhow::anyhow!("a caller panicked"))??;
            sums = (sums.0 + good, sums.1 + bad);
        }
        shot.map(|()| sums)
    })?;
    ensure!(good > 0 && bad > 0, "{good} calls ended well, {bad} did not: that shows nothing");
    for _ in 0..10 {
        own.assert_works()?;
    }
    Ok(())
}

fn killed_workers() -> anyhow::Result<()> {
    let own = Own::new(|builder| builder)?;
    under_fire(&own, workers)?;
    own.assert_leaves_nothing()
}

/// Those that wait for a job are killed: the calls to come have others.
fn killed_while_waiting() -> anyhow::Result<()> {
    let own = Own::new(|builder| builder)?;
    for _ in 0..10 {
        own.assert_works()?;
        wait_until("workers wait", || Ok(!workers()?.is_empty()))?;
        let waiting = workers()?;
        waiting.iter().copied().for_each(kill);
        wait_until("those are gone", || Ok(workers()?.iter().all(|worker| !waiting.contains(worker))))?;
    }
    own.assert_works()?;
    own.assert_leaves_nothing()
}

fn killed_spawners() -> anyhow::Result<()> {
    let own = Own::new(|builder| builder)?;
    under_fire(&own, || children(std::process::id()))?;
    own.assert_leaves_nothing()
}

/// The command dies at ten different moments: its spawners and workers die with it, the output is the old one or the whole new
/// one, and the next command sweeps up.
fn a_killed_host() -> anyhow::Result<()> {
    let built = Built::find()?;
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/flights-2013-01.parquet");
    let folder = tempfile::tempdir()?;
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch)?;
    let output = folder.path().join("out.csv");
    let run = || {
        let mut command = Command::new(built.command());
        command.args(["run", "sort", "--params", r#"{"keep_top": ""}"#]);
        command.arg("--input").arg(&flights).arg("--output").arg(&output);
        command.env("TMPDIR", &scratch).env("XDG_CACHE_HOME", folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let started = Instant::now();
    ensure!(run().status()?.success(), "the step doesn't work");
    let (whole, time) = (fs::read(&output)?, started.elapsed());
    // Without the compiling, which was done the first time.
    let time = time.min(Duration::from_secs(2));
    for turn in 0..10 {
        fs::write(&output, "old")?;
        let mut host = run().spawn()?;
        thread::sleep(time * turn / 10);
        host.kill()?;
        host.wait()?;
        wait_until("the processes of a killed host are gone", || {
            Ok(children(std::process::id())?.is_empty())
        })?;
        let found = fs::read(&output)?;
        ensure!(
            found == b"old" || found == whole,
            "after {turn} tenths the output has {} bytes",
            found.len()
        );
    }
    ensure!(run().status()?.success(), "the step doesn't work after all that");
    let left: Vec<_> = fs::read_dir(&scratch)?.collect();
    ensure!(left.is_empty(), "left in the scratch folder: {left:?}");
    Ok(())
}

/// Runs `check` with another soft limit.
fn limited(resource: Resource, limit: u64, check: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let usual = getrlimit(resource);
    setrlimit(resource, Rlimit { current: Some(limit), maximum: usual.maximum })?;
    let checked = check();
    setrlimit(resource, usual)?;
    checked
}

fn no_descriptors() -> anyhow::Result<()> {
    let own = Own::new(|builder| builder)?;
    own.assert_works()?;
    let open = fs::read_dir("/proc/self/fd")?.count() as u64;
    // From fewer than are open to more than a call takes: at each number something else is refused. One call may live
    // on a worker that was made ready before.
    let mut failed = 0;
    for limit in open.saturating_sub(12)..open + 12 {
        limited(Resource::Nofile, limit, || {
            for _ in 0..3 {
                match own.call() {
                    Ok(Verdict::Ok) => {}
                    Err(_) => failed += 1,
                    Ok(verdict) => anyhow::bail!("with {limit} descriptors the verdict is {verdict}"),
                }
            }
            Ok(())
        })?;
        own.assert_works().with_context(|| format!("behind calls with {limit} descriptors"))?;
    }
    ensure!(failed > 0, "no call was short of descriptors");
    own.assert_leaves_nothing()
}

/// As root by a control group, where there is one; as anybody else by the limit on a user's processes.
fn no_processes() -> anyhow::Result<()> {
    if rustix::process::geteuid().is_root() {
        // One spawner and one worker; a call needs a compiler's too.
        let own = Own::new(|builder| builder.worker_group(8 << 30, 2))?;
        if let Some(reason) = own.engine.layers()?.reason(Layer::Cgroup) {
            eprintln!("no control group here: {reason}");
            return Ok(());
        }
        let failed = (0..5).filter(|_| own.call().is_err()).count();
        ensure!(failed > 0, "two processes were enough for five calls");
        return own.assert_leaves_nothing();
    }
    let own = Own::new(|builder| builder)?;
    own.assert_works()?;
    limited(Resource::Nproc, 0, || {
        let ends: Vec<_> = (0..10).map(|_| own.call()).collect();
        ensure!(ends.iter().any(Result::is_err), "calls were made without a process to be had");
        Ok(())
    })?;
    own.assert_works()?;
    own.assert_leaves_nothing()
}

/// A step that keeps to its own limit and passes that of all workers together. Only where there is a control group.
fn no_memory() -> anyhow::Result<()> {
    let own = Own::new(|builder| builder.worker_group(200 << 20, 1024))?;
    if let Some(reason) = own.engine.layers()?.reason(Layer::Cgroup) {
        eprintln!("no control group here: {reason}");
        return Ok(());
    }
    let greedy = Module::from_bytes("greedy", wat::parse_str(GREEDY)?)?;
    let verdict = |engine: &Engine| engine.render(&RenderRequest::new(&greedy), &Limits::default());
    for _ in 0..3 {
        let ended = verdict(&own.engine)?.verdict;
        let killed = matches!(ended, Verdict::Killed { signal: Some(9), .. });
        ensure!(killed, "600 MiB in a group of 200 MiB ended with {ended}");
        own.assert_works()?;
    }
    own.assert_leaves_nothing()?;
    // It was the group that stopped it.
    let wide = Own::new(|builder| builder)?;
    let ended = verdict(&wide.engine)?.verdict;
    ensure!(
        ended == Verdict::Ok || matches!(ended, Verdict::BadMessage { .. }),
        "alone it ended with {ended}"
    );
    wide.assert_leaves_nothing()
}

/// Nobody but this user can do it; it is the worker that falls, and the step's end is told.
fn an_input_cut_short() -> anyhow::Result<()> {
    let own = Own::new(|builder| builder)?;
    let file = own.folder.path().join("x");
    fs::write(&file, vec![7; 1 << 20])?;
    let module = Module::from_bytes("looking", wat::parse_str(LOOKING)?)?;
    let request = RenderRequest::new(&module).file("00000000-0000-4000-8000-000000000001", "x", &file);
    let limits = Limits::default().with_wall_time(Duration::from_secs(20));
    let outcome = thread::scope(|scope| {
        let call = scope.spawn(|| own.engine.render(&request, &limits));
        let copy = find(own.folder.path(), "00000000-0000-4000-8000-000000000001_x")?;
        // Time for it to be mapped; a file that is shorter beforehand would only be refused.
        thread::sleep(Duration::from_millis(500));
        fs::OpenOptions::new().write(true).open(copy)?.set_len(1000)?;
        call.join().map_err(|_| anyhow::anyhow!("the call panicked"))?.map_err(anyhow::Error::from)
    })?;
    ensure!(
        matches!(&outcome.verdict, Verdict::Killed { signal: Some(7), detail, .. } if detail.contains("cut short")),
        "the verdict is {}",
        outcome.verdict
    );
    own.assert_works()?;
    own.assert_leaves_nothing()
}

/// The whole file of that name somewhere below a folder, once it is there.
fn find(folder: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            // What vanishes meanwhile is not looked for.
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if entry.file_name() == name && entry.metadata().is_ok_and(|file| file.len() == 1 << 20) {
                    return Ok(entry.path());
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                }
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
    anyhow::bail!("no {name} appeared in {}", folder.display())
}
