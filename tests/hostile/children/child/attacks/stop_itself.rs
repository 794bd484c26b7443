//! Stops itself.

use std::io;

use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).judged();

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_kill, std::process::id(), libc::SIGSTOP)?;
    refused("it goes on")
}
