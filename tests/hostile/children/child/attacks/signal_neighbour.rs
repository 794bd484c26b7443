//! May send another process of its user signals (number 0, which does nothing).

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_kill, bait::NEIGHBOUR, 0)?;
    Ok("it may".to_owned())
}
