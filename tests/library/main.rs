//! The library as Rust programs use it: in this process, and in a program of somebody else's.

mod dictionaries;
mod guest_parquet;
mod keys;
mod lent;
mod mapped;
mod other_calls;
mod parts;
mod ranges;
mod rooms;
mod sealed;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crunchbox::{CancelToken, Control, Engine, Error, Layer, Limits, Module, RenderRequest, Stage, Verdict};
use crunchbox_tests::Built;
use tempfile::TempDir;

/// A result without errors and JSON.
const NOTHING: &str = r"\0f\00\01\0c\00\00\00\00\0d\00\02\0b\0c\00\00\00\00\00";

/// A step that writes `result` and returns.
fn saying(result: &str) -> Module {
    let length = result.matches('\\').count();
    module(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\{length:02x}\00\00\00")
            (data (i32.const 16) "{result}")
            (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    ))
}

/// A step that does this in its two folders, `/in` (3) and `/out` (4), and then says that all is well. `fields` are what else its
/// module has; of its memory the first 100 bytes are taken.
fn doing(fields: &str, body: &str) -> Module {
    let length = NOTHING.matches('\\').count();
    module(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_filestat_get"
                (func $stat (param i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_filestat_set_times"
                (func $times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\{length:02x}\00\00\00")
            (data (i32.const 16) "{NOTHING}")
            {fields}
            (func (export "_start")
                {body}
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#
    ))
}

/// Traps unless the file has so many names, and unless it can be written by nobody.
fn counting_names(file: &str, names: u64) -> Module {
    let name = file.len();
    let body = format!(
        r#"
        (if (call $stat (i32.const 3) (i32.const 0) (i32.const 100) (i32.const {name}) (i32.const 200))
            (then unreachable))
        (if (i64.ne (i64.load (i32.const 224)) (i64.const {names})) (then unreachable))
        (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const {name})
            (i32.const 0) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 300)))
            (then unreachable))"#
    );
    doing(&format!(r#"(data (i32.const 100) "{file}")"#), &body)
}

/// Waits until the room of the last call is cleared, behind the caller's back: until then its file may have a name there too.
fn wait_for_one_name(file: &File) {
    let started = Instant::now();
    while file.metadata().unwrap().nlink() != 1 {
        assert!(started.elapsed() < Duration::from_secs(20), "a room is not cleared");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A step that ships.
fn shipped(id: &str) -> Module {
    let path = Built::find().unwrap().module(id).unwrap();
    Module::find(path.to_str().unwrap()).unwrap()
}

fn endless() -> Module {
    module(r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#)
}

fn module(wat: &str) -> Module {
    Module::from_bytes("test", wat::parse_str(wat).unwrap()).unwrap()
}

/// An engine with folders of its own.
struct Own {
    engine: Engine,
    scratch: TempDir,
    cache: TempDir,
}

impl Own {
    fn new() -> Own {
        let (scratch, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let engine = Own::build(scratch.path(), cache.path());
        Own { engine, scratch, cache }
    }

    fn build(scratch: &Path, cache: &Path) -> Engine {
        let workers = Built::find().unwrap().programs();
        Engine::builder().workers(workers).scratch(scratch).cache(cache).build().unwrap()
    }

    fn verdict(&self, module: &Module, limits: &Limits) -> Verdict {
        self.engine.render(&RenderRequest::new(module), limits).unwrap().verdict
    }

    /// Once the engine is gone, so is its folder; while it is there, that holds no room that nobody waits in.
    fn assert_nothing_left(self) {
        drop(self.engine);
        let left: Vec<_> = fs::read_dir(self.scratch.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn a_step_that_says_nothing_wrong_is_ok() {
    let own = Own::new();
    let outcome = own.engine.render(&RenderRequest::new(&saying(NOTHING)), &Limits::default()).unwrap();
    assert_eq!(outcome.verdict, Verdict::Ok);
    assert!(outcome.output.is_none() && outcome.errors.is_empty());
    assert!(outcome.usage.fuel > 0 && outcome.usage.peak_memory_bytes == 65536);
    assert!(outcome.layers.on.contains(&Layer::Seccomp));
    own.assert_nothing_left();
}

#[test]
fn fuel_is_the_same_in_every_run() {
    let own = Own::new();
    let fuel =
        || own.engine.render(&RenderRequest::new(&saying(NOTHING)), &Limits::default()).unwrap().usage.fuel;
    let first = fuel();
    assert!((0..5).all(|_| fuel() == first));
    let exactly = Limits::default().with_fuel(first);
    assert_eq!(own.verdict(&saying(NOTHING), &exactly), Verdict::Ok);
}

#[test]
fn an_engine_serves_many_threads() {
    let own = Own::new();
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (own, start) = (&own, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..5 {
                    if thread % 2 == 0 {
                        assert_eq!(own.verdict(&saying(NOTHING), &Limits::default()), Verdict::Ok);
                    } else {
                        let limits = Limits::default().with_fuel(1_000_000);
                        assert_eq!(own.verdict(&endless(), &limits).word(), "fuel");
                    }
                }
            });
        }
    });
    own.assert_nothing_left();
}

#[test]
fn cancelling_ends_a_call_at_once_and_takes_its_worker_along() {
    let own = Own::new();
    let cancel = CancelToken::new().unwrap();
    let token = cancel.clone();
    let started = Instant::now();
    let on_stage = |stage: Stage| {
        if stage == Stage::Running {
            let token = token.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(100));
                token.cancel();
            });
        }
    };
    let control = Control { cancel: Some(&cancel), on_stage: Some(&on_stage) };
    let limits = Limits::default().with_fuel(i64::MAX as u64);
    let outcome = own.engine.render_with(&RenderRequest::new(&endless()), &limits, control).unwrap();
    assert_eq!(outcome.verdict, Verdict::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(30));
    own.assert_nothing_left();
}

#[test]
fn time_is_kept_from_outside() {
    let own = Own::new();
    let limits = Limits::default().with_fuel(i64::MAX as u64).with_wall_time(Duration::from_millis(300));
    assert_eq!(own.verdict(&endless(), &limits).word(), "time");
    own.assert_nothing_left();
}

#[test]
fn code_is_compiled_once_and_found_by_the_next_engine() {
    let own = Own::new();
    let module = saying(NOTHING);
    assert!(!own.engine.is_compiled(&module));
    own.verdict(&module, &Limits::default());
    assert!(own.engine.is_compiled(&module));
    let second = Own::build(own.scratch.path(), own.cache.path());
    let compiled = std::cell::Cell::new(false);
    let on_stage = |stage| compiled.set(compiled.get() || stage == Stage::Compiling);
    let control = Control { on_stage: Some(&on_stage), ..Control::default() };
    let outcome = second.render_with(&RenderRequest::new(&module), &Limits::default(), control).unwrap();
    assert_eq!(outcome.verdict, Verdict::Ok);
    assert!(!compiled.get());
}

#[test]
fn code_that_was_tampered_with_is_compiled_anew() {
    let own = Own::new();
    let module = saying(NOTHING);
    own.verdict(&module, &Limits::default());
    for entry in fs::read_dir(own.engine.code_folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "code") {
            fs::write(&path, b"no code at all").unwrap();
        }
    }
    let second = Own::build(own.scratch.path(), own.cache.path());
    assert_eq!(second.render(&RenderRequest::new(&module), &Limits::default()).unwrap().verdict, Verdict::Ok);
}

