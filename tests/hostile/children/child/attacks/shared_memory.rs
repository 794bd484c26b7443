//! Reads shared memory of the engine's.

use std::io;

use crate::bait;
use crate::sys;
use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let id = call!(SYS_shmget, bait::IPC_KEY, 0, 0)?;
    let address = call!(SYS_shmat, id, 0, libc::SHM_RDONLY)?;
    let found = sys::peek(address, bait::SECRET.len()) == bait::SECRET.as_bytes();
    if found { Ok("the secret".to_owned()) } else { refused("another's") }
}
