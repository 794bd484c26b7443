//! The spawner: a worker executable before it is a worker. It holds nobody's data, has one thread, and clones
//! itself into a jailed worker for each request that comes.
//!
//! The engine keeps the other end of its standard input. A request that comes there is the job's folders, and three
//! descriptors (the worker's job socket, its log, and a socket for news of it). When the engine is gone the spawner
//! kills and reaps its workers, and ends. Workers of one that is killed die by the layer `parent-death`.

use std::io::{self, PipeReader};
use std::mem::forget;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, pidfd_send_signal};

use crate::cgroup;
use crate::clone::{Side, clone};
use crate::code::move_code_to_large_pages;
use crate::enter::{self, Jailed};
use crate::fds::close_inherited;
use crate::heap;
use crate::homes::Homes;
use crate::layer::{Layer, Missing};
use crate::namespaces::{House, enter_shared, switched_off};
use crate::news::News;
use crate::reap::reap;
use crate::root::Room;
use crate::seccomp::{Filter, Profile};
use crate::transfer::{ReceiveError, receive};

/// The name of a room.
const MAX_REQUEST_BYTES: u64 = 255;

/// So many workers save what it takes to move their spawner's code.
const WORKERS_WORTH_A_MOVE: u64 = 16;

/// What all workers of this spawner have in common.
pub(crate) struct Shared {
    /// In force around the spawner already, unless it can't be.
    pub(crate) filter: Option<Filter>,
    pub(crate) without: Vec<Layer>,
    pub(crate) profile: Profile,
    /// Ends when the spawner does.
    pub(crate) life: PipeReader,
    /// The folder of all rooms, by the name that it has here.
    pub(crate) rooms: Option<PathBuf>,
    missing: Vec<Missing>,
}

/// A worker that runs.
struct Running {
    pid: Pid,
    pidfd: OwnedFd,
    news: OwnedFd,
}

/// The life of a worker executable: spawns until the engine goes; each worker does `work` and ends with its status.
///
/// `without` leaves out layers, so that a test can see what the others stop.
pub fn serve(profile: Profile, without: &[Layer], work: impl FnOnce(Jailed) -> ExitCode) -> ExitCode {
    match Zygote::new(profile, without).and_then(|zygote| zygote.run(work)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("crunchbox worker: {error}; engines start this program, it does nothing by itself");
            ExitCode::FAILURE
        }
    }
}

struct Zygote {
    shared: Shared,
    /// Unless there is no mount namespace to be had.
    homes: Option<Homes>,
    running: Vec<Running>,
    made: u64,
    /// Held open for as long as the spawner lives, and by it alone.
    life: io::PipeWriter,
}

impl Zygote {
    fn new(profile: Profile, without: &[Layer]) -> io::Result<Zygote> {
        close_inherited()?;
        // A Ctrl-C on the engine's terminal is the engine's to handle.
        let _ = rustix::process::setsid();
        if !without.contains(&Layer::NoNewPrivs) {
            rustix::thread::set_no_new_privs(true)?;
        }
        // Whoever started us may have been anywhere.
        std::env::set_current_dir("/")?;
        // What comes first are the doors of a control group, if there is one.
        let (_, doors) = receive(&stdin()?, 0).map_err(io::Error::other)?;
        let entered = cgroup::enter(doors);
        // The one argument is the folder of rooms.
        let rooms = std::env::args_os().nth(1).map(PathBuf::from);
        let House { rooms, mut homes, mut missing } = enter_shared(rooms.as_deref(), without);
        if let Err(reason) = entered {
            missing.push(Missing { layer: Layer::Cgroup, reason });
        }
        let (life, writer) = io::pipe()?;
        let filter = confine(profile, without);
        let filter = filter
            .map_err(|error| missing.push(Missing { layer: Layer::Seccomp, reason: error.to_string() }))
            .ok();
        if let Some(homes) = &mut homes
            && filter.is_some()
            && !without.contains(&Layer::IpcNamespace)
        {
            // Else each worker tries for itself, and tells what stands in the way.
            let _ = homes.hold_memory();
        }
        let shared = Shared { filter, without: without.to_vec(), profile, life, rooms, missing };
        Ok(Zygote { shared, homes, running: Vec::new(), made: 0, life: writer })
    }