#[test]
fn code_of_another_build_is_compiled_anew() {
    // What the cache takes for whole, as its checksum says, may still be no code that this runner can load.
    let own = Own::new();
    let module = saying(NOTHING);
    own.verdict(&module, &Limits::default());
    let stale = b"code of another wasmtime";
    let name = format!("{}.code", blake3::hash(stale).to_hex());
    let folder = own.engine.code_folder();
    fs::write(folder.join(&name), stale).unwrap();
    let entry = format!(r#"{{"code":"{name}","bytes":{},"manifest":null}}"#, stale.len());
    fs::write(folder.join(format!("{}.json", module.hash())), entry).unwrap();
    let second = Own::build(own.scratch.path(), own.cache.path());
    assert_eq!(second.render(&RenderRequest::new(&module), &Limits::default()).unwrap().verdict, Verdict::Ok);
}

#[test]
fn engines_at_once_may_compile_the_same_module() {
    let own = Own::new();
    std::thread::scope(|scope| {
        let build = || Own::build(own.scratch.path(), own.cache.path());
        let builds: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
        for engine in builds.into_iter().map(|build| build.join().unwrap()) {
            scope.spawn(move || {
                let outcome =
                    engine.render(&RenderRequest::new(&saying(NOTHING)), &Limits::default()).unwrap();
                assert_eq!(outcome.verdict, Verdict::Ok);
            });
        }
    });
}

#[test]
fn what_is_not_the_steps_fault_is_an_error_that_names_the_mend() {
    let own = Own::new();
    let module = saying(NOTHING);
    let render = |request: RenderRequest| own.engine.render(&request, &Limits::default()).unwrap_err();
    let error = render(RenderRequest::new(&module).input("/nowhere/in.csv"));
    assert!(matches!(error, Error::InvalidInput { .. }) && error.to_string().contains("/nowhere/in.csv"));
    let error = render(RenderRequest::new(&module).output("/nowhere/out.csv"));
    assert!(matches!(error, Error::InvalidRequest { .. }) && error.to_string().contains("/nowhere"));
    let error = render(RenderRequest::new(&module).output("out.xls"));
    assert!(matches!(error, Error::InvalidRequest { .. }) && error.to_string().contains(".parquet"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("in.arrow");
    for bytes in [&b""[..], b"ARROW1", b"this is not an Arrow file at all, however long it is"] {
        fs::write(&path, bytes).unwrap();
        let error = render(RenderRequest::new(&module).input(&path));
        assert!(matches!(error, Error::InvalidInput { .. }), "{error}");
    }
    own.assert_nothing_left();
    let error = Engine::builder().require(["moat"]).build().unwrap_err();
    assert!(matches!(error, Error::LayerMissing { .. }) && error.to_string().contains("rlimits"));
    let error = Engine::builder().workers(folder.path()).build().unwrap_err();
    assert!(matches!(error, Error::WorkerNotFound { .. }));
    assert!(matches!(Module::open("/nowhere.wasm").unwrap_err(), Error::ModuleNotFound { .. }));
}

#[test]
fn a_program_that_is_no_worker_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["crunchbox-worker", "crunchbox-compiler", "crunchbox-tables"] {
        std::os::unix::fs::symlink("/bin/true", folder.path().join(name)).unwrap();
    }
    let cache = tempfile::tempdir().unwrap();
    let engine = Engine::builder().workers(folder.path()).cache(cache.path()).build().unwrap();
    let error = engine.render(&RenderRequest::new(&saying(NOTHING)), &Limits::default()).unwrap_err();
    let Error::Spawn(source) = error else { panic!("{error}") };
    assert!(source.to_string().contains("crunchbox-compiler"), "{source}");
}

#[test]
fn scratch_of_an_engine_that_was_killed_is_swept() {
    let own = Own::new();
    let left = own.scratch.path().join("crunchbox-run-left");
    fs::create_dir_all(left.join("in")).unwrap();
    fs::write(left.join("lock"), "").unwrap();
    Own::build(own.scratch.path(), own.cache.path());
    assert!(!left.exists());
}

#[test]
fn a_program_outside_of_the_workspace_filters_a_table() {
    let built = Built::find().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let output: PathBuf = folder.path().join("long.csv");
    let target = built.programs().join("../outside");
    let run = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(root.join("outside/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .arg("--")
        .arg(root.join("data/flights-2013-01.parquet"))
        .arg(&output)
        .args(["distance", "1000"])
        .env("CRUNCHBOX_WORKERS", built.programs())
        .env("CRUNCHBOX_MODULES", built.modules())
        .output()
        .unwrap();
    let (said, complained) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{complained}");
    let expected: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(root.join("data/expected.json")).unwrap()).unwrap();
    let january = &expected["flights-2013-01.parquet"];
    assert_eq!(said.trim(), format!("{} of {} rows", january["distance_over_1000"]["rows"], january["rows"]));
    assert!(fs::read_to_string(&output).unwrap().starts_with("year,month,day,"));
}
