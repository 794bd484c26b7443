//! Calls the library again and again, and tells what it came to as JSON: the half of `cargo xtask bench start` and
//! `cargo xtask soak` that has to be a program of its own, with an engine in it.
//!
//! ```text
//! crunchbox-calls WORKERS MODULE latency CALLS     µs of each call, one after the other
//! crunchbox-calls WORKERS MODULE rate SECONDS      calls per second, by two threads for each core
//! crunchbox-calls WORKERS MODULE limit MILLIS      µs that calls of an endless step took over this limit
//! crunchbox-calls WORKERS MODULE idle              bytes of its own of each worker that waits
//! crunchbox-calls WORKERS MODULE soak CALLS        what this process holds before and after
//! ```

#![forbid(unsafe_code)]

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use crunchbox::{Engine, Layer, Limits, Module, Outcome, RenderRequest, Verdict};
use crunchbox_tests::{children, private_bytes, rss_bytes, workers};
use serde_json::{Value, json};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [workers, module, what, rest @ ..] = args.as_slice() else {
        bail!("usage: crunchbox-calls WORKERS MODULE latency|rate|limit|idle|soak [NUMBER]");
    };
    let number: u64 = rest.first().map(|text| text.parse()).transpose()?.unwrap_or(0);
    let folder = tempfile::tempdir()?;
    let engine = Engine::builder()
        .workers(workers)
        .cache(folder.path().join("code"))
        .scratch(folder.path())
        .build()?;
    let module = Module::open(module)?;
    let answer = match what.as_str() {
        "latency" => latency(&engine, &module, number)?,
        "rate" => rate(&engine, &module, Duration::from_secs(number))?,
        "limit" => limit(&engine, &module, Duration::from_millis(number))?,
        "idle" => idle(&engine, &module)?,
        "soak" => soak(&engine, &module, number)?,
        other => bail!("there is no `{other}` here"),
    };
    println!("{answer}");
    Ok(())
}

/// One call that must come to a good end, behind all walls that this machine has.
fn call(engine: &Engine, module: &Module) -> anyhow::Result<Outcome> {
    let outcome = engine.render(&RenderRequest::new(module), &Limits::default())?;
    ensure!(outcome.verdict == Verdict::Ok, "the step ended with {}", outcome.verdict);
    Ok(outcome)
}

/// The first calls compile, have the workers made that are kept ready, and have the spawner move its code: 6 MB of memory of its
/// own, once.
fn warm_up(engine: &Engine, module: &Module) -> anyhow::Result<()> {
    (0..20).try_for_each(|_| call(engine, module).map(drop))?;
    thread::sleep(Duration::from_millis(50));
    Ok(())
}

fn latency(engine: &Engine, module: &Module, calls: u64) -> anyhow::Result<Value> {
    warm_up(engine, module)?;
    let layers = call(engine, module)?.layers;
    let mut micros = Vec::new();
    for _ in 0..calls {
        // A pause, as a caller has one: it is the time in which the next worker is made.
        thread::sleep(Duration::from_millis(5));
        let started = Instant::now();
        call(engine, module)?;
        micros.push(started.elapsed().as_micros());
    }
    let missing: Vec<_> = layers.missing.iter().map(|missing| missing.layer.name()).collect();
    Ok(json!({"micros": micros, "layers": layers.on.len(), "missing": missing, "all": Layer::ALL.len()}))
}

fn rate(engine: &Engine, module: &Module, time: Duration) -> anyhow::Result<Value> {
    warm_up(engine, module)?;
    let (calls, over) = (AtomicU64::new(0), AtomicBool::new(false));
    // A caller waits for its worker most of the time.
    let threads = 2 * thread::available_parallelism()?.get();
    let started = Instant::now();
    thread::scope(|scope| {
        let work = || -> anyhow::Result<()> {
            while !over.load(Ordering::Relaxed) {
                call(engine, module)?;
                calls.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        thread::sleep(time);
        over.store(true, Ordering::Relaxed);
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|_| bail!("a thread panicked")))
    })?;
    let calls = calls.into_inner();
    Ok(
        json!({"calls": calls, "per_second": calls as f64 / started.elapsed().as_secs_f64(), "threads": threads}),
    )
}

fn limit(engine: &Engine, module: &Module, limit: Duration) -> anyhow::Result<Value> {
    let limits = Limits::default().with_wall_time(limit);
    let mut over = Vec::new();
    engine.render(&RenderRequest::new(module), &limits)?;
    for _ in 0..20 {
        let started = Instant::now();
        let verdict = engine.render(&RenderRequest::new(module), &limits)?.verdict;
        ensure!(matches!(verdict, Verdict::Time { .. }), "the endless step ended with {verdict}");
        over.push(started.elapsed().saturating_sub(limit).as_micros());
    }
    Ok(json!({"micros_over": over}))
}

fn idle(engine: &Engine, module: &Module) -> anyhow::Result<Value> {
    warm_up(engine, module)?;
    let mut bytes = Vec::new();
    for worker in workers()? {
        bytes.push(private_bytes(worker)?);
    }
    ensure!(!bytes.is_empty(), "no worker is waiting");
    Ok(json!({"private_bytes": bytes}))
}

fn soak(engine: &Engine, module: &Module, calls: u64) -> anyhow::Result<Value> {
    warm_up(engine, module)?;
    let before = state()?;
    let started = Instant::now();
    for _ in 0..calls {
        call(engine, module)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    // The last worker's death is told within a moment.
    thread::sleep(Duration::from_millis(200));
    Ok(json!({"before": before, "after": state()?, "seconds": seconds, "calls": calls}))
}

/// What this process, its spawners and their workers hold.
fn state() -> anyhow::Result<Value> {
    let own = std::process::id();
    let count = |path: &str| fs::read_dir(path).map(Iterator::count);
    let spawners = children(own)?;
    let spawners_fds = spawners
        .iter()
        .map(|spawner| count(&format!("/proc/{spawner}/fd")))
        .sum::<Result<usize, _>>()
        .context("can't count a spawner's descriptors")?;
    let spawners_rss = spawners.iter().map(|spawner| rss_bytes(*spawner)).sum::<anyhow::Result<u64>>()?;
    Ok(json!({
        "descriptors": count("/proc/self/fd")?,
        "spawners": spawners.len(),
        "spawners_descriptors": spawners_fds,
        "spawners_rss_bytes": spawners_rss,
        "workers": workers()?.len(),
        "mounts": fs::read_to_string("/proc/self/mountinfo")?.lines().count(),
        "rss_bytes": rss_bytes(own)?,
    }))
}
