//! One worker, from its start to its end: gives it its job, drains what it writes, kills it in time.

use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use crunchbox_jail::{Child, Exit, Outgoing, ResourceUsage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::watch::Watch;
use crate::{CancelToken, Error, Verdict};

/// How long a worker may live on once it has closed all that it could say something through.
const SILENT_GRACE: Duration = Duration::from_secs(10);

/// How often a look is taken at the memory that a worker has in use, and at what it has in its folder.
const INTERVAL: Duration = Duration::from_millis(50);

/// What a worker may have in use besides what the kernel's cap counts: its stack, what it shares with its spawner.
const UNCOUNTED_BYTES: u64 = 32 << 20;

/// How long a short job takes.
const MOMENT: Duration = Duration::from_millis(2);

/// What a worker is given, and how long it has.
pub(crate) struct Assignment<'a> {
    pub(crate) child: Child,
    pub(crate) job: Vec<u8>,
    pub(crate) files: Vec<BorrowedFd<'a>>,
    pub(crate) report_limit: usize,
    pub(crate) log_limit: usize,
    pub(crate) wall_time: Duration,
    pub(crate) cancel: Option<&'a CancelToken>,
    /// The folder that it writes in, for one that has such a folder.
    pub(crate) watch: Option<Watch<'a>>,
    /// What the kernel lets the worker have of private memory besides what it maps, in bytes. It does not count what was
    /// written and then made read-only, so a look is taken from outside too.
    pub(crate) memory_bytes: u64,
    /// What is done once: when the worker is not done within a moment, or else when it has ended. Before that it would
    /// be in the way of a short job.
    pub(crate) meanwhile: &'a dyn Fn(),
}

/// Why a worker is dead.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ended {
    /// By itself, or by somebody else's hand.
    Alone(Exit),
    /// We killed it, as its time was over.
    TimedOut,
    /// We killed it, as the caller wished.
    Cancelled,
    /// It wrote more than it may: this is the verdict. If it still ran we killed it.
    Overfull(Verdict),
    /// We killed it, as it had this much memory in use, in bytes, which is more than it may.
    Bloated {
        /// What it had.
        found: u64,
        /// What it might have.
        limit: u64,
    },
}

/// What we saw of a worker from outside.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) ended: Ended,
    pub(crate) report: Kept,
    pub(crate) log: Kept,
    pub(crate) used: ResourceUsage,
    pub(crate) wall_time: Duration,
}

/// The first bytes of a stream, and how many there were.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    pub(crate) total: u64,
    limit: usize,
    open: bool,
}

impl Kept {
    fn new(limit: usize) -> Self {
        Kept { bytes: Vec::new(), total: 0, limit, open: true }
    }

    pub(crate) fn truncated(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// Reads what there is. A stream that floods is left after a while, so that others get their turn.
    fn drain(&mut self, mut source: impl Read) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        for _ in 0..256 {
            match source.read(&mut buffer) {
                Ok(0) => {
                    self.open = false;
                    return Ok(());
                }
                Ok(count) => {
                    let room = self.limit - self.bytes.len();
                    self.bytes.extend_from_slice(&buffer[..count.min(room)]);
                    self.total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A worker that dies with part of its job unread resets the socket: that is its end too.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    self.open = false;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Reads from a descriptor that somebody else owns.
struct Reader<'a>(BorrowedFd<'a>);

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.0, buffer)?)
    }
}

