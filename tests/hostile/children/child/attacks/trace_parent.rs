//! Traces its spawner.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let parent = call!(SYS_getppid)?;
    call!(SYS_ptrace, libc::PTRACE_SEIZE, parent, 0, 0)?;
    Ok("traced".to_owned())
}
