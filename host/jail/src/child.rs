//! The engine's half: a process that gets nothing of the engine's but what it is handed.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::layer::Layers;
use crate::news::News;
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
    /// The spawner can't make a worker, or the worker can't confine itself.
    #[error("the spawner {} has no worker: {reason}", path.display())]
    NoWorker {
        /// The executable.
        path: PathBuf,
        /// What it said, or that it said nothing.
        reason: String,
    },
}

/// A running process that does one job. Dropping it kills and reaps it, so none is ever left behind.
#[derive(Debug)]
pub struct Child {
    parent: Parent,
    pid: Pid,
    pidfd: OwnedFd,
    control: UnixStream,
    log: OwnedFd,
    layers: Layers,
    reaped: bool,
}

/// Whose child it is to the kernel, and so who reaps it.
#[derive(Debug)]
enum Parent {
    /// This process.
    Us,
    /// A spawner, which sends news of it.
    Spawner(OwnedFd),
}

impl Child {
    /// Starts `executable` with one argument or none, with an empty environment, with a socket to us as its standard input, nothing as
    /// its standard output and a pipe to us as its standard error. It is not confined: spawners start like this.
    ///
    /// Both ends that we keep are non-blocking. We are not forked: `posix_spawn` shares our memory until the child
    /// executes its own program, so the cost does not grow with our size. (Another folder to start in, and the standard
    /// library forks where the C library is a static one.)
    ///
    /// # Errors
    /// [`SpawnError`] if the executable or one of the resources can't be had. Nothing is left running then.
    pub fn spawn(executable: &Path, argument: Option<&Path>) -> Result<Child, SpawnError> {
        let system = |action| move |source: io::Error| SpawnError::System { action, source };
        let (control, theirs) = UnixStream::pair().map_err(system("make a socket pair"))?;
        let (log, log_writer) = io::pipe().map_err(system("make a pipe"))?;
        control.set_nonblocking(true).map_err(system("make a socket non-blocking"))?;
        rustix::io::ioctl_fionbio(&log, true).map_err(|e| system("make a pipe non-blocking")(e.into()))?;
        let process = Command::new(executable)
            .args(argument)
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::from(log_writer))
            .spawn()
            .map_err(|source| SpawnError::Exec { path: executable.to_owned(), source })?;
        // A `std::process::Child` neither kills nor reaps when it is dropped: from here on that is ours to do.
        let pid = Pid::from_child(&process);
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(pidfd) => {
                let layers = Layers::default();
                Ok(Child { parent: Parent::Us, pid, pidfd, control, log: log.into(), layers, reaped: false })
            }
            Err(source) => {
                // The child is ours and unreaped, so its number is still its own.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
                let _ = reap(pid);
                Err(SpawnError::System { action: "open a process descriptor", source: source.into() })
            }
        }
    }

    /// A worker that a spawner made, and that has told of its layers.
    pub(crate) fn spawned(
        pid: Pid,
        pidfd: OwnedFd,
        control: UnixStream,
        log: OwnedFd,
        news: OwnedFd,
        layers: Layers,
    ) -> Child {
        Child { parent: Parent::Spawner(news), pid, pidfd, control, log, layers, reaped: false }
    }

    /// What is in force around it. For a process that no spawner made: nothing is.
    pub fn layers(&self) -> &Layers {
        &self.layers
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

    /// The private memory that the worker has in use now, in bytes, with the kernel's tables of its pages: those take room
    /// for pages too that hold nothing. `None` if that can't be told, as of a worker that has ended.
    pub fn private_memory(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let kib = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line?.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        };
        Some(kib("RssAnon:")?.saturating_add(kib("VmPTE:")?).saturating_mul(1 << 10))
    }

    /// Kills the worker, if it still runs. Can't be refused by it, nor hit another process.
    pub fn kill(&self) {
        // The only error is that it has ended already.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    /// Waits until the process has ended, and leaves it unreaped; false if it has not ended in time.
    pub(crate) fn wait(&self, patience: Option<&Timespec>) -> io::Result<bool> {
        wait_for(self.pidfd.as_fd(), patience)
    }

    /// Waits until the worker has ended, and reaps it.
    ///
    /// # Errors
    /// Whatever the system says; with a child that nobody else waits for it has no reason to say anything.
    pub fn reap(mut self) -> io::Result<(Exit, ResourceUsage)> {
        self.reap_now()
    }

    fn reap_now(&mut self) -> io::Result<(Exit, ResourceUsage)> {
        self.reaped = true;
        let news = match &self.parent {
            Parent::Us => return reap(self.pid),
            Parent::Spawner(news) => news,
        };
        self.wait(None)?;
        while wait_for(news.as_fd(), Some(&SPAWNERS_PATIENCE))? {
            match News::receive(news.as_fd())? {
                Some((News::Ended(exit, used), _)) => return Ok((exit, used)),
                Some(_) => {}
                None => break,
            }
        }
        // The spawner is gone or stuck. Workers of one that was killed are killed by the kernel.
        Ok((Exit::Signal(Signal::KILL.as_raw()), ResourceUsage::default()))
    }
}

/// How long a spawner may take to tell of the end of a worker that has ended.
const SPAWNERS_PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// Waits until there is something to be read; false if there is nothing in time.
fn wait_for(fd: BorrowedFd<'_>, patience: Option<&Timespec>) -> io::Result<bool> {
    loop {
        match poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], patience) {
            Ok(count) => return Ok(count > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = self.reap_now();
        }
    }
}
