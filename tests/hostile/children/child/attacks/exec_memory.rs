//! Executes a program that is in no file.

use std::io;

use crunchbox_jail::Layer;

use crate::attack::{Attack, Scene, refused};
use crate::program::PROGRAM;
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run).only(&[Layer::Seccomp]);

fn run(_: &Scene) -> io::Result<String> {
    let file = call!(SYS_memfd_create, c"program", 0)?;
    call!(SYS_write, file, PROGRAM, PROGRAM.len())?;
    call!(SYS_execveat, file, c"", &[0usize; 1], &[0usize; 1], libc::AT_EMPTY_PATH)?;
    refused("it came back")
}
