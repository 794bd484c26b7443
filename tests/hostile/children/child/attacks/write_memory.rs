//! Writes to the memory of another process of its user, at an address where nothing is.

use std::io;

use crate::bait;
use crate::sys;
use crate::attack::{Attack, Scene, let_through};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let byte = [0u8; 1];
    let local = [sys::address(&byte), 1];
    let remote = [8usize, 1];
    let_through(call!(SYS_process_vm_writev, bait::NEIGHBOUR, &local, 1, &remote, 1, 0), libc::EFAULT)
}
