//! The child's half: what a worker takes from itself before it sees anybody's data.

use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getppid, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};

use crate::fds::close_from;

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

/// Confines the calling process for good, in this order:
///
/// 1. close every descriptor but the standard three;
/// 2. die with the thread that started us, or now if that has happened already;
/// 3. gain no rights by executing anything, ever;
/// 4. be invisible to other processes of the same user, and dump no core.
///
/// Resource limits follow with [`limit_resources`], when the job has said how much it may use.
///
/// # Errors
/// [`EnterError`] if one of them can't be had: then the worker must not go on.
pub fn enter() -> Result<(), EnterError> {
    let parent = getppid();
    close_from(3).map_err(|source| EnterError { action: "close inherited descriptors", source })?;
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed("ask to die with the parent"))?;
    if getppid() != parent || parent.is_none() {
        let source = io::Error::new(io::ErrorKind::NotConnected, "the parent has gone");
        return Err(EnterError { action: "die with the parent", source });
    }
    rustix::thread::set_no_new_privs(true).map_err(failed("give up new privileges"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(failed("become undumpable"))
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
        (Resource::Fsize, limits.file_bytes, "cap file sizes"),
        (Resource::Cpu, limits.cpu_seconds, "cap processor time"),
        (Resource::Nofile, limits.descriptors, "cap open files"),
        (Resource::Memlock, 0, "forbid locked memory"),
        (Resource::Msgqueue, 0, "forbid message queues"),
    ] {
        // A limit that we were started with may be lower already; raising it is not ours to do.
        let allowed = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let value = Some(value.min(allowed));
        setrlimit(resource, Rlimit { current: value, maximum: value }).map_err(failed(action))?;
    }
    Ok(())
}
