//! Opens a descriptor of another process.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_pidfd_open, bait::NEIGHBOUR, 0)?;
    Ok("opened".to_owned())
}
