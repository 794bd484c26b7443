//! Locks memory, so that it can't be swapped out.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_mlockall, libc::MCL_FUTURE)?;
    Ok("locked".to_owned())
}
