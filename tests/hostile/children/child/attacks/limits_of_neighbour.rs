//! Reads the limits of another process of its user.

use std::io;

use crate::bait;
use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    let mut limits = [0u64; 2];
    call!(SYS_prlimit64, bait::NEIGHBOUR, libc::RLIMIT_NOFILE, 0, &mut limits)?;
    Ok("read".to_owned())
}
