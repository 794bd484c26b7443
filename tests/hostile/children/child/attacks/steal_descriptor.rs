//! Takes an open file from another process of its user.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let process = call!(SYS_pidfd_open, bait::NEIGHBOUR, 0)?;
    call!(SYS_pidfd_getfd, process, 0, 0)?;
    Ok("taken".to_owned())
}
