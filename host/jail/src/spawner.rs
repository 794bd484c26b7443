//! The engine's hold on one spawner: starts it, asks it for workers, starts another one if it has died.

use std::fs::File;
use std::io;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::Pid;

use crate::cgroup::ControlGroup;
use crate::child::{Child, SpawnError};
use crate::layer::{Layer, Layers, Missing};
use crate::news::News;
use crate::transfer::Outgoing;

/// Makes workers of one executable. Threads may share it.
#[derive(Debug)]
pub struct Spawner {
    executable: PathBuf,
    rooms: Option<PathBuf>,
    /// None until the first worker is wanted.
    process: Mutex<Option<Arc<Process>>>,
    /// Behind the process, so that it is dropped when that has ended: a group with a process in it can't be removed.
    group: Option<Arc<ControlGroup>>,
}

/// A spawner that was started.
#[derive(Debug)]
struct Process {
    executable: PathBuf,
    process: Child,
    /// Why there is no control group around it, if there is none to be had; whether it could enter one it says itself.
    no_group: Option<String>,
}

impl Spawner {
    /// A spawner for workers of `executable`, which hands its `main` to [`serve`](crate::serve). Workers that are to
    /// have a room find it in the folder `rooms`, which must exist by the time that the first one is asked for.
    /// Nothing is started yet.
    pub fn new(executable: impl Into<PathBuf>, rooms: Option<PathBuf>) -> Spawner {
        Spawner { executable: executable.into(), rooms, group: None, process: Mutex::default() }
    }

    /// The same with a control group around it and its workers, which it may share with other spawners.
    #[must_use]
    pub fn in_group(mut self, group: Arc<ControlGroup>) -> Spawner {
        self.group = Some(group);
        self
    }

    /// The executable.
    pub fn executable(&self) -> &Path {
        &self.executable
    }

    /// Starts the spawner, if it does not run, and does not wait until it is ready.
    ///
    /// # Errors
    /// [`SpawnError`] if it can't be started.
    pub fn start(&self) -> Result<(), SpawnError> {
        self.started(&mut self.lock()).map(drop)
    }

    /// Whether the spawner has been started. False while it is being, without waiting for that.
    pub fn is_started(&self) -> bool {
        self.process.try_lock().is_ok_and(|process| process.is_some())
    }

    /// Lets the spawner end, with what workers it has, and does not wait for that; dropping this does. The next request
    /// starts another one.
    pub fn dismiss(&self) {
        if let Some(process) = &*self.lock() {
            process.dismiss();
        }
    }

