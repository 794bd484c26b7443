//! A mount namespace for each room: in it there are the room's two folders, and nothing else.
//!
//! It is made when the room's first worker is wanted, and all workers of the room enter it, one after the other. Made for
//! each of them it would cost more than their other walls together: when mounts go, the kernel waits until every processor has
//! taken notice, and a worker is not dead before that. No worker can leave anything in it for the next one: none has the
//! right to mount.

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
    own: OwnedFd,
    /// By the names of their rooms, the oldest first.
    kept: VecDeque<(String, OwnedFd)>,
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
        let own = current(&shown)?;
        Ok(Homes { shown, own, kept: VecDeque::new() })
    }

    /// Sees to it that there is one for this room.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn prepare(&mut self, name: &str, room: &Room) -> io::Result<()> {
        if self.kept.iter().any(|(kept, _)| kept == name) {
            return Ok(());
        }
        unshare(UnshareFlags::NEWNS)?;
        let made = root::settle(room).and_then(|()| current(&self.shown));
        if enter(&self.own).is_err() {
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

    /// In a worker: moves into the home of this room, and lets go of all others.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn settle(mut self, name: &str) -> io::Result<Room> {
        let home = self.kept.iter().position(|(kept, _)| kept == name).and_then(|at| self.kept.remove(at));
        let (_, home) = home.ok_or_else(|| io::Error::other("nothing was made ready for it"))?;
        enter(&home)?;
        Ok(root::settled())
    }
}

/// The mount namespace that this process is in.
fn current(shown: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(openat(shown, "mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn enter(home: &OwnedFd) -> io::Result<()> {
    Ok(move_into_link_name_space(home.as_fd(), Some(LinkNameSpaceType::Mount))?)
}
