//! May send its spawner signals (number 0, which does nothing).

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    match call!(SYS_getppid)? {
        0 => refused("it has no parent here"),
        parent => call!(SYS_kill, parent, 0).map(|_| "it may".to_owned()),
    }
}
