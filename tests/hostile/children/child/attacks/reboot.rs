//! Reboots the machine (with wrong magic numbers).

use std::io;

use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let_through(call!(SYS_reboot, 1, 1, 0, 0), libc::EINVAL)
}
