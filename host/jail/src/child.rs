//! The parent's half: a process that gets nothing of the parent's but what it is handed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::reap::{Exit, ResourceUsage, reap};

/// Why a worker could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The executable can't be executed.
    #[error("can't start {}", path.display())]
    Exec {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A pipe, a socket or a process descriptor can't be had.
    #[error("can't {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

/// A running worker. Dropping it kills and reaps it, so none is ever left behind.
///
/// The parent is not forked: `posix_spawn` shares its memory until the child executes its own program, so the
/// cost does not grow with the parent's size.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    pidfd: OwnedFd,
    control: UnixStream,
    log: OwnedFd,
    reaped: bool,
}

impl Child {
    /// Starts `executable` with an empty environment, in `/`, with a socket to the parent as its standard
    /// input, nothing as its standard output and a pipe to the parent as its standard error.
    ///
    /// Both ends that the parent keeps are non-blocking.
    ///
    /// # Errors
    /// [`SpawnError`] if the executable or one of the resources can't be had. Nothing is left running then.
    pub fn spawn(executable: &Path) -> Result<Child, SpawnError> {
        let system = |action| move |source: io::Error| SpawnError::System { action, source };
        let (control, theirs) = UnixStream::pair().map_err(system("make a socket pair"))?;
        let (log, log_writer) = io::pipe().map_err(system("make a pipe"))?;
        control.set_nonblocking(true).map_err(system("make a socket non-blocking"))?;
        rustix::io::ioctl_fionbio(&log, true).map_err(|e| system("make a pipe non-blocking")(e.into()))?;
        let process = Command::new(executable)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log_writer))
            .spawn()
            .map_err(|source| SpawnError::Exec { path: executable.to_owned(), source })?;
        // A `std::process::Child` neither kills nor reaps when it is dropped: from here on that is ours to do.
        let pid = Pid::from_child(&process);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => Ok(Child { pid, pidfd, control, log: log.into(), reaped: false }),
            Err(source) => {
                // The child is ours and unreaped, so its number is still its own.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
                let _ = reap(pid);
                Err(SpawnError::System { action: "open a process descriptor", source: source.into() })
            }
        }
    }

    /// The socket to the worker's standard input.
    pub fn control(&self) -> &UnixStream {
        &self.control
    }

    /// The reading end of the worker's standard error.
    pub fn log(&self) -> BorrowedFd<'_> {
        self.log.as_fd()
    }

    /// Becomes readable when the worker has ended.
    pub fn ended(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// The worker's process id.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// Kills the worker, if it still runs. Can't be refused by it, nor hit another process.
    pub fn kill(&self) {
        // The only error is that it has ended already.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    /// Waits until the worker has ended.
    ///
    /// # Errors
    /// Whatever `wait4` says; with a child that nobody else waits for it has no reason to say anything.
    pub fn reap(mut self) -> io::Result<(Exit, ResourceUsage)> {
        self.reaped = true;
        reap(self.pid)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = reap(self.pid);
        }
    }
}
