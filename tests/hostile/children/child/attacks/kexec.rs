//! Loads another kernel (with flags that make no sense).

use std::io;

use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let_through(call!(SYS_kexec_load, 0, 0, 0, 0xffff), libc::EINVAL)
}
