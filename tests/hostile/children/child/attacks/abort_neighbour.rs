//! May send another process of its user the one signal that the list of system calls has for itself.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("exit", run);

fn run(_: &Scene) -> io::Result<String> {
    // This one ignores it.
    call!(SYS_tgkill, bait::NEIGHBOUR, bait::NEIGHBOUR, libc::SIGABRT)?;
    Ok("sent".to_owned())
}
