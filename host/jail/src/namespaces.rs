//! The namespaces that all workers of one spawner share: entered once, before there is a worker.
//!
//! Sharing them weakens no wall between two workers: neither holds a capability over them, the network has no
//! address, the root can't be written, and what could pass through the rest is closed to both by seccomp and
//! landlock. What a worker could meet another in is its own: processes are made anew for each, and shared memory and
//! the folders of jobs for each room.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::process::{DumpableBehavior, Gid, Uid, getegid, geteuid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, UnshareFlags, remove_capability_from_bounding_set,
    set_capabilities_secure_bits, set_thread_groups, set_thread_res_gid, set_thread_res_uid, unshare_unsafe,
};

use crate::homes::{self, Homes};
use crate::layer::{Layer, Missing};
use crate::root;

/// The user and group that workers of an engine that runs as root belong to: a number high enough to be nobody's,
/// and low enough to exist in a container with the usual 65,536.
pub const WORKER_ID: u32 = 64_957;

/// Who the files of a job must belong to, so that a worker can use them; `None`: to who they belong to anyway.
///
/// That is so for all but root, and for root in a user namespace that has not enough users for one more.
pub fn worker_id() -> Option<u32> {
    static EXISTS: OnceLock<bool> = OnceLock::new();
    let exists = || {
        ["uid_map", "gid_map"].into_iter().all(|map| {
            fs::read_to_string(Path::new("/proc/self").join(map)).is_ok_and(|map| covers(&map, WORKER_ID))
        })
    };
    (geteuid().is_root() && *EXISTS.get_or_init(exists)).then_some(WORKER_ID)
}

/// Whether a user namespace has this number: each line of its map begins with the first number of a range, and ends
/// with how many there are.
fn covers(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first.saturating_add(count)).contains(&id.into()))
    })
}

/// What all workers of a spawner find when they are made.
pub(crate) struct House {
    /// The folder of all rooms, by the name that it has here.
    pub(crate) rooms: Option<PathBuf>,
    /// For rooms that get mount namespaces of their own.
    pub(crate) homes: Option<Homes>,
    /// The layers that can't be had.
    pub(crate) missing: Vec<Missing>,
}

/// Becomes another user if this is root, and enters each of the shared namespaces that can be had, with a root in
/// which there is the folder of `rooms` and nothing else. Those that can't be had are named with the reason.
///
/// The process must have one thread, and hold nobody's data.
pub(crate) fn enter_shared(rooms: Option<&Path>, without: &[Layer]) -> House {
    let mut missing = Vec::new();
    let mut attempt = |layer: Layer, enter: &mut dyn FnMut() -> io::Result<()>| {
        let entered = if without.contains(&layer) { Err(switched_off()) } else { enter() };
        entered.map_err(|error| missing.push(Missing { layer, reason: error.to_string() })).is_ok()
    };
    let mut held = rooms.and_then(root::hold);
    attempt(Layer::User, &mut become_nobody);
    // With a user namespace the others need no rights; without one, only root outside of containers could, and
    // that right went with the user.
    attempt(Layer::UserNamespace, &mut enter_user_namespace);
    attempt(Layer::NetNamespace, &mut || unshare(UnshareFlags::NEWNET));
    attempt(Layer::UtsNamespace, &mut || unshare(UnshareFlags::NEWUTS));
    attempt(Layer::CgroupNamespace, &mut || unshare(UnshareFlags::NEWCGROUP));
    attempt(Layer::TimeNamespace, &mut enter_time_namespace);
    let mut rooms = rooms.map(Path::to_owned);
    let mut homes = None;
    attempt(Layer::MountNamespace, &mut || {
        let shown = homes::hold()?;
        unshare(UnshareFlags::NEWNS)?;
        rooms = root::replace(rooms.as_deref(), held.take())?;
        homes = Some(Homes::new(shown)?);
        Ok(())
    });
    limit_capabilities();
    House { rooms, homes, missing }
}

/// The reason of a layer that a test left out.
pub(crate) fn switched_off() -> io::Error {
    io::Error::other("it is switched off")
}

fn become_nobody() -> io::Result<()> {
    if !geteuid().is_root() {
        return Err(io::Error::other("only root can become another user; the worker has yours"));
    }
    if worker_id().is_none() {
        return Err(io::Error::other(format!(
            "this user namespace has no user {WORKER_ID}; the worker has yours"
        )));
    }
    let (uid, gid) = (Uid::from_raw(WORKER_ID), Gid::from_raw(WORKER_ID));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    // Becoming another user makes a process undumpable, which would take its own files in /proc from it, and those
    // are needed for the user namespace. Each worker becomes undumpable again.
    Ok(set_dumpable_behavior(DumpableBehavior::Dumpable)?)
}

/// A user namespace with one user and one group in it: the ones we are. In it no other can be made, in which a worker would
/// have every right.
fn enter_user_namespace() -> io::Result<()> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    unshare(UnshareFlags::NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))?;
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    // A container may keep its settings from being written. Then the list of system calls stands alone against it.
    let _ = fs::write("/proc/sys/user/max_user_namespaces", "0");
    Ok(())
}

/// A time namespace in which the machine has just been started.
fn enter_time_namespace() -> io::Result<()> {
    unshare(UnshareFlags::NEWTIME)?;
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime).tv_sec;
    let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic).tv_sec;
    fs::write("/proc/self/timens_offsets", format!("monotonic -{monotonic} 0\nboottime -{now} 0\n"))
}

pub(crate) fn unshare(flag: UnshareFlags) -> io::Result<()> {
    // SAFETY: unsafe for what it does with FILES alone, which is none of the flags here.
    Ok(unsafe { unshare_unsafe(flag) }?)
}

/// Capabilities that are not in the bounding set can't be won, and a user whose number is 0 is nobody special.
/// Workers inherit both. Where this isn't allowed, there are no capabilities to limit.
fn limit_capabilities() {
    for capability in (0..64).map(|bit| CapabilitySet::from_bits_retain(1 << bit)) {
        let _ = remove_capability_from_bounding_set(capability);
    }
    let every_lock = CapabilitiesSecureBits::NO_ROOT
        | CapabilitiesSecureBits::NO_ROOT_LOCKED
        | CapabilitiesSecureBits::NO_SETUID_FIXUP
        | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
        | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
        | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
    let _ = set_capabilities_secure_bits(every_lock);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_there_if_a_range_has_it() {
        assert!(covers("         0          0 4294967295\n", WORKER_ID));
        assert!(covers("0 100000 65536", WORKER_ID));
        assert!(!covers("0 0 1", WORKER_ID));
        assert!(covers("0 0 1\n60000 100000 5536\n", WORKER_ID));
        assert!(!covers("", WORKER_ID));
    }
}
