//! The child's half: what a worker takes from itself before it sees anybody's data.

use std::io::{self, PipeReader};
use std::mem::{ManuallyDrop, forget};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit,
};
use rustix::stdio::{dup2_stderr, dup2_stdin};

use crate::fds::keep_only;
use crate::homes::Homes;
use crate::layer::{Layer, Layers, Missing};
use crate::namespaces::switched_off;
use crate::news::News;
use crate::root::Room;
use crate::seccomp::Profile;
use crate::zygote::{Request, Shared};
use crate::{capabilities, landlock, memory};

/// A process behind all walls, which has seen nobody's data yet.
#[derive(Debug)]
pub struct Jailed {
    /// Where the job comes from, and the report goes to.
    pub control: UnixStream,
    /// The job's folders, for a worker that has some.
    pub room: Option<Room>,
    /// What is in force.
    pub layers: Layers,
}

/// Why a worker is not as confined as it must be. It must end then.
#[derive(Debug, thiserror::Error)]
#[error("can't {action}")]
pub struct EnterError {
    action: &'static str,
    source: io::Error,
}

fn failed(action: &'static str) -> impl Fn(rustix::io::Errno) -> EnterError {
    move |errno| EnterError { action, source: errno.into() }
}

/// From a fresh clone of the spawner to the end of a worker.
pub(crate) fn become_worker(
    mut shared: Shared,
    homes: Option<Homes>,
    missing: Vec<Missing>,
    request: Request,
    work: impl FnOnce(Jailed) -> ExitCode,
) -> ExitCode {
    let Request { room, control, log, news } = request;
    let entered = dup2_stdin(&control)
        .and_then(|()| dup2_stderr(&log))
        .map_err(|errno| format!("can't take the job's descriptors: {errno}"))
        .and_then(|()| settle(&shared, homes, room.as_deref()));
    let room = match entered {
        Ok(room) => room,
        Err(reason) => {
            let _ = News::Failed(reason).send(news.as_fd());
            return ExitCode::FAILURE;
        }
    };
    forget(log);
    let (control, news) = match keep_only([control, news, shared.life.into()]) {
        Ok([control, news, life]) => {
            shared.life = life.into();
            (control, news)
        }
        Err(error) => {
            // There may be nothing left to send it by, but standard error.
            eprintln!("crunchbox worker: can't close what is not its own: {error}");
            return ExitCode::FAILURE;
        }
    };
    let layers = confine(&shared, missing, room.as_ref());
    drop(shared);
    let told = News::Ready(layers.clone()).send(news.as_fd());
    // From here on this process can't say anything that would be taken for the spawner's word.
    drop(news);
    if told.is_err() {
        return ExitCode::FAILURE;
    }
    work(Jailed { control: control.into(), room, layers })
}

/// Moves into the job's room, if it has one and there are namespaces for rooms.
fn settle(shared: &Shared, homes: Option<Homes>, name: Option<&str>) -> Result<Option<Room>, String> {
    // What leads to other rooms goes with all descriptors.
    let homes = homes.map(ManuallyDrop::new);
    let (Some(name), Some(rooms)) = (name, &shared.rooms) else { return Ok(None) };
    match homes {
        // Between two roots is no place to work in: there is no going on without this one.
        Some(homes) => {
            homes.settle(name).map(Some).map_err(|error| format!("can't enter room {name}: {error}"))
        }
        None => Ok(Some(Room::within(rooms, name))),
    }
}

