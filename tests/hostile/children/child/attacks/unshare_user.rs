//! Makes a user namespace, in which it would have every right.

use std::io;

use crate::attack::{Attack, Scene};
use crate::sys::call;

pub(super) const ATTACK: Attack = Attack::new("denied", run);

fn run(_: &Scene) -> io::Result<String> {
    call!(SYS_unshare, libc::CLONE_NEWUSER)?;
    Ok("made".to_owned())
}
