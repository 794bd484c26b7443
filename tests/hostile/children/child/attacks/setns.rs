//! Enters the network of another process.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let process = call!(SYS_pidfd_open, bait::NEIGHBOUR, 0)?;
    call!(SYS_setns, process, libc::CLONE_NEWNET)?;
    Ok("entered".to_owned())
}
