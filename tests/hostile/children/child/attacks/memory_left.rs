//! Leaves shared memory for the next call, which looks for it.

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::bait;
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).twice();

fn run(_: &Scene) -> io::Result<String> {
    match call!(SYS_shmget, bait::LEFT_KEY, 4096, libc::IPC_CREAT | libc::IPC_EXCL | 0o666) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok("found".to_owned()),
        Err(error) => Err(error),
        Ok(_) => refused("nobody has left any; some is left now"),
    }
}
