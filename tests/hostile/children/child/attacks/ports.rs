//! Reaches for the machine's devices.

use std::io;

use crate::sys;
use crate::attack::{Attack, Scene};

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    // `iopl`, which other processors than x86 don't have: there this is a call that is on no list.
    let number = if cfg!(target_arch = "x86_64") { 172 } else { 9999 };
    sys::raw(number, [3.into()])?;
    Ok("reached".to_owned())
}