/// Runs one worker to its end. Whatever it does, it is dead and reaped when this returns.
///
/// What it writes past the limits is read and thrown away, so that it never stalls on a full pipe.
///
/// # Errors
/// What is not the worker's doing: we can't poll.
pub(crate) fn collect(assignment: Assignment<'_>) -> Result<Collected, Error> {
    let child = assignment.child;
    // As the worker itself does: what it maps may count as its own while it is loaded.
    let held: Vec<_> = assignment.files.iter().filter_map(|file| rustix::fs::fstat(file).ok()).collect();
    let mapped = held.first().map_or(0, |file| u64::try_from(file.st_size).unwrap_or(0));
    let memory_limit = assignment.memory_bytes.saturating_add(mapped).saturating_add(UNCOUNTED_BYTES);
    // From here on it is the worker's time. A disk that keeps us waiting above is not its doing.
    let started = Instant::now();
    let mut deadline = started + assignment.wall_time;
    let mut outgoing = Some(Outgoing::new(assignment.job, assignment.files));
    let mut report = Kept::new(assignment.report_limit);
    let mut log = Kept::new(assignment.log_limit);
    let mut killed = None;
    let mut next_look = started + INTERVAL;
    let mut silent = false;
    let mut meanwhile = Some((started + MOMENT, assignment.meanwhile));
    let failed = Error::system("talk to a worker");
    send(&mut outgoing, &child);

    loop {
        let mut fds = Vec::with_capacity(4);
        fds.push(PollFd::from_borrowed_fd(child.ended(), PollFlags::IN));
        let cancel = assignment.cancel.filter(|_| killed.is_none());
        if let Some(token) = cancel {
            fds.push(PollFd::from_borrowed_fd(token.as_fd(), PollFlags::IN));
        }
        let (mut report_at, mut log_at) = (None, None);
        if report.open {
            report_at = Some(fds.len());
            let writing = if outgoing.is_some() { PollFlags::OUT } else { PollFlags::empty() };
            fds.push(PollFd::new(child.control(), PollFlags::IN | writing));
        }
        if log.open {
            log_at = Some(fds.len());
            fds.push(PollFd::from_borrowed_fd(child.log(), PollFlags::IN));
        }
        let now = Instant::now();
        // Once killed a process ends; nothing has to hurry it.
        let next = meanwhile.map_or(next_look, |(due, _)| due.min(next_look)).min(deadline);
        let timeout = killed.is_none().then(|| timespec(next.saturating_duration_since(now)));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(failed(errno.into())),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);

        // What it said before it ended is in the pipes by now: drain behind the look at whether it has ended.
        let ended = ready[0];
        if let Some((_, act)) = meanwhile.take_if(|(due, _)| ended || Instant::now() >= *due) {
            act();
        }
        send(&mut outgoing, &child);
        if report_at.is_some_and(|at| ready[at]) {
            report.drain(child.control()).map_err(failed)?;
        }
        if log_at.is_some_and(|at| ready[at]) {
            log.drain(Reader(child.log())).map_err(failed)?;
        }
        if ended {
            drain_rest(&child, &mut report, &mut log).map_err(failed)?;
            break;
        }
        if killed.is_some() {
            continue;
        }
        if cancel.is_some() && ready[1] {
            killed = Some(Ended::Cancelled);
            child.kill();
        } else if Instant::now() >= deadline {
            killed = Some(Ended::TimedOut);
            child.kill();
        } else if Instant::now() >= next_look {
            if let Some(found) = child.private_memory().filter(|found| *found > memory_limit) {
                killed = Some(Ended::Bloated { found, limit: memory_limit });
            } else if let Some(watch) = &assignment.watch {
                killed = watch.look(child.removed_bytes(&held))?.map(Ended::Overfull);
            }
            if killed.is_some() {
                child.kill();
            }
            // A folder that takes long to look at is looked at less often.
            next_look = Instant::now() + INTERVAL.max(now.elapsed());
        } else if !silent && !report.open && !log.open {
            silent = true;
            deadline = deadline.min(Instant::now() + SILENT_GRACE);
        }
    }
    let (exit, used) = child.reap().map_err(Error::system("wait for a worker"))?;
    if killed.is_none()
        && let Some(watch) = &assignment.watch
    {
        // What it had removed is gone with it.
        killed = watch.look(0)?.map(Ended::Overfull);
    }
    Ok(Collected {
        ended: killed.unwrap_or(Ended::Alone(exit)),
        report,
        log,
        used,
        wall_time: started.elapsed(),
    })
}