/// Puts up every wall that can be had, in the one order that works: names of folders before landlock takes them, and
/// seccomp last.
fn confine(shared: &Shared, missing: Vec<Missing>, room: Option<&Room>) -> Layers {
    let mut walls = Walls { missing, without: &shared.without };
    // Threads count as processes.
    if !shared.profile.has_threads() {
        walls.put_up(Layer::Rlimits, || {
            Ok(setrlimit(Resource::Nproc, Rlimit { current: Some(1), maximum: Some(1) })?)
        });
    }
    walls.put_up(Layer::Capabilities, capabilities::drop_all);
    walls.put_up(Layer::NotDumpable, || Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?));
    walls.put_up(Layer::Landlock, || landlock::restrict(room));
    walls.put_up(Layer::Mdwe, || match shared.profile {
        // It has code to load first, and sees to it then.
        Profile::Run => memory::can_forbid_new_code(),
        _ => memory::forbid_new_code(),
    });
    walls.put_up(Layer::ParentDeath, || die_with_the_spawner(&shared.life));
    if let Some(filter) = &shared.filter {
        walls.put_up(Layer::Seccomp, || filter.confine_worker());
    }
    if shared.without.contains(&Layer::NoNewPrivs) {
        walls.put_up(Layer::NoNewPrivs, || Ok(()));
    }
    Layers::without(walls.missing)
}

struct Walls<'a> {
    missing: Vec<Missing>,
    without: &'a [Layer],
}

impl Walls<'_> {
    /// Tries one; what stands in its way is noted.
    fn put_up<T>(&mut self, layer: Layer, build: impl FnOnce() -> io::Result<T>) -> Option<T> {
        let built = if self.without.contains(&layer) { Err(switched_off()) } else { build() };
        built.map_err(|error| self.missing.push(Missing { layer, reason: error.to_string() })).ok()
    }
}

/// Asks for a signal that can't be refused when the spawner ends, and ends if it has done so already: its process
/// id tells nothing from inside a pid namespace, but a pipe does.
fn die_with_the_spawner(life: &PipeReader) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut fds = [PollFd::new(life, PollFlags::IN)];
    if poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))? > 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// What the kernel lets a worker use. The step's own limits lie below these; they are for a worker whose
/// inner walls have fallen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceLimits {
    /// Private writable memory, in bytes: heap, linear memories that are in use, stacks. Address space that is
    /// only reserved does not count.
    pub data_bytes: u64,
    /// The largest file that may be written, in bytes.
    pub file_bytes: u64,
    /// Processor time, in whole seconds.
    pub cpu_seconds: u64,
    /// Descriptors with lower numbers than this may be open.
    pub descriptors: u64,
}

/// The stack that Linux gives a program unless it is asked for another.
const STACK_BYTES: u64 = 8 << 20;

/// Caps what the calling process may use, for good: the hard limits are set too.
///
/// A write past `file_bytes` is an error in the writer, not a signal that kills it: that is ignored.
///
/// # Errors
/// [`EnterError`] if a limit can't be set: then the worker must not go on.
pub fn limit_resources(limits: &ResourceLimits) -> Result<(), EnterError> {
    // SAFETY: ignoring a signal installs no handler, so there is nothing that could be called.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    for (resource, value, action) in [
        (Resource::Core, 0, "forbid core dumps"),
        (Resource::Data, limits.data_bytes, "cap memory"),
        // That of the main thread, which the cap on memory does not count.
        (Resource::Stack, STACK_BYTES, "cap the stack"),
        (Resource::Fsize, limits.file_bytes, "cap file sizes"),
        (Resource::Cpu, limits.cpu_seconds, "cap processor time"),
        (Resource::Nofile, limits.descriptors, "cap open files"),
        (Resource::Memlock, 0, "forbid locked memory"),
        (Resource::Msgqueue, 0, "forbid message queues"),
    ] {
        lower(resource, value).map_err(failed(action))?;
    }
    Ok(())
}

fn lower(resource: Resource, value: u64) -> rustix::io::Result<()> {
    let both = |value| Rlimit { current: Some(value), maximum: Some(value) };
    match setrlimit(resource, both(value)) {
        // The limit that we were started with is lower already; raising it is not ours to do.
        Err(rustix::io::Errno::PERM) => {
            let allowed = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
            setrlimit(resource, both(value.min(allowed)))
        }
        done => done,
    }
}
