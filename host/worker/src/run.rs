//! The runner's role: compiled code in, what became of the step out.

use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;

use anyhow::Context;
use crunchbox_jail::Room;
use crunchbox_protocol::{End, Report, Role, RunJob};
use tokio::runtime::{Builder, Runtime};
use wasmtime::{Engine, Linker, Module, Store, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p1::{self, WasiP1Ctx};

use crate::config;
use crate::removed::Removed;
use crate::serve::Task;
use crate::shown::{self, Shown};
use crate::stdio::Capture;
use crate::store::Growth;
use crate::warm::warm_up;
use crate::wasi;

pub(crate) struct State {
    wasi: WasiP1Ctx,
    pub(crate) growth: Growth,
    pub(crate) shown: Shown,
    removed: Removed,
}

/// What is the same for every step: made in the spawner, so that a worker finds it made.
pub(crate) struct Ground {
    engine: Engine,
    linker: Linker<State>,
}

impl Ground {
    fn new(stack_bytes: usize) -> wasmtime::Result<Ground> {
        let engine = Engine::new(&config::for_runner(stack_bytes))?;
        let mut linker = Linker::new(&engine);
        p1::add_to_linker_async(&mut linker, |state: &mut State| {
            state.removed.look();
            &mut state.wasi
        })?;
        // wasmtime's own takes statuses up to 125 only and traps on others; a step's status is its own affair.
        linker.allow_shadowing(true);
        let exit = |status: i32| -> wasmtime::Result<()> { Err(I32Exit(status).into()) };
        linker.func_wrap("wasi_snapshot_preview1", "proc_exit", exit)?;
        shown::add_to_linker(&mut linker)?;
        Ok(Ground { engine, linker })
    }
}

/// Makes ready what every step needs, and gives the work of one worker: to run the step whose code is the one file, in
/// the job's folders.
///
/// # Errors
/// If this machine lacks something that wasmtime needs. The work's own error is what is not the step's fault.
pub fn prepare() -> anyhow::Result<impl FnOnce(Task) -> anyhow::Result<Report>> {
    // Before wasmtime does: it hands on what is none of the step's.
    crunchbox_jail::expect_faults().context("can't take a signal")?;
    let usual = Ground::new(config::USUAL_STACK_BYTES).map_err(anyhow::Error::from)?;
    warm_up(&usual)?;
    Ok(move |task| work(task, usual))
}

fn work(task: Task, usual: Ground) -> anyhow::Result<Report> {
    let Role::Run(job) = task.role else { anyhow::bail!("this worker runs steps, it does nothing else") };
    let [code] = Task::exactly(task.files)?;
    let room = task.room.context("a step has no folders to work in")?;
    let stack_bytes = usize::try_from(job.stack_bytes).context("the stack is too large for this machine")?;
    let ground = match stack_bytes {
        config::USUAL_STACK_BYTES => usual,
        _ => Ground::new(stack_bytes).map_err(anyhow::Error::from)?,
    };
    let removed = Removed::new(task.file_bytes, &code, &task.control)?;
    let engine = &ground.engine;
    let module = match load(engine, code) {
        Ok(module) => module,
        Err(error) => return Ok(Report::new(End::StaleCode, format!("{error:#}"))),
    };
    // The code is in place. Whatever the step does to this process, it adds none.
    if task.can_forbid_new_code {
        crunchbox_jail::forbid_new_code().context("can't forbid new code")?;
    }
    let stdout = Capture::new(job.stdout_bytes);
    let mut store = store(&ground, &job, task.payload, &room, task.control, stdout.clone(), removed)?;
    let runtime = runtime()?;
    let ended = runtime.block_on(call(&ground.linker, &module, &mut store));

    let state = store.data();
    let mut report = state.removed.report().unwrap_or_else(|| judge(ended, &state.growth, &job));
    report.fuel = job.fuel - store.get_fuel().unwrap_or(0);
    let growth = &store.data().growth;
    report.peak_memory_bytes = growth.peak_memory_bytes();
    report.refused_bytes = growth.refused_bytes;
    (report.stdout, report.stdout_overflow) = stdout.take_captured();
    // This process ends now, and with it all memory at once.
    std::mem::forget((store, module, ground, runtime));
    Ok(report)
}

/// What a step runs in.
pub(crate) fn store(
    ground: &Ground,
    job: &RunJob,
    request: Vec<u8>,
    room: &Room,
    control: UnixStream,
    stdout: Capture,
    removed: Removed,
) -> anyhow::Result<Store<State>> {
    let wasi = wasi::context(job, request, room, stdout)?;
    let growth = Growth::new(job.memory_bytes, job.table_elements, job.input_bytes);
    let shown = Shown::new(room.inputs.clone(), control.into());
    let mut store = Store::new(&ground.engine, State { wasi, growth, shown, removed });
    store.limiter(|state| &mut state.growth);
    store.set_fuel(job.fuel).map_err(anyhow::Error::from)?;
    Ok(store)
}

/// One thread, this one; the runtime is there for its timers, which a sleeping step waits for.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_time().build()
}

