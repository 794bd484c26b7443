//! The root that workers live under: a small memory file system that nobody can write, with the job's two folders
//! in it, and nothing else.
//!
//! The spawner moves into it once, and loses sight of the machine's files itself. There it also has the folder of all
//! rooms; a room's own mount namespace (`homes.rs`) has that room's two folders in its place.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkdir};
use rustix::mount::{
    MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind,
    mount_change, mount_remount, move_mount, open_tree, unmount,
};
use rustix::process::{chdir, pivot_root};

/// The folders of a job, by the names they have where the worker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Holds the inputs. Nothing in it can be changed.
    pub inputs: PathBuf,
    /// Takes what is written.
    pub outputs: PathBuf,
}

impl Room {
    /// The room `name` in a folder of rooms: two folders beside each other.
    pub fn within(rooms: &Path, name: &str) -> Room {
        Room { inputs: rooms.join(format!("{name}-in")), outputs: rooms.join(format!("{name}-out")) }
    }
}

/// Where the new root is put together. Any folder that every Linux has would do, but for those that may hold rooms.
const ASSEMBLY: &str = "/proc";

/// The names that a worker has for its folders.
const INPUTS: &str = "/in";
const OUTPUTS: &str = "/out";

/// Where all rooms are under the new root.
const ROOMS: &str = "/rooms";

const HARMLESS: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);

/// A hold on the folder of rooms that needs no name: root has one before it becomes somebody else, who may not be
/// able to get there. `None` for who can't have one, and needs none.
pub(crate) fn hold(rooms: &Path) -> Option<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    open_tree(CWD, rooms, flags).ok()
}

/// Makes the new root the root, with the folder of rooms in it, and takes the old one away. The process must have a
/// mount namespace of its own. Gives the name that the folder of rooms has from now on.
pub(crate) fn replace(rooms: Option<&Path>, held: Option<OwnedFd>) -> io::Result<Option<PathBuf>> {
    // Nothing that we mount shows outside.
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount("crunchbox", ASSEMBLY, "tmpfs", HARMLESS, c"size=64k,nr_inodes=8,mode=0755")?;
    chdir(ASSEMBLY)?;
    for name in [INPUTS, OUTPUTS, ROOMS] {
        mkdir(&name[1..], Mode::RWXU)?;
    }
    if let Some(rooms) = rooms {
        let name = &ROOMS[1..];
        match held {
            Some(tree) => {
                move_mount(tree.as_fd(), c"", CWD, name, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
            }
            None => mount_bind(rooms, name)?,
        }
        mount_remount(name, MountFlags::BIND | HARMLESS, c"")?;
    }
    // The old root lands on top of the new one, and goes.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    chdir("/")?;
    mount_remount("/", MountFlags::BIND | HARMLESS | MountFlags::RDONLY, c"")?;
    Ok(rooms.map(|_| ROOMS.into()))
}

/// Leaves one room of all there are, under the names that [`settled`] gives. The process must have a mount namespace of
/// its own, copied from one whose root [`replace`] made.
pub(crate) fn settle(room: &Room) -> io::Result<()> {
    let settled = settled();
    for (folder, place, flags) in [
        (&room.inputs, &settled.inputs, HARMLESS | MountFlags::RDONLY),
        (&room.outputs, &settled.outputs, HARMLESS),
    ] {
        mount_bind(folder, place)?;
        mount_remount(place, MountFlags::BIND | flags, c"")?;
    }
    Ok(unmount(ROOMS, UnmountFlags::DETACH)?)
}

/// The folders of a worker that lives under a root of its own.
pub(crate) fn settled() -> Room {
    Room { inputs: INPUTS.into(), outputs: OUTPUTS.into() }
}
