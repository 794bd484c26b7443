//! Executes a shell.

use std::io;

use crate::sys;
use crate::attack::{Attack, Scene, refused};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let arguments = [c"sh", c"-c", c"echo 'won: a shell' >&2; exit 1"].map(sys::address_of_text);
    let arguments = [arguments[0], arguments[1], arguments[2], 0];
    call!(SYS_execve, c"/bin/sh", &arguments, &[0usize; 1])?;
    refused("it came back")
}
