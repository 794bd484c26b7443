//! Loads a kernel module (of no bytes).

use std::io;

use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let_through(call!(SYS_init_module, c"", 0, c""), libc::ENOEXEC)
}
