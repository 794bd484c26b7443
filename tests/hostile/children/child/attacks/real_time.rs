//! Has itself scheduled before all other processes.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_sched_setscheduler, 0, libc::SCHED_FIFO, &[1i32; 1])?;
    Ok("it is".to_owned())
}