#[allow(unsafe_code)]
fn load(engine: &Engine, code: File) -> wasmtime::Result<Module> {
    // SAFETY: the bytes must be what `Engine::precompile_module` wrote, unchanged. The engine hands over only
    // files of its own cache, which a compiler worker wrote, which nobody else may write, and whose checksum
    // it has compared. wasmtime itself checks that version and settings are this build's. Should this trust
    // be misplaced, it is a worker that falls, with one job's descriptors.
    unsafe { Module::deserialize_open_file(engine, code) }
}

/// How far a step got.
enum Stage {
    Link,
    Start,
    Run,
}

/// All that a memory may grow to; wasmtime keeps the addresses free.
const MEMORY_ADDRESSES: usize = 4 << 30;

async fn call(
    linker: &Linker<State>,
    module: &Module,
    store: &mut Store<State>,
) -> Result<(), (Stage, wasmtime::Error)> {
    let pre = linker.instantiate_pre(module).map_err(|e| (Stage::Link, e))?;
    if module.get_export("_start").is_none() {
        let message = "it exports no function `_start`: build it as a command, not as a library";
        return Err((Stage::Link, wasmtime::Error::msg(message)));
    }
    let instance = pre.instantiate_async(&mut *store).await.map_err(|e| (Stage::Start, e))?;
    if let Some(memory) = instance.get_memory(&mut *store, "memory") {
        let first = memory.data_ptr(&*store).addr();
        let bytes = memory.data_size(&*store);
        store.data_mut().growth.is_at(first..first + MEMORY_ADDRESSES, bytes);
    }
    let start = instance.get_typed_func::<(), ()>(&mut *store, "_start").map_err(|e| (Stage::Link, e))?;
    start.call_async(store, ()).await.map_err(|e| (Stage::Run, e))
}

fn judge(ended: Result<(), (Stage, wasmtime::Error)>, growth: &Growth, job: &RunJob) -> Report {
    let Err((stage, error)) = ended else { return Report::new(End::Done, "") };
    // A table has no size in bytes, so this refusal is told by the end itself.
    let or_memory = |end| if growth.table_refused && growth.refused_bytes == 0 { End::Memory } else { end };
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        let mut report = Report::new(if exit.0 == 0 { End::Done } else { or_memory(End::Exit) }, "");
        report.exit_status = exit.0;
        return report;
    }
    match (stage, error.downcast_ref::<Trap>()) {
        (Stage::Link, _) => Report::new(End::BadModule, format!("{error:#}")),
        (_, Some(Trap::OutOfFuel)) => Report::new(End::Fuel, format!("all {} units are used up", job.fuel)),
        (_, Some(Trap::StackOverflow)) => {
            Report::new(End::Stack, format!("deeper than {} bytes{}", job.stack_bytes, stack(&error)))
        }
        (_, Some(trap)) => Report::new(or_memory(End::Trap), format!("{trap}{}", stack(&error))),
        (Stage::Start, None) if growth.refused_bytes > 0 || growth.table_refused => {
            Report::new(End::Memory, format!("{error:#}"))
        }
        (Stage::Start, None) => Report::new(End::BadModule, format!("{error:#}")),
        (Stage::Run, None) => Report::new(End::Trap, format!("{}{}", error.root_cause(), stack(&error))),
    }
}

/// The innermost functions that the guest was in, innermost first.
fn stack(error: &wasmtime::Error) -> String {
    /// More would bury the message; recursion repeats itself anyway.
    const FRAMES: usize = 16;
    const NAME_CHARS: usize = 120;
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let frames = backtrace.frames();
    let mut text = String::new();
    for frame in frames.iter().take(FRAMES) {
        let name: String = match frame.func_name() {
            Some(name) => name.chars().take(NAME_CHARS).collect(),
            None => format!("function {}", frame.func_index()),
        };
        // Writing to a String can't fail.
        let _ = write!(text, "\n  in {name}");
    }
    if frames.len() > FRAMES {
        let _ = write!(text, "\n  and {} more", frames.len() - FRAMES);
    }
    text
}
