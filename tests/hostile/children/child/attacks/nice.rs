//! Takes precedence over all other processes.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_setpriority, libc::PRIO_PROCESS, 0, -20)?;
    Ok("taken".to_owned())
}
