//! Makes a process.

use std::io;

use crate::sys;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let child = sys::process(0, || ())?;
    call!(SYS_wait4, child, 0, 0, 0)?;
    Ok("made".to_owned())
}
