//! Making a worker out of the spawner.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};

use rustix::process::Pid;

/// Which side of the clone this is.
pub(crate) enum Side {
    /// The spawner: the worker's number, and a descriptor of it.
    Spawner(Pid, OwnedFd),
    /// The worker.
    Worker,
}

/// Clones this process, as `fork` would, into new namespaces: `flags` are `CLONE_NEW…`.
///
/// The old system call, not `clone3`: container runtimes forbid that one, as they can't look into its arguments.
pub(crate) fn clone(flags: libc::c_int) -> io::Result<Side> {
    let mut pidfd: libc::c_int = -1;
    let flags = flags | libc::CLONE_PIDFD | libc::SIGCHLD;
    // SAFETY: without CLONE_VM the child has a copy of all memory and its own stack in it, like after fork. The
    // caller has one thread, so no lock is held by a thread that the child lacks, and the C library's view of the
    // one thread is true in the child but for its number, which only robust and recursive mutexes look at. The
    // pointer is to a live local; the kernel writes the descriptor there, in the parent. The last two arguments
    // (whose order differs between processors) are unused with these flags.
    let result = unsafe {
        libc::syscall(libc::SYS_clone, flags as libc::c_long, 0usize, &raw mut pidfd, 0usize, 0usize)
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // A process id fits by the system call's own type.
    match Pid::from_raw(result as i32) {
        None => Ok(Side::Worker),
        // SAFETY: the clone succeeded, so this is a new descriptor that nobody else owns.
        Some(pid) => Ok(Side::Spawner(pid, unsafe { OwnedFd::from_raw_fd(pidfd) })),
    }
}
