//! Prepares a file system to mount.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_fsopen, c"tmpfs", 0)?;
    Ok("prepared".to_owned())
}
