//! Traces another process of its user.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_ptrace, libc::PTRACE_SEIZE, bait::NEIGHBOUR, 0, 0)?;
    Ok("traced".to_owned())
}
