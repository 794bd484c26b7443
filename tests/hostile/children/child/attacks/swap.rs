//! Swaps to a file (that is not there).

use std::io;

use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let_through(call!(SYS_swapon, c"/nowhere", 0), libc::ENOENT)
}