    /// In the spawner this returns when the engine has gone; in a worker, when its work is done.
    fn run(mut self, work: impl FnOnce(Jailed) -> ExitCode) -> io::Result<ExitCode> {
        let requests = stdin()?;
        loop {
            let mut fds = vec![PollFd::new(&requests, PollFlags::IN)];
            fds.extend(self.running.iter().map(|worker| PollFd::new(&worker.pidfd, PollFlags::IN)));
            match poll(&mut fds, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
            drop(fds);
            let mut ended = ready[1..].iter();
            for worker in self.running.extract_if(.., |_| *ended.next().unwrap_or(&false)) {
                let (exit, used) = reap(worker.pid)?;
                // If nobody listens, nobody wants to know.
                let _ = News::Ended(exit, used).send(worker.news.as_fd());
            }
            if !ready[0] {
                continue;
            }
            let Some(request) = Request::receive(&requests)? else {
                self.end_workers()?;
                return Ok(ExitCode::SUCCESS);
            };
            match self.spawn(request.room.as_deref()) {
                Ok((Side::Worker, missing)) => {
                    heap::begin();
                    // None of these is the worker's; it closes them all at once.
                    forget((requests, self.running, self.life));
                    return Ok(enter::become_worker(self.shared, self.homes, missing, request, work));
                }
                Ok((Side::Spawner(pid, pidfd), _)) => {
                    let number = pid.as_raw_nonzero().get();
                    let _ = News::Started(number).send_with(request.news.as_fd(), pidfd.as_fd());
                    self.running.push(Running { pid, pidfd, news: request.news });
                    self.made += 1;
                    if self.made == WORKERS_WORTH_A_MOVE {
                        move_code_to_large_pages();
                    }
                }
                Err(error) => {
                    let _ = News::Failed(format!("can't make a process, or a place for it: {error}"))
                        .send(request.news.as_fd());
                }
            }
        }
    }

    /// Whoever inherits a dead worker from a spawner may never reap it: the first process of a container often does not.
    fn end_workers(&mut self) -> io::Result<()> {
        for worker in &self.running {
            // The only error is that it has ended already.
            let _ = pidfd_send_signal(&worker.pidfd, Signal::KILL);
        }
        for worker in self.running.drain(..) {
            reap(worker.pid)?;
        }
        Ok(())
    }

    /// Clones a worker into as many namespaces of its own as can be had. One without a room keeps the spawner's mounts, in
    /// which there is nothing for it.
    fn spawn(&mut self, room: Option<&str>) -> io::Result<(Side, Vec<Missing>)> {
        if let Some(name) = room
            && let (Some(rooms), Some(homes)) = (&self.shared.rooms, &mut self.homes)
        {
            homes.prepare(name, &Room::within(rooms, name))?;
        }
        const OWN: [(Layer, libc::c_int); 2] =
            [(Layer::PidNamespace, libc::CLONE_NEWPID), (Layer::IpcNamespace, libc::CLONE_NEWIPC)];
        let at_home = room.is_some() && self.homes.as_ref().is_some_and(Homes::have_memory);
        let mut missing = self.shared.missing.clone();
        let mut flags = 0;
        for (layer, flag) in OWN {
            if at_home && layer == Layer::IpcNamespace {
                continue;
            }
            if self.shared.without.contains(&layer) {
                missing.push(Missing { layer, reason: switched_off().to_string() });
            } else {
                flags |= flag;
            }
        }
        let refused = match clone(flags) {
            Ok(side) => return Ok((side, missing)),
            // Only what will be the same the next time takes a layer away.
            Err(error) if flags != 0 && is_forbidden(&error) => error,
            Err(error) => return Err(error),
        };
        for (layer, flag) in OWN {
            if flags & flag != 0 {
                missing.push(Missing { layer, reason: refused.to_string() });
            }
        }
        Ok((clone(0)?, missing))
    }
}

/// The socket to the engine.
fn stdin() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Takes from the spawner the system calls that neither it nor its workers need.
fn confine(profile: Profile, without: &[Layer]) -> io::Result<Filter> {
    if without.contains(&Layer::Seccomp) {
        return Err(switched_off());
    }
    let filter = Filter::new(profile)?;
    filter.confine_spawner()?;
    Ok(filter)
}

/// The right to it is missing, or the machine's administrator allows none.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::ENOSPC | libc::EUSERS | libc::EINVAL))
}

/// What the engine asks for.
pub(crate) struct Request {
    /// The name of the worker's room in the folder of rooms.
    pub(crate) room: Option<String>,
    pub(crate) control: OwnedFd,
    pub(crate) log: OwnedFd,
    pub(crate) news: OwnedFd,
}

impl Request {
    /// The next request; `None` when the engine has gone.
    fn receive(socket: &UnixStream) -> io::Result<Option<Request>> {
        let (bytes, descriptors) = match receive(socket, MAX_REQUEST_BYTES) {
            Ok(request) => request,
            Err(ReceiveError::Io(error)) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        };
        let [control, log, news] = <[OwnedFd; 3]>::try_from(descriptors)
            .map_err(|_| io::Error::other("a request has not the descriptors that it should"))?;
        let room = String::from_utf8(bytes).map_err(io::Error::other)?;
        let room = (!room.is_empty()).then_some(room);
        Ok(Some(Request { room, control, log, news }))
    }
}
