//! A mount namespace for each room: in it there are the room's two folders, and nothing else. And one of shared memory and
//! message queues, in which there is nothing at all.
//!
//! They are made when the room's first worker is wanted, and all workers of the room enter them, one after the other. Made for
//! each of them they would cost more than their other walls together: when mounts go, the kernel waits until every processor
//! has taken notice, and a worker is not dead before that. No worker can leave anything in them for the next one: none has the
//! right to mount, nor a system call that makes shared memory or a queue. Where those calls can't be taken away, each worker
//! has a namespace of its own for them.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::abort;

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

use crate::namespaces::unshare;
use crate::root::{self, Room};

/// How many are kept. A room whose namespace was let go gets another one.
const MAX_KEPT: usize = 32;

/// The mount namespaces of one spawner.
pub(crate) struct Homes {
    /// Where the kernel shows this process's namespaces.
    shown: OwnedFd,
    /// The spawner's own.
    own: Home,
    /// By the names of their rooms, the oldest first.
    kept: VecDeque<(String, Home)>,
}

struct Home {
    mounts: OwnedFd,
    /// That of shared memory, if workers don't have one of their own.
    memory: Option<OwnedFd>,
}

/// A hold on the folder where the kernel shows this process's namespaces: later there is no way to it.
///
/// # Errors
/// If there is no `/proc`.
pub(crate) fn hold() -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(CWD, "/proc/self/ns", flags, Mode::empty())?)
}

impl Homes {
    /// For a process that has moved into the mount namespace that all homes are made from.
    pub(crate) fn new(shown: OwnedFd) -> io::Result<Homes> {
        let own = Home { mounts: current(&shown, MOUNTS)?, memory: None };
        Ok(Homes { shown, own, kept: VecDeque::new() })
    }

    /// Has homes hold shared memory from here on. For a process whose workers can't make any.
    ///
    /// # Errors
    /// If there is no such namespace to be had. Workers have one of their own then, if they can.
    pub(crate) fn hold_memory(&mut self) -> io::Result<()> {
        // Those that this process was started in are not its to come back to.
        unshare(UnshareFlags::NEWIPC)?;
        self.own.memory = Some(current(&self.shown, MEMORY)?);
        Ok(())
    }

    /// Whether [`Homes::hold_memory`] worked.
    pub(crate) fn have_memory(&self) -> bool {
        self.own.memory.is_some()
    }

    /// Sees to it that there is one for this room.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn prepare(&mut self, name: &str, room: &Room) -> io::Result<()> {
        if self.kept.iter().any(|(kept, _)| kept == name) {
            return Ok(());
        }
        let made = self.make(room);
        if self.own.enter().is_err() {
            // Half-way between two roots is no place to work in; the engine starts another spawner.
            abort();
        }
        if self.kept.len() == MAX_KEPT {
            // Who is in it keeps it for as long as it lives.
            self.kept.pop_front();
        }
        self.kept.push_back((name.to_owned(), made?));
        Ok(())
    }

    /// A home, which this process is in then.
    fn make(&self, room: &Room) -> io::Result<Home> {
        let memory = if self.have_memory() { UnshareFlags::NEWIPC } else { UnshareFlags::empty() };
        unshare(UnshareFlags::NEWNS | memory)?;
        root::settle(room)?;
        let memory = self.have_memory().then(|| current(&self.shown, MEMORY)).transpose()?;
        Ok(Home { mounts: current(&self.shown, MOUNTS)?, memory })
    }

    /// In a worker: moves into the home of this room.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn settle(&self, name: &str) -> io::Result<Room> {
        let home = self.kept.iter().find(|(kept, _)| kept == name);
        let (_, home) = home.ok_or_else(|| io::Error::other("nothing was made ready for it"))?;
        home.enter()?;
        Ok(root::settled())
    }
}

impl Home {
    fn enter(&self) -> io::Result<()> {
        if let Some(memory) = &self.memory {
            move_into_link_name_space(memory.as_fd(), Some(LinkNameSpaceType::InterProcessCommunication))?;
        }
        Ok(move_into_link_name_space(self.mounts.as_fd(), Some(LinkNameSpaceType::Mount))?)
    }
}

/// What the kernel calls the two kinds.
const MOUNTS: &str = "mnt";
const MEMORY: &str = "ipc";

/// The namespace that this process is in.
fn current(shown: &OwnedFd, kind: &str) -> io::Result<OwnedFd> {
    Ok(openat(shown, kind, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}