    /// Asks for a worker, and does not wait for it. `room` is the name of a folder in the folder of rooms with the
    /// two folders in it that [`Room`](crate::Room) names: the worker will see them and no other.
    ///
    /// # Errors
    /// [`SpawnError`] if the spawner can't be started, or a socket or pipe can't be had.
    pub fn request(&self, room: Option<&str>) -> Result<Pending, SpawnError> {
        let system = |action| move |source: io::Error| SpawnError::System { action, source };
        let (control, their_control) = UnixStream::pair().map_err(system("make a socket pair"))?;
        let (log, their_log) = io::pipe().map_err(system("make a pipe"))?;
        let kind = (AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC);
        let (news, their_news) = socketpair(kind.0, kind.1, kind.2, None)
            .map_err(|errno| system("make a socket pair")(errno.into()))?;
        control.set_nonblocking(true).map_err(system("make a socket non-blocking"))?;
        rustix::io::ioctl_fionbio(&log, true).map_err(|e| system("make a pipe non-blocking")(e.into()))?;
        let bytes = room.unwrap_or_default().as_bytes().to_vec();
        // A spawner that died since it was last asked is replaced, once.
        let mut failure = String::new();
        for _ in 0..2 {
            let descriptors = vec![their_control.as_fd(), their_log.as_fd(), their_news.as_fd()];
            let mut request = Outgoing::new(bytes.clone(), descriptors);
            let mut process = self.lock();
            let spawner = self.started(&mut process)?;
            match spawner.send(&mut request) {
                Ok(()) => return Ok(Pending { spawner, control, log: log.into(), news }),
                Err(_) => {
                    *process = None;
                    failure = spawner.last_words();
                }
            }
        }
        Err(SpawnError::NoWorker { path: self.executable.clone(), reason: failure })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Process>>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started(&self, process: &mut Option<Arc<Process>>) -> Result<Arc<Process>, SpawnError> {
        if let Some(process) = process {
            return Ok(Arc::clone(process));
        }
        Ok(Arc::clone(process.insert(Arc::new(self.start_process()?))))
    }

    fn start_process(&self) -> Result<Process, SpawnError> {
        let group = match &self.group {
            Some(group) => group.made().and_then(|group| Ok((group, group.doors()?))),
            None => Err("none was asked for".to_owned()),
        };
        let process = Child::spawn(&self.executable, self.rooms.as_deref())?;
        let (doors, no_group) = match group {
            // It has not been asked for a worker yet, so there is none outside of the group.
            Ok((group, doors)) => (doors, group.put(process.id()).err()),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        let process = Process { executable: self.executable.clone(), process, no_group };
        let mut doors = Outgoing::new(Vec::new(), doors.iter().map(File::as_fd).collect());
        // One that ends before it has them is missed by who wants a worker of it, and asked for its last words.
        let _ = process.send(&mut doors);
        Ok(process)
    }
}

/// A worker that has been asked for. Dropping it lets the worker end: nobody will have a job for it.
#[derive(Debug)]
pub struct Pending {
    spawner: Arc<Process>,
    control: UnixStream,
    log: OwnedFd,
    news: OwnedFd,
}

/// Why a worker did not come.
#[derive(Debug)]
pub enum Lost {
    /// It has died, or its spawner has, or that is stuck and was killed. Another one may do better.
    Spawner(SpawnError),
    /// It would not come the next time either.
    Worker(SpawnError),
    /// The caller no longer wants it.
    Cancelled,
}

/// How long a spawner may take for a worker, which is a thousand times what it takes.
const PATIENCE: Duration = Duration::from_secs(10);

impl Pending {
    /// Waits until the worker is confined, or `cancel` becomes readable.
    ///
    /// # Errors
    /// [`Lost`] says whether trying again makes sense.
    pub fn ready(self, cancel: Option<BorrowedFd<'_>>) -> Result<Child, Lost> {
        let executable = &self.spawner.executable;
        let no_worker = |reason: String| SpawnError::NoWorker { path: executable.clone(), reason };
        let failed = |source| Lost::Worker(SpawnError::System { action: "hear from a spawner", source });
        let deadline = Instant::now() + PATIENCE;
        let (mut started, mut layers): (Option<(Pid, OwnedFd)>, Option<Layers>) = (None, None);
        loop {
            if let (Some((pid, pidfd)), Some(layers)) = (&mut started, &mut layers) {
                let (pid, pidfd, mut layers) =
                    (*pid, pidfd.try_clone().map_err(failed)?, std::mem::take(layers));
                if let Some(reason) = &self.spawner.no_group {
                    layers = layers.lacking(Missing { layer: Layer::Cgroup, reason: reason.clone() });
                }
                let child = Child::spawned(pid, pidfd, self.control, self.log, self.news, layers);
                // Somebody may have killed it while it waited for a job: that is no job's end.
                return match child.wait(Some(&Timespec::default())).map_err(failed)? {
                    true => {
                        Err(Lost::Spawner(no_worker("it was killed while it waited for a job".to_owned())))
                    }
                    false => Ok(child),
                };
            }
            match self.wait(cancel, deadline).map_err(failed)? {
                Heard::News => {}
                Heard::Cancel => return Err(Lost::Cancelled),
                Heard::Nothing => {
                    self.spawner.process.kill();
                    self.spawner.process.wait(None).map_err(failed)?;
                    let reason = format!("none came within {} s", PATIENCE.as_secs());
                    return Err(Lost::Spawner(no_worker(reason)));
                }
            }
            match News::receive(self.news.as_fd()).map_err(failed)? {
                Some((News::Started(pid), Some(pidfd))) => {
                    started = Pid::from_raw(pid).map(|pid| (pid, pidfd));
                }
                Some((News::Started(_), None)) => {
                    return Err(Lost::Worker(no_worker("this process has no descriptor left".to_owned())));
                }
                Some((News::Ready(found), _)) => layers = Some(found),
                Some((News::Failed(reason), _)) => return Err(Lost::Worker(no_worker(reason))),
                Some((News::Ended(exit, _), _)) => {
                    let reason = format!("a worker was not confined before it ended, with {exit:?}");
                    return Err(Lost::Spawner(no_worker(reason)));
                }
                None => return Err(Lost::Spawner(no_worker(self.spawner.last_words()))),
            }
        }
    }

    fn wait(&self, cancel: Option<BorrowedFd<'_>>, deadline: Instant) -> io::Result<Heard> {
        loop {
            let mut fds = vec![PollFd::new(&self.news, PollFlags::IN)];
            fds.extend(cancel.map(|cancel| PollFd::from_borrowed_fd(cancel, PollFlags::IN)));
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout =
                Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            match poll(&mut fds, Some(&timeout)) {
                Ok(0) => return Ok(Heard::Nothing),
                Ok(_) if fds.get(1).is_some_and(|cancel| !cancel.revents().is_empty()) => {
                    return Ok(Heard::Cancel);
                }
                Ok(_) => return Ok(Heard::News),
                Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

enum Heard {
    News,
    Cancel,
    Nothing,
}

impl Process {
    /// Sends a request whole: two at once must not mix, so the caller holds the lock.
    fn send(&self, request: &mut Outgoing<'_>) -> io::Result<()> {
        let patience = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
        while !request.advance(self.process.control())? {
            match poll(&mut [PollFd::new(self.process.control(), PollFlags::OUT)], Some(&patience)) {
                Ok(0) => {
                    self.process.kill();
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Tells the spawner that nobody will ask it for anything more.
    fn dismiss(&self) {
        let _ = self.process.control().shutdown(Shutdown::Write);
    }

    /// What a spawner that has died left in its log.
    fn last_words(&self) -> String {
        let mut bytes = [0; 4096];
        let length = rustix::io::read(self.process.log(), &mut bytes).unwrap_or(0);
        match String::from_utf8_lossy(&bytes[..length]).trim() {
            "" => "it ended without a word".to_owned(),
            words => words.to_owned(),
        }
    }
}

impl Drop for Process {
    /// Lets the spawner end by itself, so that it reaps its workers.
    fn drop(&mut self) {
        self.dismiss();
        // If it doesn't, it is killed, and the kernel kills its workers.
        let _ = self.process.wait(Some(&LAST_PATIENCE));
    }
}

/// How long a spawner may take to end, which is a hundred times what it takes.
const LAST_PATIENCE: Timespec = Timespec { tv_sec: 2, tv_nsec: 0 };
