//! Waiting for a child and learning what it cost.

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use rustix::process::Pid;

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this status.
    Status(i32),
    /// This signal killed it.
    Signal(i32),
}

/// What a child used, as the kernel counted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceUsage {
    /// Processor time in user and kernel mode.
    pub cpu: Duration,
    /// The largest resident set, in bytes. The kernel counts what the child shared with its parent before it
    /// executed its own program, so a large parent shows through.
    pub max_rss_bytes: u64,
}

/// Waits until `pid` has ended and removes it from the process table.
pub(crate) fn reap(pid: Pid) -> io::Result<(Exit, ResourceUsage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to live locals of the type that wait4 writes. `pid` is a child of ours
        // that nobody else reaps (`Child` owns it), so the number can't have been given to another process.
        let result = unsafe { libc::wait4(pid.as_raw_nonzero().get(), &mut status, 0, usage.as_mut_ptr()) };
        if result >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: every bit pattern is a valid rusage, and it was zeroed before wait4 filled it.
    let usage = unsafe { usage.assume_init() };
    let exit = if libc::WIFSIGNALED(status) {
        Exit::Signal(libc::WTERMSIG(status))
    } else {
        Exit::Status(libc::WEXITSTATUS(status))
    };
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec.unsigned_abs()) + Duration::from_micros(t.tv_usec.unsigned_abs())
    };
    let used = ResourceUsage {
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        max_rss_bytes: usage.ru_maxrss.unsigned_abs() * 1024,
    };
    Ok((exit, used))
}