/// Sends what the socket takes of a job. A worker that went before it took its job is judged by its end.
fn send(outgoing: &mut Option<Outgoing<'_>>, child: &Child) {
    let is_over = |sending: &mut Outgoing<'_>| !matches!(sending.advance(child.control()), Ok(false));
    outgoing.take_if(is_over);
}

/// Reads what is left in the pipes of a worker that has ended. If a process that it left behind holds them open
/// they never come to an end; so this stops where they are empty, or where the limits are passed.
fn drain_rest(child: &Child, report: &mut Kept, log: &mut Kept) -> io::Result<()> {
    for _ in 0..16 {
        let before = (report.total, log.total);
        if report.open {
            report.drain(child.control())?;
        }
        if log.open {
            log.drain(Reader(child.log()))?;
        }
        if (report.total, log.total) == before {
            break;
        }
    }
    Ok(())
}

fn timespec(duration: Duration) -> Timespec {
    // A nanosecond more, so that a deadline has passed when poll says that nothing happened until then.
    Timespec {
        tv_sec: duration.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: i64::from((duration.subsec_nanos() + 1).min(999_999_999)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crunchbox_jail::SpawnError;
    use std::os::unix::fs::PermissionsExt;

    /// A shell script in a worker's place.
    fn run(script: &str, wall_time: Duration, cancel: Option<&CancelToken>) -> Collected {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        let assignment = |child| Assignment {
            child,
            job: b"job".to_vec(),
            files: Vec::new(),
            report_limit: 100,
            log_limit: 10,
            wall_time,
            cancel,
            watch: None,
            memory_bytes: u64::MAX,
            meanwhile: &|| (),
        };
        // Another test's child may hold the script open for writing until it executes its own: try again then.
        loop {
            match Child::spawn(&path, None) {
                Err(SpawnError::Exec { source, .. })
                    if source.kind() == io::ErrorKind::ExecutableFileBusy => {}
                child => return collect(assignment(child.unwrap())).unwrap(),
            }
        }
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn an_end_is_seen_as_it_is() {
        assert_eq!(run("exit 7", LONG, None).ended, Ended::Alone(Exit::Status(7)));
        assert_eq!(run("kill -9 $$", LONG, None).ended, Ended::Alone(Exit::Signal(9)));
    }

    #[test]
    fn what_it_says_is_kept_up_to_the_limit() {
        let collected = run("printf report >&0; printf 'a long log' >&2; printf ' and more' >&2", LONG, None);
        assert_eq!(collected.report.bytes, b"report");
        assert_eq!(collected.log.bytes, b"a long log");
        assert_eq!((collected.log.total, collected.log.truncated()), (19, true));
    }

    #[test]
    fn a_flood_never_stalls_it() {
        let collected = run("head -c 20000000 /dev/zero >&2; exit 3", LONG, None);
        assert_eq!(collected.ended, Ended::Alone(Exit::Status(3)));
        assert_eq!((collected.log.total, collected.log.bytes.len()), (20_000_000, 10));
    }

    #[test]
    fn time_and_cancelling_end_it() {
        let collected = run("exec sleep 60", Duration::from_millis(200), None);
        assert_eq!(collected.ended, Ended::TimedOut);
        assert!(collected.wall_time < Duration::from_secs(20));
        let token = CancelToken::new().unwrap();
        token.cancel();
        assert_eq!(run("exec sleep 60", LONG, Some(&token)).ended, Ended::Cancelled);
    }

    #[test]
    fn a_child_of_its_own_that_holds_the_pipes_does_not_hold_us() {
        let started = Instant::now();
        let collected = run("sleep 25 & exit 0", LONG, None);
        assert_eq!(collected.ended, Ended::Alone(Exit::Status(0)));
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}
