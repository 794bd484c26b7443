//! Opens a POSIX message queue of the engine's.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_mq_open, bait::QUEUE, libc::O_RDONLY, 0, 0)?;
    Ok("opened".to_owned())
}
